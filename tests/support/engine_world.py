"""A running engine with one deployment, and a client that counts what users see.

`EngineWorld` is what a contract test may use; another engine joins the suite by another maker of
worlds in tests/contracts/engine/conftest.py.
"""

import contextlib
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from eventually import eventually
from packages import loan_package
from sluice_ledger.url import url_of
from sluice_operator.model import Revision, Routing, Serving
from sluice_operator.rollout.ports import ServingEngine
from sluice_operator.serving.local import LocalEngine, Place
from sluice_operator.serving.port import PortPool
from sluice_operator.serving.runtime import MlServerRuntime, Runtime
from standin_runtime import StandInRuntime, received, standin

DEPLOYMENT = "loans"
ROUTE = "x-sluice-route"
LOAN = {
    "inputs": [
        {"name": "amount", "shape": [1], "datatype": "FP64", "data": [1200.0]},
        {"name": "age", "shape": [1], "datatype": "INT64", "data": [41]},
        {"name": "region", "shape": [1], "datatype": "BYTES", "data": ["north"]},
        {"name": "member", "shape": [1], "datatype": "BOOL", "data": [True]},
    ]
}
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """What a user saw."""

    status: int
    revision: str
    request_id: str


@dataclass
class EngineWorld:
    """An engine, two revisions of one deployment, and a user."""

    engine: ServingEngine
    url: str
    one: Revision
    two: Revision
    seen_by: Callable[[Revision], list[tuple[str, bool]]]
    """Request ids that a revision got, each with whether it was a copy."""
    another: Callable[[str], Revision]
    """A third revision that has not run before; it takes a while to become ready."""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20, trust_env=False))

    def ask(self, **headers: str) -> Answer:
        """One request of a user."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.url}/v2/models/{DEPLOYMENT}/infer"
        answer = self.client.post(url, json=LOAN, headers=names)
        route, request_id = answer.headers.get(ROUTE, ""), answer.headers.get("x-request-id", "")
        return Answer(answer.status_code, route, request_id)

    def count(self, requests: int, **headers: str) -> Counter[str]:
        """How many of some requests each revision answered."""
        return Counter(self.ask(**headers).revision for _ in range(requests))

    def observe(self) -> Serving:
        return self.engine.observe(DEPLOYMENT)

    def route(self, routing: Routing) -> None:
        self.engine.route(DEPLOYMENT, routing)

    def settle(self, routing: Routing, within: float = 60) -> None:
        """Route, and wait until the router reports it and all revisions answer."""
        self.route(routing)
        eventually(lambda: self.is_settled(routing), within)

    def is_settled(self, routing: Routing) -> bool:
        seen = self.observe()
        ready = {revision.name for revision in routing.revisions} <= seen.ready
        return ready and seen.routes == routing.routes

    def both(self, weight: int = 0, mirror: int = 0) -> Routing:
        """Revision one in charge, two on trial."""
        return Routing(stable=self.one, candidate=self.two, weight=weight, mirror=mirror)

    @contextlib.contextmanager
    def load(self, users: int = 2) -> Iterator["Load"]:
        """Users that ask without pause while the block runs."""
        load = Load(self.url)
        threads = [threading.Thread(target=load.run) for _ in range(users)]
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: load.answers)
            yield load
        finally:
            load.over.set()
            for thread in threads:
                thread.join()


class Load:
    """Requests without pause, each with the moment at which it was sent and answered."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/v2/models/{DEPLOYMENT}/infer"
        self.over = threading.Event()
        self.answers: list[tuple[float, float, int, str]] = []

    def run(self) -> None:
        with httpx.Client(timeout=20, trust_env=False) as client:
            while not self.over.is_set():
                sent = time.monotonic()
                try:
                    answer = client.post(self._url, json=LOAN)
                    status, revision = answer.status_code, answer.headers.get(ROUTE, "")
                except httpx.HTTPError:
                    status, revision = 0, ""
                self.answers.append((sent, time.monotonic(), status, revision))

    @property
    def failed(self) -> int:
        """Requests that ended in anything but 200."""
        return sum(status != httpx.codes.OK for _, _, status, _ in self.answers)

    def sent_after(self, moment: float) -> list[str]:
        """Who answered the requests that were sent after a moment."""
        return [revision for sent, _, _, revision in list(self.answers) if sent > moment]

    def by(self, revision: str, after: float) -> bool:
        """Whether a revision answered a request that was sent after a moment."""
        return revision in self.sent_after(after)


@contextlib.contextmanager
def standin_world(folder: Path) -> Iterator[EngineWorld]:
    """Real Envoy, stand-in model servers."""
    models = folder / "models"
    with local_engine(folder, StandInRuntime()) as (engine, url):
        yield EngineWorld(
            engine=engine,
            url=url,
            one=standin(models, "loans-one"),
            two=standin(models, "loans-two"),
            seen_by=_received,
            another=lambda name: standin(models, name),
        )


@contextlib.contextmanager
def mlserver_world(folder: Path) -> Iterator[EngineWorld]:
    """Real Envoy, real MLServer, real packages, real ledger."""
    ledger = folder / "ledger.db"
    runtime = MlServerRuntime(python=ROOT / "serving" / ".venv" / "bin" / "python")
    with local_engine(folder, runtime, ledger=url_of(ledger)) as (engine, url):
        yield EngineWorld(
            engine=engine,
            url=url,
            one=packaged(folder, "loans-one"),
            two=packaged(folder, "loans-two"),
            seen_by=lambda revision: _recorded(ledger, revision),
            another=lambda name: packaged(folder, name),
        )


@contextlib.contextmanager
def local_engine(
    folder: Path, runtime: Runtime, ledger: str = ""
) -> Iterator[tuple[LocalEngine, str]]:
    """A local engine and the address at which its users ask."""
    port = PortPool().lend()
    with LocalEngine(Place(folder=folder, port=port, ledger=ledger), runtime) as engine:
        yield engine, f"http://127.0.0.1:{port}"


def packaged(folder: Path, name: str) -> Revision:
    """A revision with a real model package."""
    package = folder / "packages" / name
    return Revision(name=name, uri=str(package), digest=loan_package(package))


def _received(revision: Revision) -> list[tuple[str, bool]]:
    asked = [request["headers"] for request in received(revision)]
    return [(headers["x-request-id"], "x-sluice-mirror" in headers) for headers in asked]


def _recorded(ledger: Path, revision: Revision) -> list[tuple[str, bool]]:
    """What the revision itself has sent to the ledger."""
    query = "SELECT request_id, mirrored FROM prediction WHERE revision = ?"
    with contextlib.closing(sqlite3.connect(ledger)) as rows:
        found: list[tuple[Any, Any]] = rows.execute(query, (revision.name,)).fetchall()
    return [(name, bool(mirrored)) for name, mirrored in found if not name.startswith("smoke-")]
