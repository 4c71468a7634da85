"""Each kind of question as calls of the ledger: counts since a cursor, and the next cursor.

Cursors of questions about age are ticks of the ledger's time, others are numbers of arrivals; each
revision has its own, because something may arrive between two calls.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sluice_ledger.port import Ledger
from sluice_ledger.records import CohortOutcomes, Due, KeyFigure, PredictedClasses, WorthOutcomes

from sluice_operator.errors import SpecError
from sluice_operator.model import Arm, Cohort, Moments, Pairs, Question, Table, Window

Answer = Callable[[Ledger, str, Question], Window]
MOST_CLASSES = 11
"""Classes of which counts are kept; with the rest that is what a gate's evidence has room for."""
LONGEST_CLASS = 64
ENOUGH_ANSWERS = 100
"""Answers of stable that must be known before its commonest classes are settled."""
REST = "(rest)"
NOTHING = Arm(total=0, bad=0)


def paired(ledger: Ledger, name: str, question: Question) -> Window:
    """Labelled pairs, by who was right."""
    (cursor,) = _starts(ledger, question.cursor, 1)
    found = ledger.paired_outcomes(name, question.stable, question.candidate, cursor)
    pairs = Pairs(
        worse=found.worse, same=found.same, better=found.better, unlabelled=found.unlabelled
    )
    return Window(gate=question.gate, cursor=str(found.cursor), pairs=pairs)


def paired_shift(ledger: Ledger, name: str, question: Question) -> Window:
    """Pairs, by whether both said the same; no label is waited for."""
    (cursor,) = _starts(ledger, question.cursor, 1)
    found = ledger.paired_predictions(name, question.stable, question.candidate, cursor)
    pairs = Pairs(worse=found.different, same=found.same, better=0)
    return Window(gate=question.gate, cursor=str(found.cursor), pairs=pairs)


def arms(ledger: Ledger, name: str, question: Question) -> Window:
    """Labelled answers of each revision, as their labels come."""
    starts = _starts(ledger, question.cursor, 2)
    stable = ledger.arm_outcomes(name, question.stable, starts[0])
    candidate = ledger.arm_outcomes(name, question.candidate, starts[1])
    return Window(
        gate=question.gate,
        cursor=f"{stable.cursor},{candidate.cursor}",
        stable=Arm(total=stable.total, bad=stable.wrong),
        candidate=Arm(total=candidate.total, bad=candidate.wrong),
    )


def matured_arms(ledger: Ledger, name: str, question: Question) -> Window:
    """Labelled and wrong answers of those that have come of age, with how many those were."""
    stable, candidate = _cohorts(ledger, name, question)
    return Window(
        gate=question.gate,
        cursor=f"{stable.cursor},{candidate.cursor}",
        stable=Arm(total=stable.labelled, bad=stable.wrong),
        candidate=Arm(total=candidate.labelled, bad=candidate.wrong),
        coverage=(_cohort(stable), _cohort(candidate)),
    )


def coverage(ledger: Ledger, name: str, question: Question) -> Window:
    """Answers that have come of age, and those of them without a label."""
    stable, candidate = _cohorts(ledger, name, question)
    return Window(
        gate=question.gate,
        cursor=f"{stable.cursor},{candidate.cursor}",
        stable=_unlabelled(stable),
        candidate=_unlabelled(candidate),
        coverage=(_cohort(stable), _cohort(candidate)),
    )


def worth(ledger: Ledger, name: str, question: Question) -> Window:
    """What answers were worth when they came of age.

    Raises:
        SpecError: The question names no key figure.
    """
    if question.kpi is None:
        raise SpecError(f"gate {question.gate} names no key figure; give kpi.name")
    kpi = question.kpi
    figure = KeyFigure(name=kpi.name, lowest=kpi.lowest, highest=kpi.highest)
    stable, candidate = (
        ledger.worth_outcomes(due, figure) for due in _both_due(ledger, name, question)
    )
    return Window(
        gate=question.gate,
        cursor=f"{stable.cursor},{candidate.cursor}",
        stable=Arm(total=stable.count, bad=0),
        candidate=Arm(total=candidate.count, bad=0),
        worth=(_moments(stable), _moments(candidate)),
    )


def shift(ledger: Ledger, name: str, question: Question) -> Window:
    """How often each class was predicted; which ones are told apart is settled once.

    Until stable has given enough answers to settle that, nothing is counted and nothing lost: what
    came since the first question is told with the first counts.
    """
    since = _Since.of(ledger, question)
    if not since.classes:
        since = since.settled(ledger.predicted_classes(name, question.stable, 0))
    if not since.classes:
        return Window(
            gate=question.gate,
            cursor=since.text,
            stable=NOTHING,
            candidate=NOTHING,
            table=Table(names=(), stable=(), candidate=()),
        )
    stable = ledger.predicted_classes(name, question.stable, since.stable)
    candidate = ledger.predicted_classes(name, question.candidate, since.candidate)
    columns = [_column(found, since.classes) for found in (stable, candidate)]
    return Window(
        gate=question.gate,
        cursor=_Since(stable.cursor, candidate.cursor, since.classes).text,
        stable=Arm(total=sum(columns[0]), bad=0),
        candidate=Arm(total=sum(columns[1]), bad=0),
        table=Table(names=(*since.classes, REST), stable=columns[0], candidate=columns[1]),
    )


@dataclass(frozen=True, slots=True)
class _Since:
    """The cursor of a question about classes."""

    stable: int
    candidate: int
    classes: tuple[str, ...] = ()
    """Those that are told apart; empty until that is settled."""

    @classmethod
    def of(cls, ledger: Ledger, question: Question) -> "_Since":
        last = ledger.last_arrival()
        try:
            stable, candidate, *classes = json.loads(question.cursor)
            return cls(_checked(stable, last), _checked(candidate, last), tuple(map(str, classes)))
        except (ValueError, TypeError):
            return cls(last, last)

    @property
    def text(self) -> str:
        return json.dumps([self.stable, self.candidate, *self.classes], separators=(",", ":"))

    def settled(self, so_far: PredictedClasses) -> "_Since":
        """With the commonest classes of stable, if it has answered often enough."""
        if sum(often for _, often in so_far.counts) + so_far.rest < ENOUGH_ANSWERS:
            return self
        names = [one for one, _ in so_far.counts if one != REST and len(one) <= LONGEST_CLASS]
        # of a model that predicts numbers without end, all is the rest: nothing can be told
        return _Since(self.stable, self.candidate, tuple(names[:MOST_CLASSES]))


def _checked(cursor: object, last: int) -> int:
    """A number that the ledger has given out; from the beginning of one that is new."""
    if not isinstance(cursor, int) or cursor < 0:
        raise TypeError
    return cursor if cursor <= last else 0


def _column(found: PredictedClasses, classes: Iterable[str]) -> tuple[int, ...]:
    counts: Mapping[str, int] = dict(found.counts)
    named = tuple(counts.get(one, 0) for one in classes)
    return (*named, sum(counts.values()) + found.rest - sum(named))


def _cohorts(
    ledger: Ledger, name: str, question: Question
) -> tuple[CohortOutcomes, CohortOutcomes]:
    stable, candidate = _both_due(ledger, name, question)
    return ledger.cohort_outcomes(stable), ledger.cohort_outcomes(candidate)


def _both_due(ledger: Ledger, name: str, question: Question) -> tuple[Due, Due]:
    """Which answers of either revision are asked for.

    Raises:
        SpecError: The question does not say at which age answers are counted.
    """
    if question.maturity is None:
        raise SpecError(f"gate {question.gate} does not say how long to wait; give maturity")
    seconds = question.maturity / timedelta(seconds=1)
    present = ledger.present_tick()
    starts = _numbers(question.cursor, 2)
    # a tick from the future is of another clock: counting starts now, as without a cursor
    since = starts if starts and max(starts) <= present else (present - 1,) * 2
    stable, candidate = (
        Due(deployment=name, revision=revision, maturity_seconds=seconds, cursor=cursor)
        for revision, cursor in zip((question.stable, question.candidate), since, strict=True)
    )
    return stable, candidate


def _cohort(found: CohortOutcomes) -> Cohort:
    return Cohort(matured=found.matured, labelled=found.labelled, wrong=found.wrong)


def _unlabelled(found: CohortOutcomes) -> Arm:
    return Arm(total=found.matured, bad=found.matured - found.labelled)


def _moments(found: WorthOutcomes) -> Moments:
    return Moments(count=found.count, total=found.total, squares=found.squares)


def _starts(ledger: Ledger, cursor: str, count: int) -> tuple[int, ...]:
    """Where counting starts: now without a cursor, at the beginning of a ledger that is new."""
    last = ledger.last_arrival()
    found = _numbers(cursor, count)
    return tuple(_checked(one, last) for one in found) if found else (last,) * count


def _numbers(cursor: str, count: int) -> tuple[int, ...]:
    """The numbers of a cursor; none for a cursor that is not of that kind."""
    parts = cursor.split(",")
    if len(parts) != count or not all(part.isdecimal() for part in parts):
        return ()
    return tuple(map(int, parts))
