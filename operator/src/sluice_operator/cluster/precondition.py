"""What a write must say so that it can only hit the copy it was decided on."""

from sluice_operator.cluster.kind import Object, name_of


def checked_apply(body: Object) -> Object:
    """The same body, fit for apply.

    Apply creates what is missing, and the API server compares a resourceVersion only with an object
    that is there. Without the uid, the late write of a deposed operator would raise the dead.
    Source: `applyPatch` in k8s.io/apiserver pkg/endpoints/handlers/patch.go, v0.34.

    Raises:
        ValueError: There is a resourceVersion, and no uid beside it.
    """
    metadata = body["metadata"]
    if metadata.get("resourceVersion") and not metadata.get("uid"):
        raise ValueError(f"{name_of(body)}: metadata.resourceVersion without metadata.uid; {BOTH}")
    return body


def checked_replace(body: Object) -> Object:
    """The same body, fit to replace an object or its status.

    Some kinds (Lease) may be replaced without a resourceVersion, and made by a replacement.

    Raises:
        ValueError: There is no resourceVersion, or no uid.
    """
    for field in ("resourceVersion", "uid"):
        if not body["metadata"].get(field):
            raise ValueError(f"{name_of(body)}: metadata.{field} is missing; {BOTH}")
    return body


BOTH = "give both of the copy that the write was decided on"
