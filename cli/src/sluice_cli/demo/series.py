"""The course of one attempt as series over time, taken from its record alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sluice_operator.judge.verdict import effect_of
from sluice_operator.model import Event, Window
from sluice_operator.rollout.replay import Replayed
from sluice_operator.rollout.status import GateState


@dataclass(slots=True, kw_only=True)
class GateCourse:
    """One gate over time."""

    at: list[float] = field(default_factory=list)
    e_harm: list[float] = field(default_factory=list)
    e_safe: list[float] = field(default_factory=list)
    estimate: list[float | None] = field(default_factory=list)
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)

    def add(self, at: float, state: GateState, window: Window) -> None:
        """One more look."""
        evidence, effect = state.evidence, effect_of(state.test, state.evidence)
        self.at.append(at)
        self.e_harm.append(evidence.e_harm)
        self.e_safe.append(evidence.e_safe)
        self.estimate.append(effect.est)
        self.low.append(effect.lo)
        self.high.append(effect.hi)
        self.windows.append(window)


@dataclass(slots=True, kw_only=True)
class Course:
    """One attempt over time; seconds since its beginning."""

    began: float
    at: list[float] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)
    observed: list[int | None] = field(default_factory=list)
    mirrored: list[int | None] = field(default_factory=list)
    gates: dict[str, GateCourse] = field(default_factory=dict)
    events: list[tuple[float, Event]] = field(default_factory=list)


def course_of(turns: Sequence[Replayed], candidate: str) -> Course:
    """The course that the turns of a record tell."""
    course = Course(began=turns[0].seen.now.timestamp())
    for turn in turns:
        _add(course, turn, candidate)
    return course


def _add(course: Course, turn: Replayed, candidate: str) -> None:
    at = turn.seen.now.timestamp() - course.began
    status, routes = turn.decision.status, turn.seen.serving.routes
    stable = status.stable is not None and status.stable.name == candidate
    course.at.append(at)
    course.wanted.append(100 if stable else status.weight)
    course.observed.append(None if routes is None else routes.weights.get(candidate, 0))
    course.mirrored.append(None if routes is None else routes.mirror.get(candidate, 0))
    course.events += [(at, event) for event in turn.decision.events]
    for window in turn.seen.windows:
        state = status.gates.get(window.gate)
        if state is not None and not window.error:
            gate = course.gates.setdefault(window.gate, GateCourse())
            gate.add(at, state, window)


def error_rates(
    windows: Sequence[Window], span: int
) -> tuple[list[float | None], list[float | None]]:
    """Share of failed requests of stable and candidate, over the last `span` windows."""
    stable: list[float | None] = []
    candidate: list[float | None] = []
    for end in range(1, len(windows) + 1):
        recent = windows[max(0, end - span) : end]
        stable.append(_rate([w.stable for w in recent]))
        candidate.append(_rate([w.candidate for w in recent]))
    return stable, candidate


def _rate(arms: Sequence[object]) -> float | None:
    total = sum(getattr(arm, "total", 0) for arm in arms)
    return sum(getattr(arm, "bad", 0) for arm in arms) / total if total else None
