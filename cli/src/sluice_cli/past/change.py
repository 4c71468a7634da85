"""Counts of one look as they might have been; the core is asked what it would have decided then.

A change moves some answers of the candidate and leaves their number as it is: from good to bad,
from quick to slow, from one class or bin to the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from math import sqrt

from sluice_operator.api.metric import Metric
from sluice_operator.api.v1alpha1 import Gate
from sluice_operator.model import Arm, Table, Window

ROWS_TRIED = 3
"""Rows of a table of classes or bins that are changed: those that stand out most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """More of one thing, or fewer, by any number."""

    of: Callable[[int], Window | None]
    """The window with that many moved; None if it has not so many to move."""
    what: Callable[[int], str]
    """Words for that many: `3 fewer bad answers`."""


def changes_of(gate: Gate, window: Window, sums: Table | None) -> Iterator[Sequence[Change]]:
    """What might have been less, then what might have been more; each in all ways to be tried.

    Args:
        gate: That was asked.
        window: What it was told.
        sums: The table of all windows so far, if the gate keeps one.
    """
    rows = _rows(gate, window, sums)
    for sign, word in ((-1, "fewer"), (1, "more")):
        yield [
            Change(of=partial(move, window, sign), what=partial(_words, word, nouns))
            for move, nouns in rows
        ]


_Move = Callable[[Window, int, int], Window | None]
"""Window, sign and number to the window with so many more or fewer."""
_Nouns = tuple[str, str]
"""What is moved: one, and many."""


def _rows(gate: Gate, window: Window, sums: Table | None) -> list[tuple[_Move, _Nouns]]:
    """What can be moved, with its names."""
    if window.pairs is not None:
        shift = gate.metric is Metric.PREDICTION_SHIFT
        return [(_pairs, _DIFFERENT if shift else _LOST)]
    table = window.table
    if table is None:
        return [(_bad, ("bad answer", "bad answers"))]
    if gate.metric is Metric.LATENCY_EXCEEDANCE:
        places = range(len(table.names))
        return [(partial(_slow, place), _over(table.names[place])) for place in places]
    return [
        (partial(_named, place), _called(gate, table.names[place]))
        for place in _telling(table, sums)
    ]


_LOST = ("pair that the candidate loses", "pairs that the candidate loses")
_DIFFERENT = ("pair with different predictions", "pairs with different predictions")


def _over(edge: str) -> _Nouns:
    return (f"answer over {edge} s", f"answers over {edge} s")


def _called(gate: Gate, name: str) -> _Nouns:
    if gate.metric is Metric.FEATURE_DRIFT:
        return (f"row of {name}", f"rows of {name}")
    return (f"answer '{name}'", f"answers '{name}'")


def _words(word: str, nouns: _Nouns, count: int) -> str:
    return f"{count:,} {word} {nouns[0] if count == 1 else nouns[1]}"


def _pairs(window: Window, sign: int, count: int) -> Window | None:
    pairs = window.pairs
    assert pairs is not None
    worse, same = pairs.worse + sign * count, pairs.same - sign * count
    if min(worse, same) < 0:
        return None
    return replace(window, pairs=replace(pairs, worse=worse, same=same))


def _bad(window: Window, sign: int, count: int) -> Window | None:
    arm = window.candidate
    if arm is None or not 0 <= arm.bad + sign * count <= arm.total:
        return None
    return replace(window, candidate=Arm(total=arm.total, bad=arm.bad + sign * count))


def _slow(place: int, window: Window, sign: int, count: int) -> Window | None:
    """Answers moved over one edge, or to under it: no more are over an edge than over a lower one.

    The first edge is the main one, which the arm counts, too.
    """
    table, arm = window.table, window.candidate
    assert table is not None
    wanted = table.candidate[place] + sign * count
    if arm is None or not 0 <= wanted <= arm.total:
        return None
    edge = float(table.names[place])
    column = list(table.candidate)
    column[place] = wanted
    for row, name in enumerate(table.names):
        if float(name) != edge:
            bound = max if float(name) < edge else min
            column[row] = bound(column[row], wanted)
    moved = replace(table, candidate=tuple(column))
    return replace(window, table=moved, candidate=Arm(total=arm.total, bad=column[0]))


def _named(place: int, window: Window, sign: int, count: int) -> Window | None:
    """Answers moved to one class or bin from the others, or away to them.

    They go to where stable's answers are, or the rows of training; they come from where the
    candidate's are.
    """
    table = window.table
    assert table is not None
    others = [row for row in _alike(table, place) if row != place]
    column = list(table.candidate)
    room = sum(column[row] for row in others) if sign > 0 else column[place]
    if not others or count > room:
        return None
    known = column if sign > 0 else table.shares or table.stable
    parts = dealt(count, [known[row] for row in others])
    for row, part in zip(others, parts, strict=True):
        column[row] -= sign * part
    column[place] += sign * count
    return replace(window, table=replace(table, candidate=tuple(column)))


def dealt(count: int, weights: Sequence[float]) -> list[int]:
    """A number in parts that are as the weights are, and whole; equal parts if all weights are 0.

    No part is greater than its weight if the number is at most the sum of whole weights.
    """
    known = weights if sum(weights) else [1] * len(weights)
    ends = [int(count * end / sum(known)) for end in accumulate(known)]
    ends[-1] = count
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def _telling(table: Table, sums: Table | None) -> list[int]:
    """Rows whose counts stand out most from what they are compared with, in the attempt so far."""
    known = _columns(table) | (_columns(sums) if sums else {})
    expected = _expected(table, known)
    scores = [
        abs(known[name][1] - mean) / sqrt(mean) if mean else float(known[name][1])
        for name, mean in zip(table.names, expected, strict=True)
    ]
    return sorted(range(len(scores)), key=lambda row: scores[row], reverse=True)[:ROWS_TRIED]


_Columns = Mapping[str, tuple[int, int]]


def _columns(table: Table) -> dict[str, tuple[int, int]]:
    """Name to the counts of stable and candidate."""
    return dict(zip(table.names, zip(table.stable, table.candidate, strict=True), strict=True))


def _expected(table: Table, known: _Columns) -> Iterator[float]:
    """What each row would hold if the candidate were as stable, or inputs as in training."""
    for place, name in enumerate(table.names):
        alike = [known[table.names[row]] for row in _alike(table, place)]
        stable, candidate = sum(one for one, _ in alike), sum(other for _, other in alike)
        share = table.shares[place] if table.shares else known[name][0] / max(stable, 1)
        yield share * candidate


def _alike(table: Table, place: int) -> list[int]:
    """Rows among which one answer is counted once: all classes, or the bins of one field."""
    if not table.shares:
        return list(range(len(table.names)))
    field = table.names[place].partition("|")[0]
    return [row for row, name in enumerate(table.names) if name.partition("|")[0] == field]
