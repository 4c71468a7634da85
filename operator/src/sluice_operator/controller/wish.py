"""What is said back to the metadata of a ModelDeployment, and the number of its wish."""

from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, Object
from sluice_operator.cluster.port import Plain


def generation_of(body: Object) -> int:
    """Number of the wish; grows with each edit of the spec."""
    return int(body["metadata"].get("generation", 0))


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
