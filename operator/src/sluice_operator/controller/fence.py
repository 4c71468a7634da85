"""Lets no write through while another operator leads."""

from collections.abc import Callable

from sluice_operator.cluster.kind import Kind, Object
from sluice_operator.cluster.port import Cluster, Listing
from sluice_operator.errors import ClusterError


class DeposedError(ClusterError):
    """Another operator leads, or nobody could tell in time that we still do."""


class FencedCluster:
    """A `Cluster` whose writes need the lease.

    The lease may end between this question and the write; that last gap is closed by the
    resourceVersions that writes carry.
    """

    def __init__(self, cluster: Cluster, is_leading: Callable[[], bool]) -> None:
        self._cluster = cluster
        self._is_leading = is_leading

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """See `Cluster.get`."""
        return self._cluster.get(kind, namespace, name)

    def list(self, kind: Kind, namespace: str = "", *, selector: str = "") -> Listing:
        """See `Cluster.list`."""
        return self._cluster.list(kind, namespace, selector=selector)

    def create(self, kind: Kind, body: Object) -> Object:
        """See `Cluster.create`."""
        self._lead()
        return self._cluster.create(kind, body)

    def apply(self, kind: Kind, body: Object) -> Object:
        """See `Cluster.apply`."""
        self._lead()
        return self._cluster.apply(kind, body)

    def replace_status(self, kind: Kind, body: Object) -> Object:
        """See `Cluster.replace_status`."""
        self._lead()
        return self._cluster.replace_status(kind, body)

    def replace(self, kind: Kind, body: Object) -> Object:
        """See `Cluster.replace`."""
        self._lead()
        return self._cluster.replace(kind, body)

    def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", resource_version: str = ""
    ) -> None:
        """See `Cluster.delete`."""
        self._lead()
        self._cluster.delete(kind, namespace, name, uid=uid, resource_version=resource_version)

    def allowed(self, verb: str, kind: Kind, namespace: str = "", subresource: str = "") -> bool:
        """See `Cluster.allowed`."""
        return self._cluster.allowed(verb, kind, namespace, subresource)

    def _lead(self) -> None:
        if not self._is_leading():
            raise DeposedError("another operator leads; nothing was written")
