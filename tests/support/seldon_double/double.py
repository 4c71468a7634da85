"""A double of Seldon Core 2: its resources in, real traffic through a real Envoy out.

It reads Model, Experiment and Server from a `Cluster`, keeps the scheduler's rules and oddities of
one release, and writes their status. tests/contracts/seldon holds it to what Seldon does.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from seldon_double import status
from seldon_double.agent import Agent, Host
from seldon_double.backend import Backend, LightBackend, LoadError
from seldon_double.controller import Controller
from seldon_double.mesh import Mesh
from seldon_double.ml_server import MlServerBackend
from seldon_double.registry import Version
from seldon_double.release import RELEASES
from seldon_double.scheduler import Scheduler
from sluice_operator.cluster.kind import SELDON_SERVER, Object, name_of
from sluice_operator.cluster.port import Cluster
from sluice_operator.errors import ClusterError
from sluice_operator.serving.port import LOOPBACK, PortPool

TURN_SECONDS = 0.03
START_SECONDS = 40.0
MLSERVER = "mlserver"
CAPABILITIES = (MLSERVER, "lightgbm", "mlflow", "python", "sklearn", "xgboost")
"""Of servers that name none; their `extraCapabilities` come on top."""


class SeldonDouble:
    """Seldon Core 2 in one namespace; also a context manager that ends whatever it has started."""

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        version: str = "2.6.0",
        namespace: str = "default",
        real: str = "",
    ) -> None:
        """Servers with the serverConfig `real` get a real MLServer, the others a light one."""
        self.release = RELEASES[version]
        self.namespace = namespace
        self._cluster = cluster
        self._folder = folder
        self._real = real
        self._pool = PortPool()
        self._mesh = Mesh(folder, self.release, self._pool)
        self._scheduler = Scheduler(self.release)
        self._controller = Controller(cluster, namespace, self.release)
        self._agents: dict[str, Agent] = {}
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

    def metrics_url(self, server: str = MLSERVER) -> str:
        """Where the agent of a server is scraped (in a cluster: port 9006 of its pods)."""
        return f"http://{LOOPBACK}:{self._agents[server].metrics_port}/metrics"

    def exposition(self) -> str:
        """What all agents say, as one text."""
        return "".join(agent.exposition() for agent in list(self._agents.values()))

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
            while not self._closing.wait(TURN_SECONDS):
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
        for name in self._scheduler.servers.keys() - found.keys():
            self._scheduler.remove_server(name)
            self._host.submit(self._agents.pop(name).close()).result(30)
        for name, body in found.items():
            if name not in self._agents:
                self._add_server(body)
            loaded = [v for v in self._versions() if v.server == name and v.loaded]
            wanted = status.server_status(len(loaded))
            if body.get("status") != wanted:
                self._cluster.replace_status(SELDON_SERVER, {**body, "status": wanted})

    def _add_server(self, body: Object) -> None:
        name, spec = name_of(body), body["spec"]
        agent = Agent(name, self.release, self._backend(name, spec["serverConfig"]), self._pool)
        self._host.submit(agent.start()).result(30)
        self._agents[name] = agent
        own = spec.get("capabilities") or (*CAPABILITIES, *spec.get("extraCapabilities", ()))
        self._scheduler.add_server(name, frozenset(own))

    def _backend(self, server: str, config: str) -> Backend:
        if config != self._real:
            return LightBackend()
        return MlServerBackend(self._folder / "servers" / server, self._pool)

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
        self._mesh.publish(routes, {name: agent.port for name, agent in self._agents.items()})
        self._published = repr(routes)

    def _versions(self) -> list[Version]:
        return [v for model in self._scheduler.models.values() for v in model.versions]

    def _end(self) -> None:
        for agent in self._agents.values():
            self._host.submit(agent.close()).result(30)
        self._mesh.close()
        self._host.close()
