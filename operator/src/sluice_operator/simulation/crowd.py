"""Users: who asks, who answers, and how it ends, drawn for a block of looks at a time.

What no gate has asked for yet is not drawn, and each kind of count has a source of chance of its
own: a further gate does not change what the others see.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sluice_operator.model import Routes
from sluice_operator.simulation.behaviour import Behaviour, Incident, Traffic
from sluice_operator.simulation.flow import Counts, Flow

BehaviourOf = Callable[[str], Behaviour]
Rates = NDArray[np.float64]

EDGES = ("0.5", "1", "2.5", "0.25", "0.1")
"""Edges that a gate without threshold sees, in seconds, the main one first."""
FALL = 4.0
"""How many times rarer slow answers are from one edge to the next."""
_DAY = timedelta(days=1)

REQUESTS, SLOW, ANSWERED, PAIRS = "requests", "slow", "answered", "pairs"
EDGED, CLASSES, DIFFERS, LABELS, WORTH, INPUTS = (
    "edges",
    "classes",
    "differs",
    "labels",
    "worth",
    "inputs",
)
ON_DEMAND = (EDGED, CLASSES, DIFFERS, LABELS, WORTH, INPUTS)
"""Kinds of counts that are drawn once a gate has asked for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What chance is drawn for."""

    routes: Routes
    traffic: Traffic
    step: timedelta
    """From one look to the next."""


@dataclass(slots=True)
class Crowd:
    """All that was counted since the world began."""

    seed: int
    start: datetime
    looks: int = 0
    """How many looks have passed."""
    ends: list[datetime] = field(default_factory=list)
    """When each look was, also of those that were drawn ahead."""
    ready: list[datetime] = field(default_factory=list)
    """When the labels of the requests before each look are there."""
    wanted: set[str] = field(default_factory=set)
    """Kinds of `ON_DEMAND` that some gate asks for."""
    _flows: dict[tuple[str, str], Flow] = field(default_factory=dict)
    _ahead: Scene | None = None
    """What the looks that are still to come were drawn for."""
    _unrest: float = 0.0
    _chance: dict[str, np.random.Generator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = {
            REQUESTS: np.random.default_rng(self.seed),
            SLOW: np.random.default_rng((self.seed, 1)),
            "unrest": np.random.default_rng((self.seed, 2)),
        }
        for number, kind in enumerate(ON_DEMAND):
            self._chance[kind] = np.random.default_rng((self.seed, 3 + number))

    @property
    def drawn_ahead(self) -> int:
        """Looks that are drawn and have not passed."""
        return len(self.ends) - self.looks

    def foresee(self, scene: Scene, behaviour: BehaviourOf, looks: int) -> None:
        """Draw the coming looks, unless some are left; those of another scene are forgotten."""
        if self._ahead == scene and self.drawn_ahead:
            return
        self._forget()
        self._ahead = scene
        self._draw(scene, behaviour, looks)

    def ask_for(self, kind: str) -> None:
        """From the next look on, this is counted too."""
        if kind in ON_DEMAND and kind not in self.wanted:
            self._forget()
            self.wanted.add(kind)

    def counts(self, kind: str, revision: str, begin: int, end: int) -> tuple[int, ...]:
        """Counts of the looks after `begin`, up to `end`; empty for who was never asked."""
        flow = self._flows.get((kind, revision))
        return flow.between(begin, end) if flow else ()

    @property
    def answered(self) -> int:
        """Answers that users got so far."""
        flows = [flow for (kind, _), flow in self._flows.items() if kind == ANSWERED]
        return sum(flow.between(0, self.looks)[0] for flow in flows)

    def each(self, kind: str, revision: str, looks: Sequence[int]) -> Counts | None:
        """Counts from one of these looks to the next; None for who was never asked."""
        flow = self._flows.get((kind, revision))
        return flow.each(looks) if flow else None

    def looks_before(self, moment: datetime, at: int) -> int:
        """How many looks lie at or before a moment, of the first `at`."""
        return bisect_right(self.ends, moment, 0, at)

    def labelled_before(self, moment: datetime, at: int) -> int:
        """How many looks have all their labels at a moment, of the first `at`."""
        return bisect_right(self.ready, moment, 0, at)

    def _forget(self) -> None:
        if self.drawn_ahead:
            del self.ends[self.looks :], self.ready[self.looks :]
            for flow in self._flows.values():
                flow.cut(self.looks)
        self._ahead = None

    def _draw(self, scene: Scene, behaviour: BehaviourOf, looks: int) -> None:
        begin = self.ends[-1] if self.ends else self.start
        ends = [begin + number * scene.step for number in range(1, looks + 1)]
        traffic, seconds = scene.traffic, scene.step.total_seconds()
        self.ends += ends
        self.ready += [end + traffic.label_delay for end in ends]
        chance = self._chance[REQUESTS]
        load = np.array([load_at(traffic, end - self.start) for end in ends])
        asked = chance.poisson(load * seconds)
        level = self._level(traffic, ends, seconds)
        weights, mirror = scene.routes.weights, scene.routes.mirror
        if weights:
            split = chance.multinomial(asked, _shares(weights, behaviour))
            for revision, requests in zip(weights, split.T, strict=True):
                self._answer(revision, requests, behaviour(revision), traffic, level)
                self._add(
                    ANSWERED, revision, np.column_stack([requests, (requests * level).round()])
                )
        for revision, percent in mirror.items():
            copies = chance.binomial(asked, percent / 100)
            self._answer(revision, copies, behaviour(revision), traffic, level)
            self._pair(revision, copies, behaviour(revision))

    def _level(self, traffic: Traffic, ends: Sequence[datetime], seconds: float) -> Rates:
        """How many times as often as usual everybody fails, look by look."""
        level = np.array([incident_at(traffic.incidents, end - self.start) for end in ends])
        if not traffic.unrest:
            return level
        keep = float(np.exp(-seconds / traffic.unrest_lasts.total_seconds()))
        shocks = self._chance["unrest"].normal(0.0, traffic.unrest, len(ends))
        for number, shock in enumerate((1 - keep**2) ** 0.5 * shocks):
            self._unrest = keep * self._unrest + shock
            level[number] *= np.exp(self._unrest - traffic.unrest**2 / 2)
        return level

    def _answer(
        self, revision: str, requests: Counts, model: Behaviour, traffic: Traffic, level: Rates
    ) -> None:
        rates = np.minimum(model.error_rate * level, 1.0)
        bad = self._chance[REQUESTS].binomial(requests, rates)
        again = traffic.retries * bad
        self._add(REQUESTS, revision, np.column_stack([requests + again, bad + again]))
        slow = self._chance[SLOW].binomial(requests, model.slow)
        self._add(SLOW, revision, np.column_stack([requests, slow]))
        if EDGED in self.wanted:
            self._add(EDGED, revision, self._edges(requests, slow, model))
        if CLASSES in self.wanted:
            self._deal(CLASSES, revision, requests, model.classes)
        if INPUTS in self.wanted:
            self._deal(INPUTS, revision, requests, traffic.inputs)
        if LABELS in self.wanted:
            chance = self._chance[LABELS]
            labelled = chance.binomial(requests, model.coverage)
            wrong = chance.binomial(labelled, model.wrong)
            self._add(LABELS, revision, np.column_stack([requests, labelled, wrong]))
        if WORTH in self.wanted:
            shares = [share for _, share in model.worth]
            self._deal(WORTH, revision, requests, (1 - sum(shares), *shares))

    def _deal(self, kind: str, revision: str, requests: Counts, shares: tuple[float, ...]) -> None:
        self._add(kind, revision, self._chance[kind].multinomial(requests, shares))

    def _edges(self, requests: Counts, slow: Counts, model: Behaviour) -> Counts:
        """Slow answers at each of `EDGES`: what is beyond a far edge is beyond a near one."""
        chance = self._chance[EDGED]
        far = chance.binomial(slow, 1 / FALL)
        farther = chance.binomial(far, 1 / FALL)
        near = slow + chance.binomial(requests - slow, _more(model.slow))
        nearer = near + chance.binomial(requests - near, _more(min(FALL * model.slow, 1.0)))
        return np.column_stack([requests, slow, far, farther, near, nearer])

    def _pair(self, revision: str, copies: Counts, model: Behaviour) -> None:
        shares = [model.worse, model.better, 1 - model.worse - model.better]
        self._add(PAIRS, revision, self._chance[REQUESTS].multinomial(copies, shares))
        if DIFFERS in self.wanted:
            differs = self._chance[DIFFERS].binomial(copies, model.differs)
            self._add(DIFFERS, revision, np.column_stack([differs, copies - differs]))

    def _add(self, kind: str, revision: str, rows: Counts | Rates) -> None:
        width = rows.shape[1]
        self._flows.setdefault((kind, revision), Flow(width)).add(
            self.looks + 1, rows.astype(np.int64)
        )


def load_at(traffic: Traffic, since: timedelta) -> float:
    """Requests a second at a time after the start."""
    if not traffic.daily:
        return traffic.per_second
    return traffic.per_second * (
        1 + traffic.daily * float(np.sin(2 * np.pi * ((since + traffic.daybreak) / _DAY)))
    )


def incident_at(incidents: Sequence[Incident], since: timedelta) -> float:
    """How many times as often as usual everybody fails at a time after the start."""
    factor = 1.0
    for incident in incidents:
        if incident.begins < since <= incident.begins + incident.lasts:
            factor = max(factor, incident.factor)
    return factor


def _shares(weights: Mapping[str, int], behaviour: BehaviourOf) -> list[float]:
    pulls = [weight / 100 * behaviour(name).pull for name, weight in weights.items()]
    if all(behaviour(name).pull == 1.0 for name in weights):
        return pulls
    return [pull / sum(pulls) for pull in pulls]


def _more(slow: float) -> float:
    """Chance that an answer within one edge is beyond the next nearer one."""
    nearer = min(FALL * slow, 1.0)
    return (nearer - slow) / (1 - slow) if slow < 1 else 0.0
