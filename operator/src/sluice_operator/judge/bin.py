"""Bins of a profile, named `field|bin`, with what is rare lumped together by field."""

import numpy as np

from sluice_operator.judge.mixture import BoolArray, FloatArray
from sluice_operator.judge.slot import RARE, REST
from sluice_operator.model import Table

LEAST_SHARE = 0.001
"""What the training data never held counts as held this often: one row must not prove a drift."""


def field_of(name: str) -> str:
    """What stands before the bin."""
    return name.partition("|")[0]


def lumped(table: Table, known: Table | None) -> Table:
    """Counts by layer: bins that are known or frequent in the profile, and each field's rest."""
    names = tuple(known.names if known else _frequent(table))
    places = {name: place for place, name in enumerate(names)}
    counts, shares = np.zeros(len(names), dtype=np.int64), np.zeros(len(names))
    for name, count, share in zip(table.names, table.candidate, table.shares, strict=True):
        place = places.get(name, places.get(f"{field_of(name)}|{REST}"))
        if place is not None:
            counts[place] += count
            shares[place] += share
    return Table(
        names=names,
        stable=(0,) * len(names),
        candidate=tuple(counts.tolist()),
        shares=known.shares if known else tuple(np.maximum(shares, LEAST_SHARE).tolist()),
    )


def totals_of(names: tuple[str, ...], counts: tuple[int, ...]) -> FloatArray:
    """Rows of the field that each bin belongs to.

    Shapes: result: (names,).
    """
    sums: dict[str, int] = {}
    for name, count in zip(names, counts, strict=True):
        sums[field_of(name)] = sums.get(field_of(name), 0) + count
    return np.array([sums[field_of(name)] for name in names], dtype=np.float64)


def rare_rests(table: Table) -> BoolArray:
    """Rests so rare, in training and now, that nothing has to be proven about them.

    Shapes: result: (names,).
    """
    rests = np.array([name.endswith(f"|{REST}") for name in table.names])
    few = np.array(table.candidate) <= RARE * totals_of(table.names, table.candidate)
    rare: BoolArray = rests & few & (np.array(table.shares) < RARE)
    return rare


def _frequent(table: Table) -> list[str]:
    """Names of the layers, field by field, each with a rest for what was never seen before."""
    fields: dict[str, list[str]] = {}
    for name, share in zip(table.names, table.shares, strict=True):
        bins = fields.setdefault(field_of(name), [])
        if share >= RARE:
            bins.append(name)
    return [name for field, bins in fields.items() for name in (*bins, f"{field}|{REST}")]
