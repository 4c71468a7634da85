"""The simulated world: an engine and an evidence source on one seeded source of chance."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sluice_operator.errors import ServingEngineError
from sluice_operator.model import (
    Arm,
    Question,
    Routes,
    Routing,
    Serving,
    Window,
)
from sluice_operator.rollout.ports import Ports
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.crowd import ANSWERED, REQUESTS, SLOW, Crowd, Scene
from sluice_operator.simulation.flow import Counts
from sluice_operator.simulation.tally import columns_at, kind_of, window_at

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
    block: int = 1
    """Looks for which chance is drawn at a time. More are faster, and then models and traffic
    must not change any more."""
    _crowd: Crowd = field(init=False)

    def __post_init__(self) -> None:
        self._crowd = Crowd(seed=self.seed, start=self.now)

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
        return tuple(self.window(question) for question in questions)

    def window(self, question: Question, ahead: int = 0) -> Window:
        """The answer to one question, now or so many looks ahead of now."""
        if self.metrics_down:
            return question.unanswered("no answer", away=True)
        self._crowd.ask_for(kind_of(question))
        looks = self._crowd.looks + ahead
        return window_at(self._crowd, question, looks, self.behaviour, self.traffic)

    def columns(self, question: Question, looks: int) -> Counts | None:
        """Counts of each of the coming looks, as the judge's plain families take them."""
        if self.metrics_down:
            return None
        self._crowd.ask_for(kind_of(question))
        return columns_at(self._crowd, question, looks)

    def query_of(self, question: Question) -> str:
        """Nobody can ask a simulated world."""
        return ""

    def advance(self, span: timedelta) -> None:
        """Let time pass and users ask."""
        self.foresee(span)
        self.now += span
        self._crowd.looks += 1

    def leap(self, looks: int, step: timedelta) -> None:
        """Let some of the looks pass that are known ahead."""
        assert looks <= self.foresee(step)
        self.now += looks * step
        self._crowd.looks += looks

    def foresee(self, step: timedelta) -> int:
        """How many looks of that length are known ahead, one at least."""
        scene = Scene(routes=self.routes, traffic=self.traffic, step=step)
        self._crowd.foresee(scene, self.behaviour, self.block)
        return self._crowd.drawn_ahead

    def answered(self, revision: str) -> tuple[int, int]:
        """Answers that users got of it so far, and the same, weighted by the trouble of all."""
        count, weighted = self._crowd.counts(ANSWERED, revision, 0, self._crowd.looks) or (0, 0)
        return count, weighted

    @property
    def answered_by_all(self) -> int:
        """Answers that users got so far."""
        return self._crowd.answered

    def last_answers(self, revision: str) -> tuple[Arm, Arm]:
        """Of the last look: failed ones of all, and slow ones of all."""
        looks = self._crowd.looks
        (asked, bad), (answers, slow) = (
            self._crowd.counts(kind, revision, looks - 1, looks) or (0, 0)
            for kind in (REQUESTS, SLOW)
        )
        return Arm(total=asked, bad=bad), Arm(total=answers, bad=slow)

    def _ready(self) -> frozenset[str]:
        return frozenset(
            name
            for name, (_, since) in self.running.items()
            if not self.behaviour(name).broken and self.now - since >= self.behaviour(name).startup
        )
