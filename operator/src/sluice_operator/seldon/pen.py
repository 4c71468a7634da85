"""Writing Seldon's objects, each write bound to the copy that it was decided on.

An object that exists is only ever replaced or deleted as the copy that the store holds; who decided
on an older one gets a conflict. What the API server answers goes into the store at once, so that
nobody decides on a copy older than his own write.
"""

from collections.abc import Callable
from datetime import datetime

from sluice_operator.cluster.kind import DEPLOYMENT_LABEL, Kind, Object, name_of
from sluice_operator.cluster.port import Cluster
from sluice_operator.cluster.store import Store
from sluice_operator.errors import (
    ClusterError,
    ConflictError,
    ExistsError,
    InvalidError,
    MissingError,
    MissingKindError,
)
from sluice_operator.seldon.dialect import Dialect
from sluice_operator.seldon.errors import NameTakenError
from sluice_operator.seldon.manifest import (
    UNUSED_ANNOTATION,
    Manifest,
    changed,
    fresh,
    is_leaving,
    is_ours,
)
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.prune import Removal

Write = Callable[[], None]
NOT_OURS = f"!{DEPLOYMENT_LABEL}"


class Pen:
    """Writes the objects of one deployment."""

    def __init__(self, place: Place, dialect: Dialect, cluster: Cluster, store: Store) -> None:
        self._place = place
        self._dialect = dialect
        self._cluster = cluster
        self._store = store

    def write(self, manifest: Manifest, present: Object | None) -> bool:
        """Make one object as wanted, from the copy that was decided on; False if it was already.

        Raises:
            NameTakenError: The name belongs to somebody else.
            ClusterError: It could not be written; after a conflict the store has the newest copy.
        """
        if present is None:
            self._refuse_taken(manifest)
            self._tell(manifest.kind, manifest.name, lambda: self._create(manifest))
            return True
        if is_leaving(present):
            raise ConflictError(
                f"{self._named(manifest.kind, manifest.name)} is still being deleted;"
                " Seldon's operator and scheduler must be up to let go of it"
            )
        body = changed(present, manifest, self._place)
        if body is None:
            return False
        self._tell(manifest.kind, manifest.name, lambda: self._replace(manifest.kind, body))
        return True

    def strangers(self, kind: Kind) -> tuple[Object, ...]:
        """Objects of the namespace that are nobody's of ours, asked for now.

        Raises:
            ClusterError: They could not be listed.
        """
        found: list[Object] = []
        namespace = self._place.namespace
        self._tell(
            kind, "", lambda: found.extend(self._cluster.list(kind, namespace, selector=NOT_OURS))
        )
        return tuple(found)

    def remove(self, removal: Removal, now: datetime) -> None:
        """Mark or delete one object that nobody wants.

        Raises:
            ClusterError: That could not be done; after a conflict the store has the newest copy.
        """
        kind, body = removal.kind, removal.body
        if removal.marked:
            self._tell(kind, name_of(body), lambda: self._delete(kind, body))
            return
        metadata = body["metadata"]
        marks = {**(metadata.get("annotations") or {}), UNUSED_ANNOTATION: now.isoformat()}
        marked = {**body, "metadata": {**metadata, "annotations": marks}}
        self._tell(kind, name_of(body), lambda: self._replace(kind, marked))

    def _create(self, manifest: Manifest) -> None:
        created = self._cluster.create(manifest.kind, fresh(manifest, self._place))
        self._store.put(manifest.kind, created)

    def _replace(self, kind: Kind, body: Object) -> None:
        self._store.put(kind, self._cluster.replace(kind, body))

    def _delete(self, kind: Kind, body: Object) -> None:
        metadata = body["metadata"]
        self._cluster.delete(
            kind,
            self._place.namespace,
            name_of(body),
            uid=metadata["uid"],
            resource_version=metadata["resourceVersion"],
        )
        self._refresh(kind, name_of(body))

    def _refresh(self, kind: Kind, name: str) -> None:
        """One live look, for the store was behind.

        What is not ours stays out of the store: no watch would tell when it has gone.

        Raises:
            NameTakenError: It is not.
        """
        held = self._store.get(kind, self._place.namespace, name)
        newest = self._cluster.get(kind, self._place.namespace, name)
        if newest is None:
            if held is not None:
                self._store.drop(kind, held)
            return
        self._refuse_strangers(kind, newest)
        self._store.put(kind, newest)

    def _tell(self, kind: Kind, name: str, write: Write) -> None:
        try:
            write()
        except (ConflictError, ExistsError, MissingError) as faster:
            self._refresh(kind, name)
            raise ConflictError(f"{self._named(kind, name)}: {faster}") from faster
        except MissingKindError as missing:
            raise MissingKindError(self._not_installed(kind)) from missing
        except InvalidError as refused:
            raise InvalidError(f"{self._named(kind, name)} is refused: {refused}") from refused
        except ClusterError as failed:
            failed.args = (f"{self._named(kind, name)}: {failed}", *failed.args[1:])
            raise

    def _refuse_taken(self, manifest: Manifest) -> None:
        """Do not even try to create what the store knows to exist.

        Raises:
            NameTakenError: It belongs to somebody else.
            ConflictError: It is ours, and has come since.
        """
        held = self._store.get(manifest.kind, self._place.namespace, manifest.name)
        if held is not None:
            self._refuse_strangers(manifest.kind, held)
            raise ConflictError(f"{self._named(manifest.kind, manifest.name)} has come since")

    def _refuse_strangers(self, kind: Kind, present: Object) -> None:
        """Never touch what is not ours.

        Raises:
            NameTakenError: The object is not.
        """
        if not is_ours(present, self._place.deployment):
            raise NameTakenError(
                f"name is taken: {self._named(kind, name_of(present))} was not made for"
                f" ModelDeployment {self._place.deployment}; delete it, or rename the"
                " ModelDeployment"
            )

    def _named(self, kind: Kind, name: str) -> str:
        return f"{kind.kind} {self._place.namespace}/{name}".removesuffix("/")

    def _not_installed(self, kind: Kind) -> str:
        return (
            f"{self._dialect.product} is not installed: no kind {kind.kind} in {kind.api_version};"
            f" install its CRDs, or set spec.backend.type to {self._dialect.other.value}"
        )
