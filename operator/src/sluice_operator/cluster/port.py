"""What Sluice needs of an API server; the real client and the fault-injecting double keep it."""

from typing import Any, Protocol

from sluice_operator.cluster.kind import Kind, Object


class Cluster(Protocol):
    """Reads and writes objects; every call is one request.

    Each method may raise a `ClusterError`; its children say whose turn it is. A request that timed
    out may or may not have been carried out.
    """

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """The object as it is now; None when there is none."""
        ...

    def list(self, kind: Kind, namespace: str = "", *, selector: str = "") -> tuple[Object, ...]:
        """Every object, of one namespace if one is named, with labels that match the selector."""
        ...

    def create(self, kind: Kind, body: Object) -> Object:
        """A new object.

        Raises:
            ExistsError: The name is taken.
        """
        ...

    def apply(self, kind: Kind, body: Object) -> Object:
        """Server-side apply with our field manager, forced; creates what is missing.

        With `metadata.resourceVersion`, only if the object is still that copy.

        Raises:
            ConflictError: It is not.
        """
        ...

    def replace_status(self, kind: Kind, body: Object) -> Object:
        """The whole status subresource, if `metadata.resourceVersion` is still the newest.

        Raises:
            ConflictError: It is not.
            MissingError: The object is gone.
        """
        ...

    def replace(self, kind: Kind, body: Object) -> Object:
        """The whole object without its status, if `metadata.resourceVersion` is still the newest.

        Raises:
            ConflictError: It is not.
            MissingError: The object is gone.
        """
        ...

    def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", resource_version: str = ""
    ) -> None:
        """Delete the object, if it is still that one; nothing happens when it is gone.

        Raises:
            ConflictError: It is another one, or a newer copy.
        """
        ...

    def allowed(self, verb: str, kind: Kind, namespace: str = "", subresource: str = "") -> bool:
        """Whether this identity may do so (SelfSubjectAccessReview)."""
        ...


Plain = dict[str, Any]
