"""The simulated world: an engine and an evidence source on one seeded source of chance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from sluice_operator.errors import ServingEngineError
from sluice_operator.model import (
    Arm,
    Pairs,
    Question,
    Routes,
    Routing,
    Serving,
    Window,
)
from sluice_operator.rollout.ports import Ports
from sluice_operator.simulation.behaviour import Behaviour, Traffic

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Any instant would do; a fixed one keeps traces equal."""


@dataclass(slots=True, kw_only=True)
class World:
    """One deployment's world; implements both ports, and its clock."""

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    """By model URI."""
    traffic: Traffic = field(default_factory=Traffic)
    seed: int = 1
    now: datetime = START
    routes: Routes = field(default_factory=Routes)
    router_down: bool = False
    """The router refuses changes and cannot be read."""
    router_deaf: bool = False
    """The router accepts changes and ignores them."""
    metrics_down: bool = False
    running: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """Revision name to its URI and the time of its start."""
    _flow: dict[str, list[Arm]] = field(default_factory=dict)
    _slow: dict[str, list[Arm]] = field(default_factory=dict)
    _pairs: list[tuple[datetime, str, Pairs]] = field(default_factory=list)
    _chance: np.random.Generator = field(init=False)
    _chance_of_slowness: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._chance = np.random.default_rng(self.seed)
        self._chance_of_slowness = np.random.default_rng((self.seed, 1))

    @property
    def ports(self) -> Ports:
        """This world, as the core sees it."""
        return Ports(serving=self, evidence=self, clock=lambda: self.now)

    def behaviour(self, revision: str) -> Behaviour:
        """How a running revision behaves."""
        return self.behaviours.get(self.running[revision][0], Behaviour())

    def observe(self, name: str) -> Serving:
        """What runs now."""
        failed = {r: b for r in self.running if (b := self.behaviour(r).broken)}
        if self.router_down:
            return Serving(ready=self._ready(), failed=failed, error="router does not answer")
        return Serving(ready=self._ready(), failed=failed, routes=self.routes)

    def route(self, name: str, routing: Routing) -> None:
        """Start what is wanted; change the routes once all who gain by it are ready."""
        for revision in routing.revisions:
            self.running.setdefault(revision.name, (revision.uri, self.now))
        if self.router_down:
            raise ServingEngineError("router does not answer")
        if not self._blocked(routing) and not self.router_deaf:
            self.routes = routing.routes
        keep = {r.name for r in routing.revisions} | {*self.routes.weights, *self.routes.mirror}
        self.running = {name: run for name, run in self.running.items() if name in keep}

    def _blocked(self, routing: Routing) -> bool:
        """Whether somebody would gain traffic who cannot answer.

        A stable that has traffic may always gain: a retreat does not wait until it is back.
        """
        wanted, present = routing.routes, self.routes
        gaining = {r for r, w in wanted.weights.items() if w > present.weights.get(r, 0)}
        gaining |= {r for r, share in wanted.mirror.items() if share > present.mirror.get(r, 0)}
        if routing.stable is not None and routing.stable.name in present.weights:
            gaining.discard(routing.stable.name)
        return not gaining <= self._ready()

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        """Counts since each cursor."""
        return tuple(self._window(question) for question in questions)

    def query_of(self, question: Question) -> str:
        """Nobody can ask a simulated world."""
        return ""

    def advance(self, span: timedelta) -> None:
        """Let time pass and users ask."""
        self.now += span
        asked = int(self._chance.poisson(self.traffic.per_second * span.total_seconds()))
        shares = self.routes.weights
        if shares:
            split = self._chance.multinomial(asked, [w / 100 for w in shares.values()])
            for revision, requests in zip(shares, split, strict=True):
                self._answer(revision, int(requests))
        for revision, percent in self.routes.mirror.items():
            copies = int(self._chance.binomial(asked, percent / 100))
            self._answer(revision, copies)
            self._pair(revision, copies)

    def _ready(self) -> frozenset[str]:
        return frozenset(
            name
            for name, (_, since) in self.running.items()
            if not self.behaviour(name).broken and self.now - since >= self.behaviour(name).startup
        )

    def _answer(self, revision: str, requests: int) -> None:
        bad = int(self._chance.binomial(requests, self.behaviour(revision).error_rate))
        self._flow.setdefault(revision, []).append(Arm(total=requests, bad=bad))
        slow = int(self._chance_of_slowness.binomial(requests, self.behaviour(revision).slow))
        self._slow.setdefault(revision, []).append(Arm(total=requests, bad=slow))

    def _pair(self, revision: str, copies: int) -> None:
        model = self.behaviour(revision)
        same = 1 - model.worse - model.better
        worse, better, equal = self._chance.multinomial(copies, [model.worse, model.better, same])
        pairs = Pairs(worse=int(worse), same=int(equal), better=int(better))
        self._pairs.append((self.now + self.traffic.label_delay, revision, pairs))

    def _window(self, question: Question) -> Window:
        if self.metrics_down:
            return Window(gate=question.gate, cursor=question.cursor, error="no answer")
        if question.comparison == "Paired":
            return self._paired_window(question)
        flow = self._slow if question.metric == "LatencyExceedance" else self._flow
        arms = {r: flow.get(r, []) for r in (question.stable, question.candidate)}
        begins = _positions(question.cursor) or {r: len(arm) for r, arm in arms.items()}
        counts = {r: _total(arm[begins.get(r, 0) :]) for r, arm in arms.items()}
        return Window(
            gate=question.gate,
            cursor=";".join(f"{r}={len(arm)}" for r, arm in arms.items()),
            stable=counts[question.stable],
            candidate=counts[question.candidate],
        )

    def _paired_window(self, question: Question) -> Window:
        since = datetime.fromisoformat(question.cursor) if question.cursor else self.now
        mine = [(at, pairs) for at, name, pairs in self._pairs if name == question.candidate]
        labelled = [pairs for at, pairs in mine if since < at <= self.now]
        waiting = sum(pairs.total for at, pairs in mine if at > self.now)
        return Window(
            gate=question.gate,
            cursor=self.now.isoformat(),
            pairs=Pairs(
                worse=sum(p.worse for p in labelled),
                same=sum(p.same for p in labelled),
                better=sum(p.better for p in labelled),
                unlabelled=waiting,
            ),
        )


def _positions(cursor: str) -> Mapping[str, int]:
    """Empty for a cursor that is empty or not of this world: then counting starts now."""
    parts = [part.rpartition("=") for part in cursor.split(";") if part]
    known = all(revision and position.isdecimal() for revision, _, position in parts)
    return {revision: int(position) for revision, _, position in parts} if known else {}


def _total(flow: list[Arm]) -> Arm:
    return Arm(total=sum(arm.total for arm in flow), bad=sum(arm.bad for arm in flow))
