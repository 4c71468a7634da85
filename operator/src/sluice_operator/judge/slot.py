"""Which classes have a layer of their own, and which are counted as the rest."""

import numpy as np

from sluice_operator.judge.layer import column_of, table_sum
from sluice_operator.judge.mixture import BoolArray, FloatArray
from sluice_operator.model import Arm, Table

PLACES = 12
"""Layers in all, the rest included; harm is always the mean over so many."""
REST = "(rest)"
RARE = 0.01
ENOUGH = 1_000
"""A class is rare when less than this share of each revision's answers names it, and both have
given so many."""
NO_SLOTS = Table(names=(REST,), stable=(0,), candidate=(0,))


def dealt(slots: Table, totals: tuple[Arm, Arm], window: Table) -> FloatArray:
    """Counts of a window by layer, the rare and the unknown in the rest.

    Shapes: result: (layers, 2).
    """
    own = column_of(window, slots.names)
    own[_rare(slots, totals)] = 0.0
    own[0] = _all_of(window) - own[1:].sum(axis=0)
    return own


def tally(slots: Table, window: Table) -> Table:
    """Sums of each class under its own name, rare or not; the rest has those without a layer."""
    own = column_of(window, slots.names)
    own[0] = _all_of(window) - own[1:].sum(axis=0)
    return table_sum(slots, own)


def grown(slots: Table, window: Table) -> Table:
    """The layers with those of new classes behind them, the most frequent first.

    They begin with the next window: what they were counted as so far stays in the rest.
    """
    fresh = [
        (-stable - candidate, name)
        for name, stable, candidate in zip(
            window.names, window.stable, window.candidate, strict=True
        )
        if stable + candidate and name not in slots.names
    ]
    names = tuple(name for _, name in sorted(fresh)[: PLACES - len(slots.names)])
    nothing = (0,) * len(names)
    return Table(
        names=slots.names + names,
        stable=slots.stable + nothing,
        candidate=slots.candidate + nothing,
    )


def shares_in(slots: Table, totals: tuple[Arm, Arm]) -> BoolArray:
    """Which layers safety must be proven for: all but rare classes, and a rest that is rare.

    Shapes: result: (layers,).
    """
    rare = _rare(slots, totals)
    counts = np.array((slots.stable, slots.candidate), dtype=np.float64).T
    rest = counts[0] + counts[rare].sum(axis=0)
    matters: BoolArray = ~rare
    matters[0] = bool(rest.any()) and not _is_rare(rest[None, :], totals)[0]
    return matters


def _rare(slots: Table, totals: tuple[Arm, Arm]) -> BoolArray:
    counts = np.array((slots.stable, slots.candidate), dtype=np.float64).T
    rare = _is_rare(counts, totals)
    rare[0] = False
    return rare


def _is_rare(counts: FloatArray, totals: tuple[Arm, Arm]) -> BoolArray:
    answers = np.array([arm.total for arm in totals], dtype=np.float64)
    rare: BoolArray = np.all(counts < RARE * answers, axis=1)
    return rare if min(answers) >= ENOUGH else np.zeros_like(rare)


def _all_of(table: Table) -> FloatArray:
    return np.array((sum(table.stable), sum(table.candidate)), dtype=np.float64)
