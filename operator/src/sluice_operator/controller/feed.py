"""From watched objects to work: what changed goes to the store, whom it concerns to the queue."""

from collections.abc import Iterable
from dataclasses import dataclass

from sluice_operator.cluster.kind import (
    CLUSTER_GATE_TEMPLATE,
    DEPLOYMENT_LABEL,
    GATE_TEMPLATE,
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    VIRTUAL_SERVICE,
    Kind,
    Object,
    name_of,
    namespace_of,
)
from sluice_operator.cluster.port import Cluster
from sluice_operator.cluster.store import Store
from sluice_operator.controller.queue import Key, WorkQueue
from sluice_operator.controller.shelf import Shelf
from sluice_operator.controller.wanted import borrows
from sluice_operator.errors import MissingKindError


@dataclass(frozen=True, slots=True)
class Feed:
    """Where watched objects go."""

    store: Store
    shelf: Shelf
    queue: WorkQueue

    def __call__(self, kind: Kind, event: str, body: Object) -> None:
        """Keep what the watch has told, and have the deployment looked at if it was news."""
        gone = event == "DELETED"
        if kind == ROLLOUT_ACTION:
            self.queue.add(self.shelf.drop(body) if gone else self.shelf.put(body))
            return
        news = self.store.drop(kind, body) if gone else self.store.put(kind, body)
        for key in self._concerned(kind, body) if news else ():
            self.queue.add(key)

    def _concerned(self, kind: Kind, body: Object) -> Iterable[Key]:
        """The deployments to look at: whose an object is, or all that borrow from a template."""
        if kind in {GATE_TEMPLATE, CLUSTER_GATE_TEMPLATE}:
            return tuple(
                (namespace_of(one), name_of(one))
                for one in self.store.all(MODEL_DEPLOYMENT)
                if borrows(one, kind, body)
            )
        owner = owner_key(kind, body)
        return () if owner is None else (owner,)

    def read_all(
        self, cluster: Cluster, kinds: tuple[Kind, ...], namespaces: tuple[str, ...]
    ) -> None:
        """Everything as it is now; before that nobody may lead.

        Raises:
            ClusterError: Something could not be listed; nobody may lead on half a picture.
        """
        self.shelf.clear()
        for kind in kinds:
            for namespace in (namespaces if kind.namespaced else ()) or ("",):
                self._read(cluster, kind, namespace)

    def deployments(self) -> tuple[Key, ...]:
        """Every deployment."""
        bodies = self.store.all(MODEL_DEPLOYMENT)
        return tuple((namespace_of(body), name_of(body)) for body in bodies)

    def _read(self, cluster: Cluster, kind: Kind, namespace: str) -> None:
        try:
            listing = cluster.list(kind, namespace)
        except MissingKindError:
            return  # an engine that is not installed has no objects; its absence shows when needed
        if kind != ROLLOUT_ACTION:
            self.store.replace_all(kind, namespace, listing)
            return
        for body in listing:
            self.shelf.put(body)


def owner_key(kind: Kind, body: Object) -> Key | None:
    """The deployment that an object concerns; None for an object of somebody else."""
    if kind == MODEL_DEPLOYMENT:
        return namespace_of(body), name_of(body)
    if kind == VIRTUAL_SERVICE:  # Seldon gives it the name of its SeldonDeployment, and no label
        return namespace_of(body), name_of(body)
    owner = body["metadata"].get("labels", {}).get(DEPLOYMENT_LABEL)
    return (namespace_of(body), owner) if owner else None
