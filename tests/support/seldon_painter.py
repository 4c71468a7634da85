"""Plays Seldon's control plane: statuses, finalizers, VirtualServices, and routes that follow.

`paint(cluster, ...)` is one pass over everything, for simulations in which a clock is moved by
hand. On a real API server with many objects, tell a painter of each change with `see` (from a
watch), and let it `advance` when it says. Whatever is decided is decided in `seldon_states`.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from seldon_double.secret import SECRET, unfit
from seldon_states import (
    Manner,
    Plain,
    deployment_status,
    experiment_status,
    is_able,
    model_routes,
    model_status,
    refusal,
    refused_status,
    unavailable_status,
    virtual_service,
)
from sluice_operator.cluster.kind import (
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    VIRTUAL_SERVICE,
    Kind,
    Object,
    name_of,
    namespace_of,
    version_of,
)
from sluice_operator.cluster.port import Cluster
from sluice_operator.errors import ConflictError, ExistsError, MissingError
from sluice_operator.model import Routes
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.istio import routes_of
from sluice_operator.seldon.place import Place

V2_KINDS = (SELDON_SERVER, SELDON_MODEL, SELDON_EXPERIMENT)
V1_KINDS = (SELDON_DEPLOYMENT, VIRTUAL_SERVICE)
FINALIZERS = {
    SELDON_MODEL: "seldon.model.finalizer",
    SELDON_EXPERIMENT: "seldon.experiment.finalizer",
}
Key = tuple[Kind, str, str]


@dataclass
class Route:
    """The routes of one default Model: in force, and on their way."""

    now: Routes = field(default_factory=Routes)
    coming: list[tuple[float, Routes]] = field(default_factory=list)

    def at(self, moment: float) -> Routes:
        """What is in force at a moment."""
        while self.coming and self.coming[0][0] <= moment:
            self.now = self.coming.pop(0)[1]
        return self.now

    def follow(self, due: float, routes: Routes) -> None:
        """Routes that will be in force later."""
        if routes != (self.coming[-1][1] if self.coming else self.now):
            self.coming.append((due, routes))


class SeldonPainter:
    """One Seldon, of the generation whose objects it is shown; also a `RouterReport`."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float], manner: Manner | None = None):
        self.manner = manner or Manner()
        self.away = False
        """Whether Seldon's operator and scheduler are down: nothing is painted, routes stand."""
        self.broken: set[str] = set()
        """Models whose servers have died: they answer no more, and say so."""
        self.unreadable = ""
        """Why the router's report cannot be read; empty while it can."""
        self._cluster = cluster
        self._clock = clock
        self._bodies: dict[Key, Object] = {}
        self._since: dict[tuple[str, Any], float] = {}
        self._accepted: dict[tuple[str, str], tuple[int, Plain]] = {}
        self._able: defaultdict[str, set[str]] = defaultdict(set)
        self._servers: defaultdict[str, set[str]] = defaultdict(set)
        self._routes: dict[tuple[str, str], Route] = {}
        self._unfits: dict[tuple[str, Any], str] = {}

    # what it is told

    def see(self, kind: Kind, body: Object) -> None:
        """A new or changed object."""
        known = self._bodies.get(_key(kind, body))
        if known is not None and version_of(body) <= version_of(known):
            return
        self._bodies[_key(kind, body)] = body
        if kind == SELDON_MODEL:
            self._note_able(body)
        if kind == SELDON_SERVER:
            self._servers[namespace_of(body)].add(name_of(body))

    def forget(self, kind: Kind, body: Object) -> None:
        """An object that is gone."""
        self._bodies.pop(_key(kind, body), None)
        if kind == SELDON_EXPERIMENT:
            self._accepted.pop((namespace_of(body), name_of(body)), None)
        if kind == SELDON_MODEL:
            self._able[namespace_of(body)].discard(name_of(body))
        if kind == SELDON_SERVER:
            self._servers[namespace_of(body)].discard(name_of(body))
        if kind == SELDON_DEPLOYMENT:
            self._orphan(body)

    def _note_able(self, body: Object) -> None:
        """While a changed Model loads, or fails to, its last good version goes on answering."""
        names, name = self._able[namespace_of(body)], name_of(body)
        if body["metadata"].get("deletionTimestamp") or name in self.broken:
            names.discard(name)
        elif is_able(body):
            names.add(name)

    def look(self, namespace: str = "", kinds: tuple[Kind, ...] = (*V2_KINDS, *V1_KINDS)) -> None:
        """List everything anew."""
        for kind in kinds:
            listed = {_key(kind, body): body for body in self._cluster.list(kind, namespace)}
            gone = [
                key
                for key in self._bodies
                if key[0] == kind and namespace in {"", key[1]} and key not in listed
            ]
            for key in gone:
                self.forget(kind, self._bodies[key])
            for body in listed.values():
                self.see(kind, body)

    # what it does

    def advance(self) -> float | None:
        """Write what is due; seconds until more will be, None if only a change brings more."""
        if self.away:
            return None
        for kind in (SELDON_MODEL, SELDON_EXPERIMENT, SELDON_DEPLOYMENT):
            for key in [key for key in self._bodies if key[0] == kind]:
                self._serve(key)
        self._route_everything()
        return self._next_due()

    def _serve(self, key: Key) -> None:
        kind, body = key[0], self._bodies.get(key)
        if body is None:
            return
        try:
            if body["metadata"].get("deletionTimestamp"):
                self._let_go(kind, body)
            elif _is_unclaimed(kind, body):
                self._claim(kind, body)
            elif kind == SELDON_MODEL:
                self._paint_model(body)
            elif kind == SELDON_EXPERIMENT:
                self._take_experiment(body)
            else:
                self._paint_deployment(body)
        except (ConflictError, MissingError, ExistsError):
            return  # somebody was faster; the next look shows what there is

    def _claim(self, kind: Kind, body: Object) -> None:
        metadata = body["metadata"]
        finalizers = [*(metadata.get("finalizers") or ()), FINALIZERS[kind]]
        self._replace(kind, {**body, "metadata": {**metadata, "finalizers": finalizers}})

    def _let_go(self, kind: Kind, body: Object) -> None:
        metadata = body["metadata"]
        kept = [one for one in metadata.get("finalizers") or () if one != FINALIZERS.get(kind)]
        if kept == (metadata.get("finalizers") or []):
            return
        self._accepted.pop((namespace_of(body), name_of(body)), None)
        self._cluster.replace(kind, {**body, "metadata": {**metadata, "finalizers": kept}})
        if not kept:
            self.forget(kind, body)

    def _paint_model(self, body: Object) -> None:
        servers = self._servers[namespace_of(body)]
        age = self._age(body["metadata"]["uid"], body["metadata"].get("generation"))
        status = model_status(body, age, self.manner, servers, self._unfit(body))
        if name_of(body) in self.broken:
            status = unavailable_status()
        self._status(SELDON_MODEL, body, status)
        self._note_able(self._bodies[_key(SELDON_MODEL, body)])

    def _take_experiment(self, body: Object) -> None:
        place = namespace_of(body), name_of(body)
        spec, generation = body["spec"], body["metadata"].get("generation", 1)
        taken, _ = self._accepted.get(place, (0, {}))
        if generation != taken:
            others = [
                one
                for key, (_, one) in self._accepted.items()
                if key != place and key[0] == place[0]
            ]
            if reason := refusal(spec, others):
                refused = refused_status(body.get("status") or {}, reason, self.manner)
                self._status(SELDON_EXPERIMENT, body, refused or body.get("status") or {})
                return
            self._accepted[place] = generation, dict(spec)
        status = experiment_status(spec, self._able[place[0]])
        stray = [
            one
            for one in (body.get("status") or {}).get("conditions") or ()
            if one["type"] == "ModelReady"
        ]
        status["conditions"] += stray  # 2.6.0 never takes it away again
        self._status(SELDON_EXPERIMENT, body, status)

    def _paint_deployment(self, body: Object) -> None:
        uid = body["metadata"]["uid"]
        ages = {one["name"]: self._age(uid, one["name"]) for one in body["spec"]["predictors"]}
        graphs = {one["name"]: one["graph"] for one in body["spec"]["predictors"]}
        wanted = {name: graph.get("envSecretRefName", "") for name, graph in graphs.items()}
        lacking = {one for one, name in wanted.items() if self._is_missing(body, name)}
        status = deployment_status(body, ages, self.manner, lacking)
        self._status(SELDON_DEPLOYMENT, body, status)
        if status["state"] == "Available":
            self._write_virtual_service(body)

    def _unfit(self, body: Object) -> str:
        """Seldon 2 looks at the Secret of a Model once: a failed one stays failed."""
        looked = body["metadata"]["uid"], body["metadata"].get("generation")
        if looked not in self._unfits:
            name = body["spec"].get("secretName", "")
            self._unfits[looked] = unfit(self._cluster, namespace_of(body), name)
        return self._unfits[looked]

    def _is_missing(self, body: Object, secret: str) -> bool:
        """Kubernetes tries again and again to create a container."""
        found = secret and self._cluster.get(SECRET, namespace_of(body), secret)
        return bool(secret) and found is None

    def _write_virtual_service(self, body: Object) -> None:
        namespace, name, spec = namespace_of(body), name_of(body), virtual_service(body)
        held = self._bodies.get((VIRTUAL_SERVICE, namespace, name))
        if held is None:
            metadata = {"namespace": namespace, "name": name}
            made = {"apiVersion": VIRTUAL_SERVICE.api_version, "kind": "VirtualService"}
            whole = made | {"metadata": metadata, "spec": spec}
            self.see(VIRTUAL_SERVICE, self._cluster.create(VIRTUAL_SERVICE, whole))
        elif held["spec"] != spec:
            self._replace(VIRTUAL_SERVICE, {**held, "spec": spec})

    def _orphan(self, body: Object) -> None:
        """What belonged to a SeldonDeployment goes with it."""
        place = namespace_of(body), name_of(body)
        if self._bodies.pop((VIRTUAL_SERVICE, *place), None) is not None:
            self._cluster.delete(VIRTUAL_SERVICE, *place)

    def _replace(self, kind: Kind, body: Object) -> None:
        self.see(kind, self._cluster.replace(kind, body))

    def _status(self, kind: Kind, body: Object, status: Plain) -> None:
        if (body.get("status") or {}) != status:
            self.see(kind, self._cluster.replace_status(kind, {**body, "status": status}))

    def _age(self, uid: str, of: Any) -> float:
        return self._clock() - self._since.setdefault((uid, of), self._clock())

    def _route_everything(self) -> None:
        by_default = {
            (place[0], spec.get("default")): spec for place, (_, spec) in self._accepted.items()
        }
        models = {key[1:] for key in self._bodies if key[0] == SELDON_MODEL}
        due = self._clock() + self.manner.route_seconds
        for place in {*models, *self._routes}:
            routes = model_routes(place[1], by_default.get(place), self._able[place[0]])
            self._routes.setdefault(place, Route()).follow(due, routes)

    def _next_due(self) -> float | None:
        now, load = self._clock(), self.manner.load_seconds
        loading = [since + load - now for since in self._since.values()]
        moving = [due - now for route in self._routes.values() for due, _ in route.coming]
        return min((wait for wait in (*loading, *moving) if wait > 0), default=None)

    # what the router says

    def routes(self, place: Place) -> Routes | None:
        """See `RouterReport.routes`."""
        if self.unreadable:
            raise RouterError(self.unreadable)
        held = self._bodies.get((VIRTUAL_SERVICE, place.namespace, place.deployment))
        if held is not None:
            return routes_of(held, place.deployment)
        route = self._routes.get((place.namespace, place.deployment))
        return Routes() if route is None else route.at(self._clock())

    def expire(self, place: Place) -> None:
        """What is told here is never old."""


def paint(
    cluster: Cluster, clock: Callable[[], float], manner: Manner | None = None, rounds: int = 3
) -> SeldonPainter:
    """A painter that has looked at everything, and written until nothing more was due."""
    painter = SeldonPainter(cluster, clock, manner)
    for _ in range(rounds):
        painter.look()
        painter.advance()
    return painter


def _is_unclaimed(kind: Kind, body: Object) -> bool:
    return kind in FINALIZERS and FINALIZERS[kind] not in (body["metadata"].get("finalizers") or ())


def _key(kind: Kind, body: Object) -> Key:
    return kind, namespace_of(body), name_of(body)
