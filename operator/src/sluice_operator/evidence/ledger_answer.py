"""Each kind of question as calls of the ledger: counts since a cursor, and the next cursor.

Cursors of questions about age are ticks of the ledger's time, others are numbers of arrivals; each
revision has its own, because something may arrive between two calls.
"""

from collections.abc import Callable
from datetime import timedelta

from sluice_ledger.port import Ledger
from sluice_ledger.records import CohortOutcomes, Due, KeyFigure, WorthOutcomes

from sluice_operator.errors import SpecError
from sluice_operator.model import Arm, Cohort, Moments, Pairs, Question, Window

Answer = Callable[[Ledger, str, Question], Window]


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
    return tuple(start_of(one, last) for one in found) if found else (last,) * count


def start_of(cursor: int, last: int) -> int:
    """The cursor, or the beginning of a ledger that has not given it out: that one is new."""
    return cursor if cursor <= last else 0


def _numbers(cursor: str, count: int) -> tuple[int, ...]:
    """The numbers of a cursor; none for a cursor that is not of that kind."""
    parts = cursor.split(",")
    if len(parts) != count or not all(part.isdecimal() for part in parts):
        return ()
    return tuple(map(int, parts))
