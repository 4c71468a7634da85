"""The engine of a laptop: one model server per revision behind one Envoy, all on 127.0.0.1.

`route` notes what is wanted and does at once what may be done at once. A thread does the rest when
it becomes possible: it sleeps until a server changes its state, and looks often only while some
revision is on its way in or out.
"""

import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sluice_operator.errors import ServingEngineError
from sluice_operator.model import Routes, Routing, Serving
from sluice_operator.serving.envoy import Envoy
from sluice_operator.serving.envoy_config import Layout
from sluice_operator.serving.fleet import Fleet
from sluice_operator.serving.model_server import Site
from sluice_operator.serving.plan import refuse_unsupported
from sluice_operator.serving.port import PortPool, refuse_taken
from sluice_operator.serving.resolve import Resolve, resolve_path
from sluice_operator.serving.runtime import Runtime
from sluice_operator.serving.steering import Steering

START_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a local engine lives and listens."""

    folder: Path
    """Holds `envoy/`, `servers/`, `logs/` and `spool/`."""
    port: int
    """Where users send their requests."""
    ledger: str = ""
    """URL of the ledger that the model servers write to; empty to record nothing."""
    admin_port: int | None = None
    """Where Envoy answers questions; a free one if not given."""


class LocalEngine:
    """A `ServingEngine`; also a context manager that ends every process it has started."""

    def __init__(self, place: Place, runtime: Runtime, resolve: Resolve = resolve_path) -> None:
        """Starts nothing yet."""
        pool = PortPool()
        site = _site(place, runtime, resolve, pool)
        self._layout = _layout(place, pool)
        self._servers = site.folder / "servers"
        self._envoy = Envoy(self._layout, site.folder / "logs" / "envoy.log")
        self._envoy_keeper = self._envoy.keeper()
        self._fleet = Fleet(site, self._wake_up)
        self._steering = Steering(self._envoy, self._fleet)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._error = ""
        self._thread = threading.Thread(target=self._run, name="local-engine", daemon=True)

    @property
    def admin_url(self) -> str:
        """Where Envoy answers questions about itself."""
        return self._envoy.admin.url

    def start(self) -> None:
        """Start Envoy without any route, and return once it listens.

        Raises:
            PortTakenError: Another program listens on the chosen port.
            ServingEngineError: Envoy does not start; the message says what it said.
        """
        refuse_taken(self._layout.port, "--port")
        refuse_taken(self._layout.admin_port, "--admin-port")
        shutil.rmtree(self._servers, ignore_errors=True)
        self._envoy.publish_clusters({})
        self._envoy.publish_routes({})
        self._envoy_keeper.start()
        self._await_envoy()
        self._thread.start()

    def observe(self, name: str) -> Serving:
        """See `ServingEngine.observe`."""
        with self._lock:
            kept = self._fleet.kept(name)
        ready = frozenset(revision for revision, state in kept.items() if state.ready)
        failed = {revision: state.failed for revision, state in kept.items() if state.failed}
        try:
            routes = self._envoy.admin.routes().get(name, Routes())
        except ServingEngineError as broken:
            said = (str(broken), self._envoy_keeper.kept.last_end, self._error)
            error = "; ".join(part for part in said if part)
            return Serving(ready=ready, failed=failed, routes=None, error=error)
        return Serving(ready=ready, failed=failed, routes=routes, error=self._error)

    def route(self, name: str, routing: Routing) -> None:
        """See `ServingEngine.route`; a routing without revisions takes the deployment away."""
        refuse_unsupported(name, routing)
        with self._lock:
            if self._closing:
                raise ServingEngineError(f"{name}: the engine is being ended; start it again")
            self._steering.want(name, routing)
        self._wake_up()

    def close(self) -> None:
        """End every process; returns once they are gone. A second time does nothing."""
        with self._lock:
            self._closing = True
        self._wake_up()
        if self._thread.ident is not None:
            self._thread.join()
        self._envoy_keeper.stop()
        self._fleet.close()
        self._envoy_keeper.join()
        self._envoy.admin.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _await_envoy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._envoy_keeper.kept.ready:
            kept = self._envoy_keeper.kept
            if kept.failed or time.monotonic() > deadline:
                raise ServingEngineError(f"Envoy does not start: {kept.failed or kept.last_end}")
            time.sleep(0.02)

    def _wake_up(self) -> None:
        self._wake.set()

    def _run(self) -> None:
        while not self._closing:
            self._wake.clear()
            with self._lock:
                unsettled = self._pursued()
            self._wake.wait(LOOK_AGAIN_SECONDS if unsettled else None)

    def _pursued(self) -> bool:
        """Whether to look again soon."""
        if self._closing:
            return False
        try:
            self._steering.pursue()
        except (ServingEngineError, OSError) as broken:
            self._error = str(broken)
            return True
        self._error = ""
        return self._steering.unsettled


def _site(place: Place, runtime: Runtime, resolve: Resolve, pool: PortPool) -> Site:
    folder = place.folder.absolute()
    return Site(
        folder=folder,
        ledger=place.ledger,
        spool=folder / "spool",
        runtime=runtime,
        resolve=resolve,
        pool=pool,
    )


def _layout(place: Place, pool: PortPool) -> Layout:
    folder = place.folder.absolute() / "envoy"
    return Layout(port=place.port, admin_port=place.admin_port or pool.lend(), folder=folder)
