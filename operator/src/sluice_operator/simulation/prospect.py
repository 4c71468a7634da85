"""How long gates take to be proven safe, were the candidate as good as stable: can a plan work?

The judge alone, on traffic of the simulated world, in windows that grow with time: looking less
often costs little evidence, and days are over in a hundred looks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from sluice_operator.api.v1alpha1 import Comparison, Gate, OnInconclusive, Spec, Step
from sluice_operator.model import Observation, Question, Revision, Routing, Verdict
from sluice_operator.rollout.attend import attend
from sluice_operator.rollout.gate import fresh_gates, questions_due
from sluice_operator.rollout.status import Phase, Status
from sluice_operator.simulation.rehearsal import STABLE_URI, Users
from sluice_operator.simulation.world import World

FIRST_WINDOW, GROWTH, HORIZON = timedelta(seconds=30), 1.15, timedelta(days=90)
RUNS = 20
OFTEN = 0.9
WIDER = {
    Comparison.RELATIVE: (1.5, 2.0, 3.0, 5.0, 10.0),
    Comparison.ABSOLUTE: (0.005, 0.01, 0.02, 0.05, 0.1),
    Comparison.PAIRED: (0.005, 0.01, 0.02, 0.03, 0.05),
}
"""Margins that are tried in place of one that takes too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which traffic a gate is judged under."""

    weight: int = 0
    mirror: int = 0

    @property
    def words(self) -> str:
        """The same in words."""
        return f"weight {self.weight}" if self.weight else f"a mirror of {self.mirror} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long the proof of safety takes; None beyond `HORIZON`."""

    median: timedelta | None
    most: timedelta | None
    """Nine of ten are proven by then."""
    within: float = 0.0
    """Chance to be proven within the time that the step allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """One gate that one analysis step waits for."""

    step: int
    title: str
    gate: str
    place: Place
    allowed: timedelta
    on_inconclusive: OnInconclusive
    wait: Wait
    ways_out: tuple[tuple[str, Wait], ...] = ()
    """What else could be done, and how long the proof would take then."""

    @property
    def works(self) -> bool:
        """Whether an equal candidate is usually proven safe in time."""
        return self.wait.within >= OFTEN


def prospects(spec: Spec, users: Users, seed: int = 1) -> Iterator[Prospect]:
    """Every gate of every analysis step; for those that take too long, what would help."""
    for number, step, place in _analyses(spec):
        assert step.analysis is not None
        for name in step.analysis.gates:
            found = Prospect(
                step=number,
                title=step.title,
                gate=name,
                place=place,
                allowed=step.analysis.max_duration,
                on_inconclusive=step.analysis.on_inconclusive,
                wait=wait_of(spec.gate(name), place, users, step.analysis.max_duration, seed),
            )
            yield found if found.works else replace(found, ways_out=_ways_out(spec, found, users))


def _analyses(spec: Spec) -> Iterator[tuple[int, Step, Place]]:
    place = Place()
    for number, step in enumerate(spec.strategy.plan):
        if step.set_weight is not None:
            place = Place(weight=step.set_weight)
        elif step.mirror is not None:
            place = replace(place, mirror=step.mirror.percent)
        elif step.analysis is not None:
            yield number, step, place


def _ways_out(spec: Spec, found: Prospect, users: Users) -> tuple[tuple[str, Wait], ...]:
    """Other traffic, and the least margin that is proven in time."""
    gate = spec.gate(found.gate)
    ways: list[tuple[str, Wait]] = []
    for place in (Place(mirror=100), Place(weight=50)):
        other = replace(found.place, weight=place.weight, mirror=place.mirror)
        if other != found.place and (place.weight or found.place.weight):
            if place.weight and gate.comparison is Comparison.PAIRED:
                continue
            ways.append((place.words, wait_of(gate, place, users, found.allowed, seed=1)))
    for margin in WIDER[gate.comparison]:
        if margin > gate.margin:
            wider = gate.model_copy(update={"margin": margin})
            wait = wait_of(wider, found.place, users, found.allowed, seed=1)
            if wait.within >= OFTEN:
                ways.append((f"margin {margin:g}", wait))
                break
    return tuple(ways)


def wait_of(gate: Gate, place: Place, users: Users, allowed: timedelta, seed: int) -> Wait:
    """How long one gate takes under one traffic."""
    times = sorted(_proven_after(gate, place, users, seed * 1000 + run) for run in range(RUNS))
    return Wait(
        median=_quantile(times, 0.5),
        most=_quantile(times, 0.9),
        within=sum(time <= allowed.total_seconds() for time in times) / len(times),
    )


def _quantile(times: Sequence[float], share: float) -> timedelta | None:
    time = times[min(int(share * len(times)), len(times) - 1)]
    return None if np.isinf(time) else timedelta(seconds=time)


def _proven_after(gate: Gate, place: Place, users: Users, seed: int) -> float:
    """Seconds until one gate is proven safe; infinite where it is not."""
    world, status, spec = _on_trial(gate, place, users, seed)
    span, spent = FIRST_WINDOW, timedelta(0)
    while spent < HORIZON:
        questions = questions_due(spec, status)
        world.advance(span)
        spent += span
        status = attend(spec, status, _seen(world, questions)).status
        verdict = status.gates[gate.name].evidence.verdict
        if verdict is not Verdict.INCONCLUSIVE:
            return spent.total_seconds() if verdict is Verdict.SAFE else np.inf
        span = max(span, (GROWTH - 1) * spent)
    return np.inf


def _seen(world: World, questions: tuple[Question, ...]) -> Observation:
    serving = world.observe("rehearsal")
    return Observation(now=world.now, serving=serving, windows=world.windows("", questions))


def _on_trial(gate: Gate, place: Place, users: Users, seed: int) -> tuple[World, Status, Spec]:
    """Both revisions under the traffic, and the gate asked for the first time."""
    model, strategy = {"uri": "models:/rehearsal/candidate"}, {"type": "Canary", "ungated": True}
    spec = Spec.model_validate({"model": model, "strategy": strategy})
    spec = spec.model_copy(update={"gates": (gate,)})
    stable = Revision(name="rehearsal-stable", uri=STABLE_URI)
    candidate = Revision(name="rehearsal-candidate", uri=spec.model.uri)
    models = {revision.uri: users.stable for revision in (stable, candidate)}
    world = World(behaviours=models, traffic=users.traffic, seed=seed)
    routing = Routing(stable=stable, candidate=candidate, weight=place.weight, mirror=place.mirror)
    world.route("rehearsal", replace(routing, weight=0, mirror=0))
    world.advance(timedelta(minutes=1))
    status = Status(
        deployment="rehearsal",
        phase=Phase.PROGRESSING,
        stable=stable,
        candidate=candidate,
        weight=place.weight,
        mirror=place.mirror,
        gates=fresh_gates(spec),
    )
    for _ in range(2):  # the first gives stable its route, without which nobody is in its place
        world.route("rehearsal", routing)
    status = attend(spec, status, _seen(world, questions_due(spec, status))).status
    return world, status, spec
