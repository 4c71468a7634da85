"""Seldon Core as a serving engine: looks at the store and the router, writes what differs.

One engine serves one deployment and costs nothing to make. It reads no object live in the steady
state, and writes nothing while the picture stands.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from sluice_operator.cluster.kind import Object, name_of
from sluice_operator.cluster.port import Cluster
from sluice_operator.cluster.store import Store
from sluice_operator.errors import ConflictError, SluiceError, UnavailableError
from sluice_operator.model import Revision, Routes, Routing, Serving
from sluice_operator.seldon.dialect import Dialect
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.manifest import Manifest, changed, epoch_of, is_ours, owner_of
from sluice_operator.seldon.pen import Pen
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.prune import Removal, farewell, removals
from sluice_operator.seldon.router import RouterReport
from sluice_operator.seldon.seen import Objects, Seen

Resolve = Callable[[Revision], str]
"""Says where Seldon can fetch a model from.

May raise `ModelUnknownError` or `StorageUnknownError`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeldonPorts:
    """What the engines of one process share."""

    cluster: Cluster
    store: Store
    report: RouterReport
    resolve: Resolve
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class SeldonEngine:
    """A `ServingEngine` for one deployment."""

    def __init__(self, place: Place, dialect: Dialect, ports: SeldonPorts) -> None:
        self._place = place
        self._dialect = dialect
        self._ports = ports
        self._pen = Pen(place, dialect, ports.cluster, ports.store)

    def observe(self, name: str) -> Serving:
        """See `ServingEngine.observe`; asks nobody but the router's report."""
        found = self._dialect.readiness(self._place, self._objects())
        routes, error = self._routes()
        return Serving(
            ready=found.ready - {name},
            failed={revision: why for revision, why in found.failed.items() if revision != name},
            waiting={one: why for one, why in found.waiting.items() if one != name},
            routes=routes,
            error=error,
        )

    def route(self, name: str, routing: Routing) -> None:
        """See `ServingEngine.route`; a routing without revisions takes the deployment away.

        One object that cannot be written does not keep the others from being written.
        """
        objects = self._objects()
        self._refuse_to_go_back(routing, objects)
        seen = self._seen(objects)
        if routing.stable is None:
            _raise_worst(self._removed(farewell(name, objects, seen)))
            return
        seen, trouble = self._located(routing, seen)
        wanted = self._dialect.render(self._place, routing, seen, objects)
        trouble += self._written(wanted, objects)
        kept = {name, *(revision.name for revision in routing.revisions)}
        trouble += self._removed(removals(kept, objects, seen, self._ports.clock()))
        _raise_worst(trouble)

    def unsettled(self, routing: Routing) -> str:
        """What this engine still waits for, in words; empty when nothing is left to do."""
        objects = self._objects()
        wanted = {revision.name for revision in routing.revisions}
        entry = {self._place.deployment} if wanted else set()
        waiting = self._dialect.readiness(self._place, objects).waiting
        present = {name_of(body) for bodies in objects.values() for body in bodies}
        said = [f"{name}: {why}" for name, why in sorted(waiting.items()) if name in wanted | entry]
        said += [f"{name} is to be removed" for name in sorted(present - wanted - entry)]
        return "; ".join(said or self._unwritten(routing, objects))

    def _unwritten(self, routing: Routing, objects: Objects) -> list[str]:
        seen = self._seen(objects)
        try:
            drawn = self._dialect.render(self._place, routing, seen, objects)
        except SluiceError as refused:
            return [str(refused)]
        present = [(manifest, _present(manifest, objects)) for manifest in drawn]
        unknown = [one.name for one in routing.revisions if one.name not in seen.uris]
        return [f"{name} is to be made" for name in unknown] + [
            f"{manifest.kind.kind} {manifest.name} is to be written"
            for manifest, body in present
            if body is None or changed(body, manifest, self._place) is not None
        ]

    @property
    def epoch(self) -> int:
        """Number of the newest picture that was written; -1 if there is none.

        Whoever has lost its own count goes on from here.
        """
        return self._epoch(self._objects())

    def _objects(self) -> Objects:
        owned, place = self._ports.store.owned, self._place
        return {
            kind: tuple(
                body
                for body in owned(kind, place.namespace, place.deployment)
                if is_ours(body, place.deployment)
            )
            for kind in self._dialect.kinds
        }

    def _seen(self, objects: Objects) -> Seen:
        dialect, place = self._dialect, self._place
        routes, _ = self._routes()
        return Seen(
            readiness=dialect.readiness(place, objects),
            listed=dialect.listed(place, objects),
            routes=routes,
            uris=dialect.uris(place, objects),
        )

    def _routes(self) -> tuple[Routes | None, str]:
        try:
            return self._ports.report.routes(self._place), ""
        except RouterError as unreadable:
            return None, str(unreadable)

    def _located(self, routing: Routing, seen: Seen) -> tuple[Seen, list[SluiceError]]:
        """With the places of models that are asked for the first time."""
        uris, trouble = dict(seen.uris), []
        for revision in routing.revisions:
            if revision.name in uris:
                continue
            try:
                uris[revision.name] = self._ports.resolve(revision)
            except SluiceError as unknown:
                unknown.revision = revision.name
                trouble.append(unknown)
        return replace(seen, uris=uris), trouble

    def _refuse_to_go_back(self, routing: Routing, objects: Objects) -> None:
        """An operator that was deposed without noticing must not bring an older picture back.

        Raises:
            ConflictError: The traffic object was written for a newer picture.
        """
        newest = self._epoch(objects)
        if newest > routing.epoch:
            raise ConflictError(
                f"{self._place.deployment}: picture {routing.epoch} is older than {newest}, which"
                f" the {self._dialect.traffic.kind} was written for"
            )

    def _epoch(self, objects: Objects) -> int:
        """That of an earlier ModelDeployment of the same name says nothing."""
        uid, held = self._place.owner_uid, self._traffic_object(objects)
        return epoch_of(held) if held is not None and owner_of(held) == uid else -1

    def _traffic_object(self, objects: Objects) -> Object | None:
        bodies = objects[self._dialect.traffic]
        return next((body for body in bodies if name_of(body) == self._place.deployment), None)

    def _written(self, wanted: tuple[Manifest, ...], objects: Objects) -> list[SluiceError]:
        """Traffic first if it exists, for a retreat waits for nothing; last if it does not."""
        kind = self._dialect.traffic
        others = [manifest for manifest in wanted if manifest.kind != kind]
        traffic = [manifest for manifest in wanted if manifest.kind == kind]
        ordered = [*traffic, *others] if objects[kind] else [*others, *traffic]
        return _troubles([partial(self._write, one, _present(one, objects)) for one in ordered])

    def _write(self, manifest: Manifest, present: Object | None) -> None:
        divides = manifest.kind == self._dialect.traffic
        if divides and present is None:
            self._refuse_rivals(manifest)
        if self._pen.write(manifest, present) and divides:
            self._ports.report.expire(self._place)

    def _refuse_rivals(self, manifest: Manifest) -> None:
        """Look once, before our own object is made, whether another claims the same route.

        Raises:
            NameTakenError: One does.
            ClusterError: That could not be seen.
        """
        if self._dialect.refuse_rivals is not None:
            self._dialect.refuse_rivals(self._place, self._pen.strangers(manifest.kind))

    def _removed(self, leaving: tuple[Removal, ...]) -> list[SluiceError]:
        now = self._ports.clock()
        return _troubles([partial(self._remove, one, now) for one in leaving])

    def _remove(self, removal: Removal, now: datetime) -> None:
        self._pen.remove(removal, now)
        if removal.kind == self._dialect.traffic:
            self._ports.report.expire(self._place)


def _present(manifest: Manifest, objects: Objects) -> Object | None:
    """The copy that the picture was drawn from."""
    return next((body for body in objects[manifest.kind] if name_of(body) == manifest.name), None)


def _troubles(tries: list[Callable[[], None]]) -> list[SluiceError]:
    trouble = []
    for attempt in tries:
        try:
            attempt()
        except SluiceError as failed:
            trouble.append(failed)
    return trouble


def _raise_worst(trouble: list[SluiceError]) -> None:
    """What must be made sure of first, then what a person must know, then what passes by itself."""
    if trouble:
        raise min(trouble, key=_rank)


def _rank(error: SluiceError) -> int:
    """A write without an answer may still arrive, and whoever tells the engine must know of it."""
    if isinstance(error, UnavailableError):
        return 0
    return 2 if isinstance(error, ConflictError) else 1
