"""Answers of each revision by class, or by decile of a score, since a cursor.

What is told apart, classes or edges, is settled once by what stable has said, and is part of the
cursor: a restart goes on with the same. Until it is settled nothing is counted and nothing lost:
what came since the first question is told with the first counts.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from sluice_ledger.port import Ledger
from sluice_ledger.records import BinnedScores, Bins, PredictedClasses, Score, ScoreDeciles

from sluice_operator.errors import SpecError
from sluice_operator.evidence.ledger_answer import start_of
from sluice_operator.model import Arm, Question, Table, Window

MOST_CLASSES = 11
"""Classes of which counts are kept; with the rest that is what a gate's evidence has room for."""
LONGEST_CLASS = 64
ENOUGH_ANSWERS = 100
"""Answers of stable that must be known before it is settled what is told apart."""
REST = "(rest)"
SCORES = {"Number": Score.NUMBER, "Confidence": Score.CONFIDENCE}
"""What a gate counts of an answer, to what the ledger calls it."""
_NOTHING = Arm(total=0, bad=0)
_DIGITS = range(3, 18)
"""Of edges in names: as few as keep them apart."""
Column = tuple[int, ...]


def shift(ledger: Ledger, name: str, question: Question) -> Window:
    """How often each class was predicted."""
    since = _Since.of(ledger, question, str)
    if not since.marks:
        found = ledger.predicted_classes(name, question.stable, 0)
        since = replace(since, marks=_commonest(found))
    if not since.marks:
        return _empty(question, since)
    classes = tuple(map(str, since.marks))
    stable = ledger.predicted_classes(name, question.stable, since.stable)
    candidate = ledger.predicted_classes(name, question.candidate, since.candidate)
    columns = (_by_class(stable, classes), _by_class(candidate, classes))
    later = replace(since, stable=stable.cursor, candidate=candidate.cursor)
    return _window(question, later, classes, columns)


def score_shift(ledger: Ledger, name: str, question: Question) -> Window:
    """How often each revision's score fell between two deciles of stable's.

    Raises:
        SpecError: Stable answers, but its scores cannot be told apart.
    """
    score = SCORES[question.answer]
    since = _Since.of(ledger, question, float)
    if not since.marks:
        found = ledger.score_deciles(name, question.stable, score)
        since = replace(since, marks=_settled(found, question))
    if not since.marks:
        return _empty(question, since)
    bins = Bins(score=score, edges=tuple(map(float, since.marks)))
    stable = ledger.binned_scores(name, question.stable, bins, since.stable)
    candidate = ledger.binned_scores(name, question.candidate, bins, since.candidate)
    columns = (_by_bin(stable), _by_bin(candidate))
    later = replace(since, stable=stable.cursor, candidate=candidate.cursor)
    return _window(question, later, bin_names(bins.edges), columns)


def bin_names(edges: tuple[float, ...]) -> tuple[str, ...]:
    """What the bins between edges are called, from below: `<= 0.31`, `0.31-0.44`, `> 0.44`.

    Edges are rounded to as many digits as tell them apart, three at least.
    """
    texts = next(
        words for digits in _DIGITS if len(set(words := _rounded(edges, digits))) == len(edges)
    )
    between = (
        f"{low} to {high}" if "-" in low + high else f"{low}-{high}"
        for low, high in pairwise(texts)
    )
    return (f"<= {texts[0]}", *between, f"> {texts[-1]}")


@dataclass(frozen=True, slots=True)
class _Since:
    """The cursor of a question about classes or bins."""

    stable: int
    candidate: int
    marks: tuple[str | float, ...] = ()
    """Classes or edges that are told apart; empty until that is settled."""

    @classmethod
    def of(cls, ledger: Ledger, question: Question, kind: type[str | float]) -> "_Since":
        """Now for a cursor that is none of ours, or marks something else."""
        last = ledger.last_arrival()
        try:
            stable, candidate, *marks = json.loads(question.cursor)
        except (ValueError, TypeError):
            return cls(last, last)
        if not all(_is_number(one) for one in (stable, candidate)):
            return cls(last, last)
        if not all(isinstance(mark, kind) for mark in marks):
            return cls(last, last)
        return cls(start_of(stable, last), start_of(candidate, last), tuple(marks))

    @property
    def text(self) -> str:
        return json.dumps([self.stable, self.candidate, *self.marks], separators=(",", ":"))


def _is_number(cursor: object) -> bool:
    return isinstance(cursor, int) and cursor >= 0


def _commonest(so_far: PredictedClasses) -> tuple[str, ...]:
    """The commonest classes of stable, if it has answered often enough."""
    if sum(often for _, often in so_far.counts) + so_far.rest < ENOUGH_ANSWERS:
        return ()
    names = [one for one, _ in so_far.counts if one != REST and len(one) <= LONGEST_CLASS]
    # of a model that predicts numbers without end, all is the rest: nothing can be told
    return tuple(names[:MOST_CLASSES])


def _settled(found: ScoreDeciles, question: Question) -> tuple[float, ...]:
    """The edges, if enough scores are known; none while it is too early to say.

    Raises:
        SpecError: There are answers enough, but too few scores, or all of them are equal.
    """
    if found.scores >= ENOUGH_ANSWERS and found.edges:
        return found.edges
    if max(found.scores, found.rest) < ENOUGH_ANSWERS:
        return ()
    few = f"{found.scores:,} of the latest {found.scores + found.rest:,} answers of stable have a"
    alike = f"the latest {found.scores:,} answers of stable have the same"
    problem = alike if found.scores >= ENOUGH_ANSWERS else few
    raise SpecError(
        f"{problem} {question.answer.lower()}, so there are no deciles yet; if that stays so, write"
        f" another `answer` than {question.answer}"
    )


def _empty(question: Question, since: _Since) -> Window:
    return _window(question, since, (), ((), ()))


def _window(
    question: Question, since: _Since, names: tuple[str, ...], columns: tuple[Column, Column]
) -> Window:
    stable, candidate = columns
    return Window(
        gate=question.gate,
        cursor=since.text,
        stable=Arm(total=sum(stable), bad=0),
        candidate=Arm(total=sum(candidate), bad=0),
        table=Table(names=(*names, REST) if names else (), stable=stable, candidate=candidate),
    )


def _by_class(found: PredictedClasses, classes: Iterable[str]) -> Column:
    counts: Mapping[str, int] = dict(found.counts)
    named = tuple(counts.get(one, 0) for one in classes)
    return (*named, sum(counts.values()) + found.rest - sum(named))


def _by_bin(found: BinnedScores) -> Column:
    return (*found.counts, found.rest)


def _rounded(edges: tuple[float, ...], digits: int) -> tuple[str, ...]:
    """As people write them: without an exponent where that is short."""
    return tuple(repr(float(f"{edge:.{digits}g}")).removesuffix(".0") for edge in edges)
