"""Where gates are answered from: two revisions that answer requests, and a source that counts them.

`EvidenceWorld` is all that a contract test may use; another source joins the suite by another maker
in tests/contracts/evidence/conftest.py.
"""

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
from engine_world import ROUTE, EngineWorld, standin_world
from eventually import eventually
from prometheus_exporter import Exporter, exporter
from prometheus_server import PrometheusServer, prometheus
from sluice_operator.evidence.envoy import EnvoyEvidence
from sluice_operator.evidence.family import SELDON_V2
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.model import Arm, Question, Routes, Window
from sluice_operator.rollout.ports import EvidenceSource
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.world import World
from standin_runtime import behave

THRESHOLD = timedelta(seconds=1)
SLOW_SECONDS = 1.3


class EvidenceWorld(Protocol):
    """A source of evidence and what it counts."""

    stable: str
    candidate: str
    source: EvidenceSource
    metrics: tuple[str, ...]
    """What is counted of the requests that it serves."""

    def serve(self, revision: str, *, good: int = 0, bad: int = 0, slow: int = 0) -> Counter[str]:
        """Answer some requests; the answer says how many: `total`, `bad`, `slow`."""
        ...

    def settle(self) -> None:
        """Wait until all that was answered can be counted."""
        ...

    def take_away(self) -> None:
        """From now on the source cannot be read; the revisions may still be asked."""
        ...

    def bring_back(self) -> None:
        """It can be read again."""
        ...

    def forget(self) -> None:
        """Counters begin anew, as if what holds them had been restarted."""
        ...


@dataclass
class Ledgered:
    """What a reader of windows has been told, and the cursor to go on from."""

    world: EvidenceWorld
    metric: str
    cursor: str = ""
    told: dict[str, Arm] = field(default_factory=dict)

    def question(self, **edit: Any) -> Question:
        latency = self.metric == "LatencyExceedance"
        return Question(
            **{
                "gate": "gate",
                "metric": self.metric,
                "comparison": "Relative",
                "stable": self.world.stable,
                "candidate": self.world.candidate,
                "cursor": self.cursor,
                "threshold": THRESHOLD if latency else None,
                **edit,
            }
        )

    def ask(self, **edit: Any) -> Window:
        (window,) = self.world.source.windows("churn", (self.question(**edit),))
        return window

    def read(self) -> Window:
        """One window, taken into account."""
        window = self.ask()
        if not window.error:
            assert window.stable
            assert window.candidate
            pairs = {self.world.stable: window.stable, self.world.candidate: window.candidate}
            self.told = {name: _sum(self.told.get(name), arm) for name, arm in pairs.items()}
            self.cursor = window.cursor
        return window

    def begin(self) -> None:
        """Start to count now."""
        self.world.settle()
        eventually(lambda: not self.read().error, 30)
        assert set(self.told.values()) == {Arm(total=0, bad=0)}

    def expect(self, *served: Counter[str]) -> None:
        """Read on until all of this was counted; never more than that."""
        wanted = {
            name: self._arm(name, served) for name in (self.world.stable, self.world.candidate)
        }

        def is_all() -> bool:
            self.read()
            for name, arm in self.told.items():
                if arm.total > wanted[name].total or arm.bad > wanted[name].bad:
                    raise OverflowError(f"{name}: {arm} counted, {wanted[name]} happened")
            return self.told == wanted

        eventually(is_all, 30)

    def _arm(self, name: str, served: tuple[Counter[str], ...]) -> Arm:
        mine = sum((one for one in served if one[name]), Counter[str]())
        kind = "slow" if self.metric == "LatencyExceedance" else "bad"
        return Arm(total=mine["total"], bad=mine[kind])


def _sum(one: Arm | None, other: Arm) -> Arm:
    return other if one is None else Arm(total=one.total + other.total, bad=one.bad + other.bad)


def _served(revision: str, good: int, bad: int, slow: int) -> Counter[str]:
    return Counter({revision: 1, "total": good + bad + slow, "bad": bad, "slow": slow})


@dataclass
class EnvoyWorld:
    """Real Envoy in front of stand-in servers."""

    engine: EngineWorld
    envoy_pid: int
    source: EnvoyEvidence
    metrics: tuple[str, ...] = ("ErrorRate", "LatencyExceedance", "SampleRatio")
    stable: str = "loans-one"
    candidate: str = "loans-two"
    answered: Counter[str] = field(default_factory=Counter)

    def serve(self, revision: str, *, good: int = 0, bad: int = 0, slow: int = 0) -> Counter[str]:
        of = self.engine.one if revision == self.stable else self.engine.two
        for count, behaviour in (
            (good, {}),
            (bad, {"status": 500}),
            (slow, {"delay_seconds": SLOW_SECONDS}),
        ):
            behave(of, **behaviour)
            with ThreadPoolExecutor(4) as users:
                answers = list(users.map(lambda _: self._ask(revision), range(count)))
            assert set(answers) <= {revision}
        self.answered[revision] += good + bad + slow
        return _served(revision, good, bad, slow)

    def _ask(self, revision: str) -> str:
        return self.engine.ask(**{ROUTE.replace("-", "_"): revision}).revision

    def settle(self) -> None:
        eventually(self._is_flushed, 20)

    def _is_flushed(self) -> bool:
        form = {"filter": "upstream_rq_time$", "format": "json", "histogram_buckets": "cumulative"}
        url = f"{self.engine.engine.admin_url}/stats"
        stats = httpx.get(url, params=form, trust_env=False).json()["stats"]
        counted = {
            one["name"].split(".")[1]: one["buckets"][-1]["cumulative"]
            for stat in stats
            for one in stat.get("histograms", ())
            if one["name"].count(".") == 2
        }
        return all(counted.get(name, 0) == count for name, count in self.answered.items())

    def take_away(self) -> None:
        os.kill(self.envoy_pid, signal.SIGSTOP)

    def bring_back(self) -> None:
        os.kill(self.envoy_pid, signal.SIGCONT)

    def forget(self) -> None:
        """Envoy is killed; its keeper starts another."""
        keeper = self.engine.engine._envoy_keeper
        os.kill(self.envoy_pid, signal.SIGKILL)
        eventually(lambda: keeper.kept.pid not in {None, self.envoy_pid}, 30)
        self.envoy_pid = keeper.kept.pid
        eventually(lambda: self.engine.is_settled(self.engine.both(weight=50)), 30)
        self.answered.clear()


@contextlib.contextmanager
def envoy_world(folder: Path) -> Iterator[EvidenceWorld]:
    """Envoy's counters, as on a laptop."""
    with standin_world(folder) as engine:
        engine.settle(engine.both(weight=50))
        source = EnvoyEvidence(engine.engine.admin_url)
        yield EnvoyWorld(engine, engine.engine._envoy_keeper.kept.pid, source)
        source.close()


@dataclass
class PrometheusWorld:
    """Real Prometheus that scrapes a model server's counters."""

    server: PrometheusServer
    exporter: Exporter
    source: PrometheusEvidence
    metrics: tuple[str, ...] = ("ErrorRate", "LatencyExceedance", "SampleRatio")
    stable: str = "churn-0000000a"
    candidate: str = "churn-0000000b"
    answered: Counter[str] = field(default_factory=Counter)

    def serve(self, revision: str, *, good: int = 0, bad: int = 0, slow: int = 0) -> Counter[str]:
        self.exporter.serve(revision, good=good, bad=bad)
        self.exporter.serve(revision, good=slow, seconds=SLOW_SECONDS)
        self.answered[revision] += good + bad + slow
        return _served(revision, good, bad, slow)

    def settle(self) -> None:
        eventually(lambda: all(self._is_scraped(name) for name in self.answered), 20)

    def _is_scraped(self, revision: str) -> bool:
        """Both families are exported together, so one tells of the other."""
        query = f'sum(sluice_request_seconds_count{{revision="{revision}"}})'
        return self.server.number(query) == self.answered[revision]

    def take_away(self) -> None:
        self.server.stop()

    def bring_back(self) -> None:
        self.server.start()

    def forget(self) -> None:
        """The model server is restarted; both revisions have a request soon after."""
        self.settle()
        self.exporter.restart()
        self.answered.clear()


@contextlib.contextmanager
def prometheus_world(folder: Path) -> Iterator[EvidenceWorld]:
    """Prometheus, as in a cluster."""
    with exporter() as one, prometheus(folder, [one.target]) as server:
        api = PrometheusApi(Access(url=server.url, rest_seconds=0.2))
        shared = Prometheus(api, refresh_seconds=0.1, warm_seconds=0)
        world = PrometheusWorld(server, one, PrometheusEvidence(shared, SELDON_V2))
        for name in (world.stable, world.candidate):
            world.serve(name, good=1)
        yield world
        shared.close()


@dataclass
class SimulatedWorld:
    """The world in which policies are rehearsed."""

    world: World
    metrics: tuple[str, ...] = ("ErrorRate", "LatencyExceedance")
    stable: str = "churn-0000000a"
    candidate: str = "churn-0000000b"

    @property
    def source(self) -> EvidenceSource:
        return self.world

    def serve(self, revision: str, *, good: int = 0, bad: int = 0, slow: int = 0) -> Counter[str]:
        """Users come by chance here: about so many, and what they got is read off."""
        self.world.routes = Routes(weights={revision: 100})
        found: Counter[str] = Counter({revision: 1})
        for count, behaviour in (
            (good, Behaviour(error_rate=0, slow=0)),
            (bad, Behaviour(error_rate=1, slow=0)),
            (slow, Behaviour(error_rate=0, slow=1)),
        ):
            if count:
                self.world.behaviours[revision] = behaviour
                self.world.advance(timedelta(seconds=count))
                failed, slowed = self.world.last_answers(revision)
                found += Counter(total=failed.total, bad=failed.bad, slow=slowed.bad)
        self.world.routes = Routes()
        return found

    def settle(self) -> None:
        """Time leaps: all can be counted."""

    def take_away(self) -> None:
        self.world.metrics_down = True

    def bring_back(self) -> None:
        self.world.metrics_down = False

    def forget(self) -> None:
        """Nothing that counts is ever restarted here."""


@contextlib.contextmanager
def simulated_world(folder: Path) -> Iterator[EvidenceWorld]:
    """The simulator's world."""
    world = World(traffic=Traffic(per_second=3))
    simulated = SimulatedWorld(world)
    for name in (simulated.stable, simulated.candidate):
        world.running[name] = (name, world.now)
    yield simulated
