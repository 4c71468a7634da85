"""A fake Seldon Core 2 in a process of its own: it paints statuses, and its Envoy follows.

What it writes is decided in `seldon_states`, as for all tests; here is what makes it fast enough
for a thousand deployments: it acts on what a watch tells, one deployment at a time.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rest import client_of
from route_text import data_routes, mirror_routes  # type: ignore[import-not-found]
from route_world import Routes, admin
from seldon_painter import FINALIZERS  # type: ignore[import-not-found]
from seldon_states import (  # type: ignore[import-not-found]
    Manner,
    experiment_status,
    is_able,
    model_status,
)
from sluice_operator.cluster.client import KubernetesCluster, login
from sluice_operator.cluster.kind import (
    DEPLOYMENT_LABEL,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    Kind,
    Object,
    name_of,
    namespace_of,
)
from sluice_operator.cluster.port import Cluster
from sluice_operator.cluster.store import Store
from sluice_operator.controller.queue import Key, WorkQueue
from sluice_operator.errors import ClusterError, ConflictError, MissingError
from watcher import Watcher

THREADS = 3
RETRY_SECONDS = 0.05


@dataclass
class Painter:
    """Plays Seldon's operator and scheduler for each deployment."""

    cluster: Cluster
    routes: Routes
    manner: Manner
    store: Store = field(default_factory=Store)
    queue: WorkQueue = field(default_factory=WorkQueue)
    _since: dict[tuple[str, int], float] = field(default_factory=dict)

    def hear(self, kind: Kind, what: str, body: dict[str, Any], at: float) -> None:
        """What a watch tells."""
        owner = (body["metadata"].get("labels") or {}).get(DEPLOYMENT_LABEL, name_of(body))
        news = self.store.drop(kind, body) if what == "DELETED" else self.store.put(kind, body)
        if news:
            self.queue.add((namespace_of(body), owner))

    def work(self) -> None:
        """Until the process ends; any number of threads."""
        while (key := self.queue.take()) is not None:
            wait = self._painted(key)
            self.queue.done(key)
            if wait is not None:
                self.queue.add(key, wait)

    def _painted(self, key: Key) -> float | None:
        try:
            return self._paint(key)
        except (ConflictError, MissingError):
            return None  # the watch tells of the newer copy
        except ClusterError:
            return 1.0

    def _paint(self, key: Key) -> float | None:
        """One look at one deployment; seconds until more is due."""
        held = self.store.owned(SELDON_MODEL, *key)
        claimed_models = [self._claimed(SELDON_MODEL, one) for one in held]
        waits = [self._model(one) for one in claimed_models if one is not None]
        models = self.store.owned(SELDON_MODEL, *key)
        able = {name_of(one) for one in models if is_able(one) and not _is_leaving(one)}
        experiments = list(self.store.owned(SELDON_EXPERIMENT, *key))
        for body in experiments:
            claimed = self._claimed(SELDON_EXPERIMENT, body)
            if claimed is not None:
                self._status(SELDON_EXPERIMENT, claimed, experiment_status(body["spec"], able))
        self._route(key[1], experiments, able)
        return min((wait for wait in waits if wait is not None), default=None)

    def _claimed(self, kind: Kind, body: Object) -> Object | None:
        """With our finalizer; without it once the object is to go, and None then."""
        metadata, ours = body["metadata"], FINALIZERS[kind]
        held = list(metadata.get("finalizers") or ())
        if not _is_leaving(body):
            return body if ours in held else self._replace(kind, body, [*held, ours])
        if ours in held:
            self._replace(kind, body, [one for one in held if one != ours])
        return None

    def _replace(self, kind: Kind, body: Object, finalizers: list[str]) -> Object:
        metadata = {**body["metadata"], "finalizers": finalizers}
        written = self.cluster.replace(kind, {**body, "metadata": metadata})
        self.store.put(kind, written)
        return written

    def _model(self, body: Object) -> float | None:
        """Painted as its age demands; seconds until it is loaded."""
        known = body["metadata"]["uid"], body["metadata"].get("generation", 1)
        age = time.monotonic() - self._since.setdefault(known, time.monotonic())
        if not is_able(body) and age < self.manner.load_seconds:
            return float(self.manner.load_seconds - age) + 0.001
        self._status(SELDON_MODEL, body, model_status(body, age, self.manner, ()))
        return None

    def _status(self, kind: Kind, body: Object, status: Mapping[str, Any]) -> None:
        if (body.get("status") or {}) != status:
            written = self.cluster.replace_status(kind, {**body, "status": dict(status)})
            self.store.put(kind, written)

    def _route(self, name: str, experiments: Iterable[Object], able: set[str]) -> None:
        data = [data_routes(one, [(one, 100)], {}) for one in sorted(able - {name})]
        mirrors = ""
        if name in able:
            specs = [body["spec"] for body in experiments if not _is_leaving(body)]
            clusters, mirror = _divided(name, specs[0] if specs else {}, able)
            data.append(data_routes(name, clusters, mirror))
            mirrors = mirror_routes(name, mirror)
        self.routes.follow(name, ",".join(data), mirrors)


def _divided(
    name: str, spec: Mapping[str, Any], able: set[str]
) -> tuple[list[tuple[str, int]], dict[str, int]]:
    """Who shares the route; if one of them cannot answer, the default has it alone."""
    shares = [(one["name"], int(one.get("weight") or 0)) for one in spec.get("candidates") or ()]
    mirror = spec.get("mirror")
    copies = {mirror["name"]: int(mirror["percent"])} if mirror else {}
    if not shares or not {model for model, _ in shares} | copies.keys() <= able:
        return [(name, 100)], {}
    return shares, copies


def _is_leaving(body: Object) -> bool:
    return bool(body["metadata"].get("deletionTimestamp"))


def serve(
    kubeconfig: str, port: str, load_seconds: str, failing: str = "", version: str = "2.6.0"
) -> None:
    """Until killed; models whose URI holds the word `failing` never load."""
    routes = Routes()
    admin(int(port), routes)
    manner = Manner(
        version=version,
        load_seconds=float(load_seconds),
        failing={failing: "no such package"} if failing else {},
    )
    cluster = KubernetesCluster(login(Path(kubeconfig)), user_agent="seldon")
    painter = Painter(cluster=cluster, routes=routes, manner=manner)
    for number in range(THREADS):
        threading.Thread(target=painter.work, name=f"paint-{number}", daemon=True).start()
    client = client_of(Path(kubeconfig))
    watchers = [Watcher(client, kind, painter.hear) for kind in (SELDON_MODEL, SELDON_EXPERIMENT)]
    while all(watcher.broken is None for watcher in watchers):
        time.sleep(0.5)
    raise next(watcher.broken for watcher in watchers if watcher.broken is not None)
