"""What Sluice needs of an API server; the real client and the fault-injecting double keep it."""

from collections.abc import Iterable
from typing import Any, Protocol, Self

from sluice_operator.cluster.kind import Kind, Object


class Listing(tuple[Object, ...]):  # noqa: SLOT001 - a tuple cannot have slots
    """What `list` answers: the objects, and the moment of which they are the whole truth."""

    version: int
    """resourceVersion of the list; an object that is absent and older is gone."""

    def __new__(cls, objects: Iterable[Object] = (), *, version: int) -> Self:
        """A tuple that knows its moment."""
        listing = super().__new__(cls, tuple(objects))
        listing.version = version
        return listing


class Cluster(Protocol):
    """Reads and writes objects; every call is one request.

    Each method may raise a `ClusterError`; its children say whose turn it is. A request that timed
    out may or may not have been carried out.
    """

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """The object as it is now; None when there is none."""
        ...

    def list(self, kind: Kind, namespace: str = "", *, selector: str = "") -> Listing:
        """Every object, of one namespace if one is named, with labels that match the selector."""
        ...

    def create(self, kind: Kind, body: Object) -> Object:
        """A new object; its fields are those of an apply, so that a later one can take them away.

        Raises:
            ExistsError: The name is taken.
        """
        ...

    def apply(self, kind: Kind, body: Object) -> Object:
        """Server-side apply with our field manager, forced; creates what is missing.

        With `metadata.resourceVersion` and `metadata.uid`, only if the object is still that copy;
        the uid is what keeps a late apply from making a deleted object anew. Fields that our
        manager applied before and that are absent now vanish; fields that somebody else wrote
        stay, even where we had written them first.

        Raises:
            ConflictError: It is not.
            ValueError: There is a resourceVersion without a uid.
        """
        ...

    def replace_status(self, kind: Kind, body: Object) -> Object:
        """The whole status subresource, if `metadata.resourceVersion` is still the newest.

        Raises:
            ConflictError: It is not.
            MissingError: The object is gone.
            ValueError: There is no resourceVersion or no uid.
        """
        ...

    def replace(self, kind: Kind, body: Object) -> Object:
        """The whole object without its status, if `metadata.resourceVersion` is still the newest.

        Fields that somebody else wrote vanish, too, when they are absent.

        Raises:
            ConflictError: It is not.
            MissingError: The object is gone; of a Lease, ConflictError says so.
            ValueError: There is no resourceVersion or no uid.
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
