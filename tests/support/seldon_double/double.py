"""A double of Seldon Core 2: its resources in, real traffic through a real Envoy out.

It reads Model, Experiment and Server from a `Cluster`, keeps the scheduler's rules and oddities of
one release, and writes their status. tests/contracts/seldon holds it to what Seldon does.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from seldon_double import status
from seldon_double.agent import Host
from seldon_double.backend import LoadError
from seldon_double.controller import Controller
from seldon_double.floor import Floor, ServerAgent
from seldon_double.mesh import Mesh, Site
from seldon_double.registry import Version
from seldon_double.release import Release
from seldon_double.scheduler import Scheduler
from seldon_double.secret import unfit
from sluice_operator.cluster.kind import SELDON_SERVER, Object, name_of
from sluice_operator.cluster.port import Cluster
from sluice_operator.errors import ClusterError

START_SECONDS = 40.0
CAPABILITIES = ("mlserver", "lightgbm", "mlflow", "python", "sklearn", "xgboost")
"""Of servers that name none; their `extraCapabilities` come on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a double works, and as which release."""

    release: Release
    folder: Path
    site: Site
    turn_seconds: float = 0.03


class SeldonDouble:
    """Seldon Core 2 in one namespace; also a context manager that ends whatever it has started."""

    def __init__(
        self, cluster: Cluster, floor: Floor, ground: Ground, *, namespace: str = "default"
    ) -> None:
        self.release = ground.release
        self.namespace = namespace
        self._cluster = cluster
        self._floor = floor
        self._turn_seconds = ground.turn_seconds
        self._mesh = Mesh(ground.folder, ground.release, ground.site)
        self._scheduler = Scheduler(self.release)
        self._controller = Controller(cluster, namespace, self.release)
        self._agents: dict[str, ServerAgent] = {}
        self._work: list[tuple[Future[None], Callable[[Future[None]], None]]] = []
        self._published: object = None
        self._away = False
        self._silent_until = 0.0
        self._wishes: list[Callable[[], None]] = []
        self._started, self._closing = threading.Event(), threading.Event()
        self.failure: BaseException | None = None
        """What ended the double, should it have ended by itself."""
        self._thread = threading.Thread(target=self._run, name="seldon-double", daemon=True)

    @property
    def url(self) -> str:
        """Where users send their requests (in a cluster: Service `seldon-mesh`, port 80)."""
        return self._mesh.url

    @property
    def admin_url(self) -> str:
        """Where Envoy answers questions about itself (in a cluster: port 9003)."""
        return self._mesh.admin_url

    @property
    def loaded(self) -> frozenset[str]:
        """Internal names of the versions that some server holds."""
        models = list(self._scheduler.models.values())
        return frozenset(v.internal for m in models for v in m.versions if v.loaded)

    def stop_scheduler(self) -> None:
        """Envoy goes on with what it has; nothing is attended to."""
        self._away = True

    def start_scheduler(self) -> None:
        """It comes back, in 2.6.0 with a time without any route."""

        def back() -> None:
            self._scheduler.restart()
            self._silent_until = time.monotonic() + self.release.gap_seconds
            self._away = False

        self._wishes.append(back)

    def deafen(self, *, deaf: bool = True) -> None:
        """Seldon's operator hears nothing of Models any more, until it is started anew."""
        self._controller.deaf = deaf

    def restart_scheduler(self) -> None:
        """Away, and at once back."""
        self.stop_scheduler()
        self.start_scheduler()

    def start(self) -> Self:
        """Start Envoy, and attend to whatever is there; returns once Envoy listens."""
        self._thread.start()
        if not self._started.wait(START_SECONDS) or self.failure:
            raise AssertionError("the double does not start") from self.failure
        return self

    def close(self) -> None:
        """End every process, and wait for it."""
        self._closing.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
        if self.failure is not None:
            raise AssertionError("the double ended by itself") from self.failure

    def _run(self) -> None:
        """This thread starts all processes, for they end with the thread that started them."""
        self._host = Host()
        try:
            self._mesh.start()
            self._started.set()
            while not self._closing.wait(self._turn_seconds):
                self._turn()
        except BaseException as broken:  # noqa: BLE001 - told to whoever closes the double
            self.failure = broken
        finally:
            self._started.set()
            self._end()

    def _turn(self) -> None:
        while self._wishes:
            self._wishes.pop(0)()
        try:
            if not self._away:
                self._attend_servers()
            self._controller.attend(self._scheduler, away=self._away)
            if not self._away:
                self._drive_agents()
                self._publish()
            self._controller.report(self._scheduler)
        except ClusterError:
            return  # the API server has a bad moment; the next turn looks again

    def _attend_servers(self) -> None:
        found = {name_of(b): b for b in self._cluster.list(SELDON_SERVER, self.namespace)}
        self._floor.look(found.values())
        for name, agent in list(self._agents.items()):
            if name not in found or not self._floor.holds(name, agent):
                self._scheduler.remove_server(name)
                self._host.submit(self._agents.pop(name).close()).result(30)
        for name, body in found.items():
            if name in self._agents or self._add_server(name, body):
                self._tell_status(name, body)

    def _add_server(self, name: str, body: Object) -> bool:
        agent = self._floor.agent(body, self._host)
        if agent is not None:
            self._agents[name] = agent
            spec = body["spec"]
            own = spec.get("capabilities") or (*CAPABILITIES, *spec.get("extraCapabilities", ()))
            self._scheduler.add_server(name, frozenset(own))
        return agent is not None

    def _tell_status(self, name: str, body: Object) -> None:
        loaded = [v for v in self._versions() if v.server == name and v.loaded]
        wanted = status.server_status(len(loaded))
        if body.get("status") != wanted:
            self._cluster.replace_status(SELDON_SERVER, {**body, "status": wanted})

    def _drive_agents(self) -> None:
        """Begin what the scheduler asks for, and tell it what has been done."""
        while self._scheduler.to_load:
            self._begin_load(self._scheduler.to_load.pop(0))
        self._publish()  # routes leave before their versions do
        while self._scheduler.to_unload:
            self._begin_unload(self._scheduler.to_unload.pop(0))
        done = [(future, told) for future, told in self._work if future.done()]
        self._work = [pair for pair in self._work if not pair[0].done()]
        for future, told in done:
            told(future)

    def _begin_load(self, version: Version) -> None:
        agent = self._agents[version.server]
        if why := unfit(self._cluster, self.namespace, version.spec.secret):
            self._scheduler.failed(version, why)
            return
        work = agent.load(version.internal, version.spec.uri, dict(version.spec.parameters))

        def told(future: Future[None]) -> None:
            if version not in self._versions():
                return
            try:
                future.result()
            except LoadError as failed:
                self._scheduler.failed(version, str(failed))
            else:
                self._scheduler.loaded(version)

        self._work.append((self._host.submit(work), told))

    def _begin_unload(self, version: Version) -> None:
        agent = self._agents.get(version.server)

        def told(future: Future[None]) -> None:
            future.result()
            version.server, version.loaded = "", False

        if agent is None:
            version.server = ""
        else:
            self._work.append((self._host.submit(agent.unload(version.internal)), told))

    def _publish(self) -> None:
        silent = time.monotonic() < self._silent_until
        routes = [] if silent else list(self._scheduler.routes.values())
        if repr(routes) == self._published:
            return
        self._mesh.publish(routes, {name: agent.address for name, agent in self._agents.items()})
        self._published = repr(routes)

    def _versions(self) -> list[Version]:
        return [v for model in self._scheduler.models.values() for v in model.versions]

    def _end(self) -> None:
        for agent in self._agents.values():
            self._host.submit(agent.close()).result(30)
        self._mesh.close()
        self._host.close()
