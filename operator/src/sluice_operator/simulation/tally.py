"""Counts of the simulated world as the windows that gates are judged on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from sluice_operator.model import Arm, Cohort, Kpi, Moments, Pairs, Question, Table, Window
from sluice_operator.simulation.behaviour import Traffic
from sluice_operator.simulation.crowd import (
    CLASSES,
    DIFFERS,
    EDGED,
    EDGES,
    INPUTS,
    LABELS,
    PAIRS,
    REQUESTS,
    SLOW,
    WORTH,
    BehaviourOf,
    Crowd,
)
from sluice_operator.simulation.flow import Counts

_NOTHING = timedelta(0)
_KINDS = {
    "Accuracy": LABELS,
    "LabelCoverage": LABELS,
    "PredictionShift": CLASSES,
    "FeatureDrift": INPUTS,
    "BusinessKPI": WORTH,
}
"""Metric to the kind of counts that answers it, where pairs do not; others count requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The looks that one window is about."""

    crowd: Crowd
    first: int
    """Looks before counting began at all."""
    begin: int
    end: int

    def counts(self, kind: str, revision: str, width: int) -> tuple[int, ...]:
        """What was counted in the window; zeros for who was never asked."""
        return self.crowd.counts(kind, revision, self.begin, self.end) or (0,) * width

    def aged(self, age: timedelta) -> "Span":
        """The looks that came of that age during the window."""
        crowd = self.crowd
        begin, end = (
            crowd.looks_before(crowd.ends[at - 1] - age, at) if at else 0
            for at in (self.begin, self.end)
        )
        first = self.first
        return Span(crowd=crowd, first=first, begin=max(begin, first), end=max(end, first))


def window_at(
    crowd: Crowd, question: Question, end: int, behaviour: BehaviourOf, traffic: Traffic
) -> Window:
    """What the question would be answered after so many looks."""
    first, begin = _looks_of(question.cursor) or (end, end)
    span = Span(crowd=crowd, first=first, begin=begin, end=end)
    found = _READERS[kind_of(question)](span, question, behaviour, traffic)
    return Window(gate=question.gate, cursor=f"look={end};first={first}", **found)


def columns_at(crowd: Crowd, question: Question, looks: int) -> Counts | None:
    """Counts of each of the coming looks, in the columns of the judge's plain families.

    None for a question that other families judge.
    """
    kind, relative = kind_of(question), question.comparison == "Relative"
    _, begin = _looks_of(question.cursor) or (crowd.looks, crowd.looks)
    ends = [begin, *range(crowd.looks + 1, crowd.looks + looks + 1)]
    if kind in {REQUESTS, SLOW}:
        who = (question.stable, question.candidate) if relative else (question.candidate,)
        return np.hstack([_rows(crowd, kind, name, ends, 2) for name in who])
    if kind == PAIRS:
        labelled = [crowd.labelled_before(crowd.ends[at - 1], at) if at else 0 for at in ends]
        first = max(labelled[0], _labelled_first(crowd, question))
        known = [max(at, first) for at in labelled]
        return _rows(crowd, kind, question.candidate, known, 3)[:, [0, 2, 1]]
    return None


def _rows(crowd: Crowd, kind: str, revision: str, looks: list[int], width: int) -> Counts:
    rows = crowd.each(kind, revision, looks)
    return np.zeros((len(looks) - 1, width), dtype=np.int64) if rows is None else rows


def _labelled_first(crowd: Crowd, question: Question) -> int:
    """Looks that had their labels before the question was first asked."""
    first, _ = _looks_of(question.cursor) or (crowd.looks, crowd.looks)
    return crowd.labelled_before(crowd.ends[first - 1], first) if first else 0


def kind_of(question: Question) -> str:
    """Which kind of counts answers a question."""
    if question.comparison == "Paired":
        return DIFFERS if question.metric == "PredictionShift" else PAIRS
    if question.metric == "LatencyExceedance":
        return EDGED if question.threshold is None else SLOW
    return _KINDS.get(question.metric, REQUESTS)


def _looks_of(cursor: str) -> tuple[int, int] | None:
    """First look and last; None for a cursor that is empty or not of this world."""
    last, _, first = cursor.partition(";")
    numbers = first.removeprefix("first="), last.removeprefix("look=")
    if not all(number.isdecimal() for number in numbers):
        return None
    return int(numbers[0]), int(numbers[1])


def _arms(stable: tuple[int, ...], candidate: tuple[int, ...]) -> dict[str, Any]:
    return {
        "stable": Arm(total=stable[0], bad=stable[1]),
        "candidate": Arm(total=candidate[0], bad=candidate[1]),
    }


def _plain(
    span: Span, question: Question, behaviour: BehaviourOf, traffic: Traffic
) -> dict[str, Any]:
    who, kind = (question.stable, question.candidate), kind_of(question)
    return _arms(*(span.counts(kind, name, 2) for name in who))


def _pairs(
    span: Span, question: Question, behaviour: BehaviourOf, traffic: Traffic
) -> dict[str, Any]:
    """Pairs whose label came during the window; all others still wait for theirs."""
    crowd, candidate = span.crowd, question.candidate
    begin, end = (
        crowd.labelled_before(crowd.ends[at - 1], at) if at else 0 for at in (span.begin, span.end)
    )
    first = crowd.labelled_before(crowd.ends[span.first - 1], span.first) if span.first else 0
    counted = crowd.counts(PAIRS, candidate, max(begin, first), max(end, first)) or (0, 0, 0)
    waiting = crowd.counts(PAIRS, candidate, end, span.end)
    worse, better, same = counted
    pairs = Pairs(worse=worse, same=same, better=better, unlabelled=sum(waiting))
    return {"pairs": pairs}


def _differing(
    span: Span, question: Question, behaviour: BehaviourOf, traffic: Traffic
) -> dict[str, Any]:
    differ, equal = span.counts(DIFFERS, question.candidate, 2)
    return {"pairs": Pairs(worse=differ, same=equal, better=0)}


def _labels(
    span: Span, question: Question, behaviour: BehaviourOf, traffic: Traffic
) -> dict[str, Any]:
    """Answers that came of age; a label that takes longer than that is none."""
    maturity = question.maturity or _NOTHING
    aged = span.aged(maturity)
    cohorts = []
    for name in (question.stable, question.candidate):
        matured, labelled, wrong = aged.counts(LABELS, name, 3)
        late = traffic.label_delay > maturity
        cohorts.append(
            Cohort(matured=matured, labelled=0 if late else labelled, wrong=0 if late else wrong)
        )
    found: dict[str, Any] = {"coverage": tuple(cohorts)}
    if question.metric == "Accuracy":
        found |= _arms(*((cohort.labelled, cohort.wrong) for cohort in cohorts))
    return found


def _edges(
    span: Span, question: Question, behaviour: BehaviourOf, traffic: Traffic
) -> dict[str, Any]:
    who = (question.stable, question.candidate)
    stable, candidate = (span.counts(EDGED, name, 1 + len(EDGES)) for name in who)
    table = Table(names=EDGES, stable=stable[1:], candidate=candidate[1:])
    return {**_arms(stable, candidate), "table": table}


def _classes(
    span: Span, question: Question, behaviour: BehaviourOf, traffic: Traffic
) -> dict[str, Any]:
    who, kind = (question.stable, question.candidate), kind_of(question)
    stable, candidate = (span.counts(kind, name, 0) for name in who)
    width = max(len(stable), len(candidate))
    stable, candidate = stable or (0,) * width, candidate or (0,) * width
    table = Table(
        names=tuple(f"x|{n}" if kind == INPUTS else str(n) for n in range(width)),
        stable=stable,
        candidate=candidate,
        shares=(1 / width,) * width if kind == INPUTS and width else (),
    )
    return {**_arms((sum(stable), 0), (sum(candidate), 0)), "table": table}


def _worth(
    span: Span, question: Question, behaviour: BehaviourOf, traffic: Traffic
) -> dict[str, Any]:
    aged = span.aged(question.maturity or _NOTHING)
    who = (question.stable, question.candidate)
    stable, candidate = (_moments(aged, name, question.kpi, behaviour) for name in who)
    return {"worth": (stable, candidate)}


def _moments(span: Span, revision: str, kpi: Kpi | None, behaviour: BehaviourOf) -> Moments:
    """Sums of values that are cut to the bounds of the figure, as the ledger cuts them."""
    counts = span.counts(WORTH, revision, 0)
    if not counts:
        return Moments(count=0, total=0.0, squares=0.0)
    values = [_cut(value, kpi) for value in (0.0, *(v for v, _ in behaviour(revision).worth))]
    pairs = tuple(zip(counts, values, strict=True))
    return Moments(
        count=sum(counts),
        total=sum(count * value for count, value in pairs),
        squares=sum(count * value**2 for count, value in pairs),
    )


def _cut(value: float, kpi: Kpi | None) -> float:
    if kpi is None:
        return value
    low = value if kpi.lowest is None else max(value, kpi.lowest)
    return low if kpi.highest is None else min(low, kpi.highest)


_READERS = {
    REQUESTS: _plain,
    SLOW: _plain,
    PAIRS: _pairs,
    DIFFERS: _differing,
    LABELS: _labels,
    EDGED: _edges,
    CLASSES: _classes,
    INPUTS: _classes,
    WORTH: _worth,
}
