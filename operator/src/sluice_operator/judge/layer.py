"""Gates that keep many proofs at once: classes, bins, edges, each a layer of a table."""

import numpy as np

from sluice_operator.judge.arm import both_problem
from sluice_operator.judge.mixture import FloatArray
from sluice_operator.model import Arm, Table, Window

_DECIMALS = 6
"""Of the log wealth that is kept of each layer; half the text of all digits."""
Wealth = tuple[tuple[float, ...], ...]


def table_problem(table: Table | None) -> str:
    """Why a table cannot be used; empty when it can."""
    if table is None:
        return "no table of counts"
    if not len(table.names) == len(table.stable) == len(table.candidate):
        return "a table whose columns are not equally long"
    if len(set(table.names)) < len(table.names):
        return "a table that names something twice"
    if min((*table.stable, *table.candidate), default=0) < 0:
        return "impossible counts in the table: less than none"
    return ""


def classes_problem(window: Window) -> str:
    """Why a table of parts of the arms cannot be used; empty when it can."""
    if problem := both_problem(window) or table_problem(window.table):
        return problem
    assert window.stable
    assert window.candidate
    assert window.table
    columns = ((window.stable, window.table.stable), (window.candidate, window.table.candidate))
    if any(max(column, default=0) > arm.total for arm, column in columns):
        return "impossible counts in the table: more than all"
    return ""


def column_of(table: Table, names: tuple[str, ...]) -> FloatArray:
    """Counts of stable and candidate by name; 0 for what the table does not have.

    Shapes: result: (names, 2).
    """
    counts = dict(zip(table.names, zip(table.stable, table.candidate, strict=True), strict=True))
    return np.array([counts.get(name, (0, 0)) for name in names], dtype=np.float64).reshape(-1, 2)


def against_totals(layers: FloatArray, stable: Arm, candidate: Arm) -> FloatArray:
    """Rows of counts as tests of ratios want them.

    Shapes: layers: (layers, 2); result: (layers, 4).
    """
    rows = np.empty((len(layers), 4))
    rows[:, 0], rows[:, 1] = stable.total, layers[:, 0]
    rows[:, 2], rows[:, 3] = candidate.total, layers[:, 1]
    return rows


def table_sum(table: Table, more: FloatArray) -> Table:
    """The table with more counts of the same layers on top.

    Shapes: more: (layers, 2).
    """
    sums = np.array((table.stable, table.candidate), dtype=np.float64).T + more
    stable, candidate = ([int(count) for count in column] for column in sums.T)
    return Table(
        names=table.names, stable=tuple(stable), candidate=tuple(candidate), shares=table.shares
    )


def unfolded(wealth: Wealth, layers: int, points: int) -> FloatArray:
    """Log wealth of so many layers; those that came late begin with 1."""
    whole = np.zeros((layers, points))
    if wealth:
        whole[: len(wealth)] = wealth
    return whole


def grown_by(wealth: FloatArray, factors: FloatArray) -> FloatArray:
    """Log wealth with a window's factors, which are rounded down: that can prove nothing more.

    Shapes: all alike.
    """
    scale = 10.0**_DECIMALS
    added = wealth + np.floor(factors * scale) / scale
    kept: FloatArray = np.round(added, _DECIMALS)
    return kept


def rows_of(wealth: FloatArray) -> Wealth:
    """Log wealth as evidence keeps it."""
    return tuple(map(tuple, wealth.tolist()))
