"""Applies a ModelDeployment that names the new version, and waits for its rollout if told to."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sluice_components.api_server import ApiServer, Target, own_namespace
from sluice_components.errors import ClusterAwayError, DeployError

Plain = dict[str, Any]

GROUP: Final = "sluice.dev/v1alpha1"
PLURAL: Final = "modeldeployments"
SETTLED: Final = frozenset({"Healthy", "RolledBack", "Failed"})
"""Phases in which nothing happens until something new is wanted."""
_LOOK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A registered version of a model."""

    name: str
    number: str
    digest: str

    @property
    def uri(self) -> str:
        """As a ModelDeployment names it."""
        return f"models:/{self.name}/{self.number}"


def wanted_object(manifest: Plain, version: Version, namespace: str) -> Plain:
    """The ModelDeployment with the version in it; the rest is as the project wrote it."""
    spec = manifest["spec"]
    model = {**spec.get("model", {}), "uri": version.uri, "digest": version.digest}
    metadata = manifest["metadata"]
    return {
        "apiVersion": GROUP,
        "kind": "ModelDeployment",
        "metadata": {**metadata, "namespace": metadata.get("namespace") or namespace},
        "spec": {**spec, "model": model},
    }


def deploy(
    cluster: ApiServer,
    wanted: Plain,
    *,
    wait_seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Plain:
    """Apply the object; after waiting, its status as it came to rest. Zero seconds: no waiting.

    Raises:
        ClusterError: The API server refused or did not answer.
        DeployError: The rollout ended without the model in charge, or took too long.
    """
    target = Target(group=GROUP, plural=PLURAL, namespace=wanted["metadata"]["namespace"])
    applied = cluster.apply(target, wanted)
    end = clock() + wait_seconds
    while wait_seconds:
        seen = _look(cluster, target, wanted["metadata"]["name"])
        if seen is not None and _is_settled(seen, applied["metadata"]["generation"]):
            return _verdict(seen, wanted["spec"]["model"]["uri"])
        if clock() > end:
            raise DeployError(f"{_name(wanted)}: no end within {wait_seconds:g} s; {_words(seen)}")
        time.sleep(_LOOK_SECONDS)
    return applied


def deploy_plain(manifest: Plain, version: dict[str, str], wait_seconds: float) -> Plain:
    """`deploy` with its arguments as a pipeline hands them over; namespace, name, phase."""
    found = Version(name=version["name"], number=version["version"], digest=version["digest"])
    wanted = wanted_object(manifest, found, own_namespace() or "default")
    seen = deploy(ApiServer(), wanted, wait_seconds=wait_seconds)
    return {
        "namespace": wanted["metadata"]["namespace"],
        "name": wanted["metadata"]["name"],
        "uri": found.uri,
        "phase": seen.get("status", {}).get("phase", ""),
    }


def _look(cluster: ApiServer, target: Target, name: str) -> Plain | None:
    try:
        return cluster.get(target, name)
    except ClusterAwayError:
        return None  # an upgrade of the control plane is no reason to give a rollout up


def _is_settled(seen: Plain, generation: int) -> bool:
    status = seen.get("status", {})
    return status.get("observedGeneration", 0) >= generation and status.get("phase") in SETTLED


def _verdict(seen: Plain, uri: str) -> Plain:
    status = seen["status"]
    if status["phase"] == "Healthy" and status.get("stable", {}).get("uri") == uri:
        return seen
    raise DeployError(f"{_name(seen)}: {uri} is not in charge; {_words(seen)}")


def _name(seen: Plain) -> str:
    return f"{seen['metadata']['namespace']}/{seen['metadata']['name']}"


def _words(seen: Plain | None) -> str:
    if seen is None:
        return "the object was not seen; `kubectl get modeldeployments` shows what is there"
    status = seen.get("status", {})
    return (
        f"phase {status.get('phase') or 'unknown: does the operator run?'}, "
        f"{status.get('message') or 'no message'}; `sluice rollout get` and `kubectl describe` "
        "tell more"
    )
