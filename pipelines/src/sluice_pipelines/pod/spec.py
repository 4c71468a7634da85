"""From a step and what Kubeflow compiled for it to the Pod that carries it out.

Law: whatever the compiled platform document asks for is in the Pod, or the run is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sluice_components.errors import ClusterRefusedError

from sluice_pipelines.outfit import USER

Plain = dict[str, Any]

CONTAINER: Final = "main"
PIPELINE_LABEL: Final = "sluice.dev/pipeline"
WORKSPACE_LABEL: Final = "sluice.dev/workspace"
STEP_LABEL: Final = "sluice.dev/step"
ASKS_THE_CLUSTER: Final = frozenset({"deploy", "notify"})
"""Steps whose Pods get a token of their account."""
_OUTPUTS: Final = "outputs"
_TRANSLATED: Final = frozenset(
    {
        "activeDeadlineSeconds",
        "configMapAsEnv",
        "emptyDirMounts",
        "imagePullSecret",
        "pvcMount",
        "secretAsEnv",
        "securityContext",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all Pods of a run share."""

    pipeline: str
    namespace: str
    account: str
    workspace: str
    """Digest of the place that the outputs lie in: tells runs of one pipeline apart."""
    outputs: str
    """Folder in which steps find and leave files, here and in every Pod."""
    claim: str = ""
    """PersistentVolumeClaim with that folder; empty for the file system of the node."""

    @property
    def labels(self) -> dict[str, str]:
        """By which the Pods of the run are found."""
        return {
            "app.kubernetes.io/managed-by": "sluice",
            PIPELINE_LABEL: self.pipeline,
            WORKSPACE_LABEL: self.workspace,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt at a step."""

    step: str
    name: str
    """Of the Pod."""
    image: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    """As in the container of the compiled pipeline: `resourceCpuRequest` and so on."""
    platform: Mapping[str, Any] = field(default_factory=dict)
    """As in the compiled platform document."""


def pod_of(work: Work, ground: Ground) -> Plain:
    """The Pod; it is admitted where Pod Security is `restricted`, if outputs are on a claim.

    Raises:
        ClusterRefusedError: The platform document asks for something that is not translated.
    """
    _refuse_unknown(work)
    platform = work.platform
    spec: Plain = {
        "restartPolicy": "Never",
        "serviceAccountName": ground.account,
        "automountServiceAccountToken": work.step in ASKS_THE_CLUSTER,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "securityContext": _identity(platform.get("securityContext", {})),
        "containers": [_container(work, ground)],
        "volumes": [_outputs_volume(ground), *_volumes(platform)],
    }
    if "activeDeadlineSeconds" in platform:
        spec["activeDeadlineSeconds"] = int(platform["activeDeadlineSeconds"])
    if "imagePullSecret" in platform:
        spec["imagePullSecrets"] = [
            {"name": _name(one, "secretName")} for one in platform["imagePullSecret"]
        ]
    labels = ground.labels | {STEP_LABEL: work.step}
    metadata = {"name": work.name, "namespace": ground.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(work: Work, ground: Ground) -> Plain:
    return {
        "name": CONTAINER,
        "image": work.image,
        "command": list(work.command),
        "env": [*_plain(work.variables), *_referred(work.platform)],
        "resources": _resources(work.resources),
        "volumeMounts": [
            {"name": _OUTPUTS, "mountPath": ground.outputs},
            *_mounts(work.platform),
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _refuse_unknown(work: Work) -> None:
    unknown = sorted(set(work.platform) - _TRANSLATED)
    if unknown:
        raise ClusterRefusedError(
            f"{work.step}: the pipeline asks Kubernetes for {unknown[0]!r}, which the Pod runner "
            "does not know; run it in Kubeflow, or leave that out"
        )


def _identity(asked: Mapping[str, Any]) -> Plain:
    user = int(asked.get("runAsUser", USER))
    group = int(asked.get("runAsGroup", user))
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": group,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _plain(variables: Mapping[str, str]) -> Iterator[Plain]:
    for name, value in variables.items():
        yield {"name": name, "value": value}


def _referred(platform: Mapping[str, Any]) -> Iterator[Plain]:
    """Variables whose values stay in Secrets and ConfigMaps."""
    kinds = (
        ("secretAsEnv", "secretKeyRef", "secretName", "secretKey"),
        ("configMapAsEnv", "configMapKeyRef", "configMapName", "configMapKey"),
    )
    for asked, reference, name, key in kinds:
        for source in platform.get(asked, ()):
            for pair in source["keyToEnv"]:
                where = {
                    "name": _name(source, name),
                    "key": pair[key],
                    "optional": bool(source.get("optional", False)),
                }
                yield {"name": pair["envVar"], "valueFrom": {reference: where}}


def _resources(asked: Mapping[str, str]) -> Plain:
    places = {
        "requests": {"cpu": "resourceCpuRequest", "memory": "resourceMemoryRequest"},
        "limits": {"cpu": "resourceCpuLimit", "memory": "resourceMemoryLimit"},
    }
    return {
        place: {kind: asked[key] for kind, key in keys.items() if asked.get(key)}
        for place, keys in places.items()
    }


def _outputs_volume(ground: Ground) -> Plain:
    if ground.claim:
        return {"name": _OUTPUTS, "persistentVolumeClaim": {"claimName": ground.claim}}
    return {"name": _OUTPUTS, "hostPath": {"path": ground.outputs, "type": "Directory"}}


def _volumes(platform: Mapping[str, Any]) -> Iterator[Plain]:
    for one in platform.get("emptyDirMounts", ()):
        yield {"name": one["volumeName"], "emptyDir": {}}
    for number, one in enumerate(platform.get("pvcMount", ())):
        claim = _name(one, "constant", parameter="pvcNameParameter")
        yield {"name": f"claim-{number}", "persistentVolumeClaim": {"claimName": claim}}


def _mounts(platform: Mapping[str, Any]) -> Iterator[Plain]:
    for one in platform.get("emptyDirMounts", ()):
        yield {"name": one["volumeName"], "mountPath": one["mountPath"]}
    for number, one in enumerate(platform.get("pvcMount", ())):
        yield {"name": f"claim-{number}", "mountPath": one["mountPath"]}


def _name(source: Mapping[str, Any], key: str, parameter: str = "") -> str:
    """A name that was known when the pipeline was compiled."""
    named = source.get(key)
    if named:
        return str(named)
    held = source[parameter or f"{key}Parameter"]["runtimeValue"]
    return str(held["constant"])
