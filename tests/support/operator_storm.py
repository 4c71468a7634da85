"""One rollout in a storm: faults at every call, kills, stale watches, two operators, wrong clocks.

Everything follows from the seed. The operators are the real turns and scribes with the real Seldon
engine; the API server, Seldon and Prometheus are played, and time leaps. Afterwards the oracle
reads the API server's log, and whatever is not at rest is stuck.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from cluster_fault import FaultPlan, FaultyCluster, Killed
from cluster_watch import Watch, WatchFaults
from memory_cluster import MemoryCluster
from operator_oracle import Oracle
from operator_seldon import GENERATIONS
from operator_story import DEEDS, KEY, NAME, V2_GOOD, V3_BAD, V4_BROKEN, Deed
from seldon_painter import SeldonPainter
from seldon_states import Manner
from sluice_operator.cluster.kind import (
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    VIRTUAL_SERVICE,
    Kind,
    Object,
)
from sluice_operator.cluster.store import Store
from sluice_operator.controller.feed import Feed
from sluice_operator.controller.queue import WorkQueue
from sluice_operator.controller.scribe import Scribe
from sluice_operator.controller.shelf import Shelf
from sluice_operator.controller.turn import Pace, Turns
from sluice_operator.controller.turn import World as Surroundings
from sluice_operator.errors import ClusterError
from sluice_operator.model import Routes
from sluice_operator.rollout.ports import Ports
from sluice_operator.seldon.engine import SeldonEngine, SeldonPorts
from sluice_operator.seldon.istio import routes_of
from sluice_operator.seldon.place import place_of
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.world import START, World

OWN_KINDS = (MODEL_DEPLOYMENT, ROLLOUT_ACTION)
TICK = timedelta(seconds=1)
MOST_TURNS = 25
"""Looks of one operator at one moment; more would be a loop without a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What goes wrong in one run."""

    plan: FaultPlan = field(default_factory=FaultPlan)
    watch: WatchFaults = field(default_factory=WatchFaults)
    operators: int = 1
    """All act, as if each held the lease."""
    clock_jumps: bool = False
    """A restarted operator finds the machine's clock up to ten minutes off."""
    calm_after: int = 150
    """Second after which calls and watches are honest, and nobody is killed."""
    longest: int = 1500


@dataclass(slots=True)
class Outcome:
    """What came of one run."""

    wrong: list[str]
    stuck: str
    kills: int
    calls: int
    turns: int
    seconds: int


class Replica:
    """One operator process."""

    def __init__(self, storm: "Storm", seed: int, plan: FaultPlan) -> None:
        self.storm = storm
        self.cluster = FaultyCluster(storm.memory, plan)
        self.offset = storm.clock_offset()
        self.queue = WorkQueue(storm.seconds)
        self.feed = Feed(store=Store(), shelf=Shelf(), queue=self.queue)
        self.kinds = (*OWN_KINDS, *storm.seldon.kinds)
        faults = storm.weather.watch if storm.stormy else WatchFaults()
        self.watches = {
            kind: Watch(storm.memory, kind, faults=faults, seed=seed + number)
            for number, kind in enumerate(self.kinds)
        }
        self.chance = random.Random(seed)
        self.relist = faults.relist
        self.turns = Turns(self._surroundings(), Pace(poll_seconds=2))
        self.scribe = Scribe(self.cluster, self.feed.store, self.turns.memory)
        self.ready = False
        self.looks = 0

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            cluster=self.cluster,
            store=self.feed.store,
            shelf=self.feed.shelf,
            ports=self._ports,
            unsettled=lambda body, spec, routing: self._engine(body, spec).unsettled(routing),
            clock=self.clock,
        )

    def clock(self) -> Any:
        """The present as this process sees it."""
        return self.storm.world.now + self.offset

    def _engine(self, body: Object, spec: Any) -> SeldonEngine:
        ports = SeldonPorts(
            cluster=self.cluster,
            store=self.feed.store,
            report=self.storm.seldon.report(self.storm.painter, self.feed.store),
            resolve=lambda revision: revision.uri,
            clock=self.clock,
        )
        place = place_of(*KEY, body["metadata"]["uid"], spec, "")
        return SeldonEngine(place, self.storm.seldon.dialect, ports)

    def _ports(self, body: Object, spec: Any) -> Ports:
        serving = self._engine(body, spec)
        return Ports(serving=serving, evidence=self.storm.world, clock=self.clock)

    def step(self) -> None:
        """One second of this process.

        Raises:
            Killed: It did not live to its end.
        """
        if not self.ready:
            self._read_all()
        self._hear()
        for _ in range(MOST_TURNS):
            key = self.queue.take(0)
            if key is None:
                return
            self.looks += 1
            wait = self.turns.turn(key)
            self.queue.done(key)
            if wait is not None:
                self.queue.add(key, wait)
            self.scribe.write(key)

    def _read_all(self) -> None:
        try:
            self.feed.read_all(self.cluster, self.kinds, ())
        except ClusterError:
            return
        self.ready = True
        self.queue.add(KEY)

    def _hear(self) -> None:
        for kind, watch in self.watches.items():
            if self.relist and self.chance.random() < self.relist:
                self._hear_list(kind, watch)
            for event in watch.poll():
                self.feed(kind, event.what, event.body)

    def _hear_list(self, kind: Kind, watch: Watch) -> None:
        """A watch that begins anew tells everything once more, perhaps from an old list."""
        for body in watch.relist():
            self.feed(kind, "", body)


@dataclass
class Storm:
    """One run."""

    seed: int
    story: tuple[Deed, ...]
    weather: Weather
    version: str = "2.6.0"
    """Of Seldon; decides on the generation too."""

    def __post_init__(self) -> None:
        self.seldon = GENERATIONS[self.version]
        self.chance = random.Random(self.seed)
        good, bad = Behaviour(), Behaviour(error_rate=0.3)
        self.world = World(
            behaviours={V2_GOOD: good, V3_BAD: bad},
            traffic=Traffic(per_second=60),
            seed=self.seed,
        )
        self.memory = MemoryCluster(clock=lambda: self.world.now)
        manner = Manner(
            version=self.version,
            load_seconds=2,
            route_seconds=1,
            failing={V4_BROKEN: "digest differs"},
        )
        self.painter = SeldonPainter(self.memory, self.seconds, manner)
        self.stormy = True
        self.kills = self.calls = self.looks = 0
        self.pending = sorted(self.story)
        self.meddled: set[int] = set()
        self.meddler = False
        self.replicas: list[Replica] = []

    def seconds(self) -> float:
        """Since the beginning."""
        return (self.world.now - START).total_seconds()

    def clock_offset(self) -> timedelta:
        """How wrong the clock of a new process is."""
        if not self.weather.clock_jumps:
            return timedelta(0)
        return timedelta(seconds=self.chance.uniform(-600, 600))

    def run(self) -> Outcome:
        """The whole run, and its judgement."""
        for _ in range(self.weather.operators):
            self._start(self.weather.plan)
        second = 0
        while second < self.weather.longest:
            self._second(second)
            second += 1
            if second > self.weather.calm_after + 30 and not self.pending and not self.unrest():
                break
        others = frozenset(self.meddled)
        oracle = Oracle(bad_uris=frozenset({V3_BAD, V4_BROKEN}), others=others)
        return Outcome(
            wrong=oracle.read(self.memory),
            stuck=self.unrest(),
            kills=self.kills,
            calls=self.calls + sum(one.cluster.calls for one in self.replicas),
            turns=self.looks + sum(one.looks for one in self.replicas),
            seconds=second,
        )

    def _start(self, plan: FaultPlan) -> None:
        seed = self.chance.randrange(2**32)
        self.replicas.append(Replica(self, seed, replace(plan, seed=seed)))

    def _second(self, second: int) -> None:
        if self.stormy and second >= self.weather.calm_after:
            self._calm()
        while self.pending and self.pending[0][0] <= second:
            _, what, about = self.pending.pop(0)
            DEEDS[what](self, about)
        if self.meddler:
            DEEDS["meddles"](self, "")
        self.painter.look()
        self.painter.advance()
        for one in list(self.replicas):
            try:
                one.step()
            except Killed:
                self._bury(one)
        self._flow()
        self.world.advance(TICK)

    def _bury(self, dead: Replica) -> None:
        """Another process takes its place; what the dead one had sent may still arrive."""
        self.kills += 1
        self.calls += dead.cluster.calls
        self.looks += dead.looks
        self.replicas.remove(dead)
        late = self.chance.random() < 0.5
        if not late:
            dead.cluster.land()
        plan = self.weather.plan
        again = plan.kill_at and self.chance.random() < 0.7
        self._start(replace(plan, kill_at=self.chance.randrange(3, 60) if again else 0))
        if late:  # in the middle of what its successor does
            self.replicas[-1].cluster.interrupt(self.chance.randrange(1, 40), dead.cluster.land)

    def _calm(self) -> None:
        """From now on everybody is honest; processes start anew once more."""
        self.stormy = False
        for one in self.replicas:
            one.cluster.land()
            self.calls += one.cluster.calls
            self.looks += one.looks
        self.replicas.clear()
        self.painter.away, self.painter.unreadable = False, ""
        self.world.metrics_down = self.meddler = False
        self._start(FaultPlan())

    def _flow(self) -> None:
        """Users meet the routes that are really in force."""
        body = self.memory.get(MODEL_DEPLOYMENT, *KEY)
        for name, uri in self.seldon.uris(self.memory).items():
            self.world.running.setdefault(name, (uri, self.world.now))
        routes = Routes() if body is None else self._routes()
        self.world.routes = Routes(
            weights={name: w for name, w in routes.weights.items() if name in self.world.running},
            mirror=routes.mirror,
        )

    def _routes(self) -> Routes:
        if not self.seldon.has_entry:
            held = self.memory.get(VIRTUAL_SERVICE, *KEY)
            return Routes() if held is None else routes_of(held, NAME)
        route = self.painter._routes.get(KEY)
        return Routes() if route is None else route.at(self.seconds())

    def unrest(self) -> str:
        """What is not at rest, in words; empty when everything is."""
        body = self.memory.get(MODEL_DEPLOYMENT, *KEY)
        models = set(self.seldon.uris(self.memory))
        if body is None:
            left = self.seldon.left(self.memory)
            return f"left behind: {sorted(left)}" if left else ""
        if body["metadata"].get("deletionTimestamp"):
            return "deleted, and still there"
        waiting = self.memory.list(ROLLOUT_ACTION)
        if not all("status" in one for one in waiting):
            return "an action without a result"
        return self._not_resting(body.get("status", {}), models)

    def _not_resting(self, status: dict[str, Any], models: set[str]) -> str:
        if status.get("phase") == "Paused":
            by_hand = status["pause"]["reason"] == "Manual"
            return "" if by_hand else f"paused: {status['pause']}"
        if status.get("phase") == "Failed":
            return "" if status["candidate"]["uri"] == V4_BROKEN else f"failed: {status}"
        if status.get("phase") not in {"Healthy", "RolledBack"}:
            return f"phase {status.get('phase')}: {status.get('message')}"
        stable = status["stable"]["name"]
        if (found := self._routes()) != Routes(weights={stable: 100}):
            return f"routes {found}, stable {stable}"
        wanted = {stable, NAME} if self.seldon.has_entry else {stable}
        return "" if models == wanted else f"models {sorted(models)}, stable {stable}"
