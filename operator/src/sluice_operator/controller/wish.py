"""What a ModelDeployment asks for, read from the object, and what is said back to its metadata."""

from collections.abc import Mapping
from typing import Any

from sluice_operator.api.load import parse
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, Object
from sluice_operator.cluster.port import Plain
from sluice_operator.controller.memory import Memory
from sluice_operator.errors import SpecError


def spec_of(body: Object, memory: Memory) -> Spec:
    """What is wanted; while a rollout is under way, an unreadable wish does not disarm its gates.

    Raises:
        SpecError: Unreadable, and nothing was wanted before.
    """
    if memory.spec is not None and memory.generation == generation_of(body):
        return memory.spec
    try:
        return parse(_document(body)).spec
    except SpecError:
        if memory.spec is None:
            raise
        return memory.spec


def generation_of(body: Object) -> int:
    """Number of the wish; grows with each edit of the spec."""
    return int(body["metadata"].get("generation", 0))


def _document(body: Object) -> Mapping[str, Any]:
    metadata = {"name": body["metadata"]["name"]}
    return {key: body[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": metadata}


def metadata_of(body: Object, finalizers: list[str]) -> Plain:
    """What to apply to have these finalizers of ours, on this copy and no other."""
    metadata = body["metadata"]
    return {
        "apiVersion": MODEL_DEPLOYMENT.api_version,
        "kind": MODEL_DEPLOYMENT.kind,
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            **({"finalizers": finalizers} if finalizers else {}),
        },
    }
