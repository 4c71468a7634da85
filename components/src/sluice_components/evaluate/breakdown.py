"""How the model does on parts of the hold-out: per value of a column."""

import itertools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sluice_components.evaluate.metric import measure
from sluice_components.evaluate.scored import Scored
from sluice_components.evaluation import Group, Slice
from sluice_components.project.rule import Metric

MOST_GROUPS: Final = 20
"""Values that are shown; the rest stand together."""
LEAST_ROWS: Final = 30
"""Groups with fewer rows are shown, but no gap is made of them: it would be noise."""
OTHER: Final = "(other)"
MISSING: Final = "(missing)"
QUARTERS: Final = 4
Z95: Final = 1.959963984540054


def slice_by(column: str, values: "pd.Series[Any]", scored: Scored) -> Slice:
    """Metrics for each value of a column: the most frequent first, ranges of numbers by size."""
    names = _names(values)
    sizes = names.value_counts()
    order = list(sizes.index)
    if isinstance(names.dtype, pd.CategoricalDtype):
        order = [name for name in names.cat.categories if sizes[name]]
    shown = order[:MOST_GROUPS]
    groups = [_group(str(name), scored.at((names == name).to_numpy())) for name in shown]
    if len(order) > MOST_GROUPS:
        groups.append(_group(OTHER, scored.at((~names.isin(shown)).to_numpy())))
    return Slice(column=column, groups=tuple(groups), gaps=_gaps(groups))


def wilson(right: int, rows: int) -> tuple[float, float]:
    """95 % interval of a share.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    share, square = right / rows, Z95**2
    middle = (share + square / (2 * rows)) / (1 + square / rows)
    spread = (
        Z95 * np.sqrt(share * (1 - share) / rows + square / (4 * rows**2)) / (1 + square / rows)
    )
    return float(max(0.0, middle - spread)), float(min(1.0, middle + spread))


def _names(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """The name of the group of each row; categories in order where numbers were put in ranges."""
    if pd.api.types.is_numeric_dtype(values.dtype) and values.nunique() > MOST_GROUPS:
        return _ranges(values.astype("float64"))
    return values.astype("str").where(values.notna(), MISSING)


def _ranges(values: "pd.Series[float]") -> "pd.Series[Any]":
    codes, edges = pd.qcut(values, QUARTERS, labels=False, retbins=True, duplicates="drop")
    names = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(edges)]
    ordered = pd.CategoricalDtype([*names, MISSING], ordered=True)
    return codes.map(dict(enumerate(names))).fillna(MISSING).astype(ordered)


def _group(name: str, scored: Scored) -> Group:
    right = int((scored.predicted == scored.truth).sum())
    low, high = wilson(right, scored.rows)
    measured = {key: value(scored) for key, value in _METRICS.items() if scored.binary}
    return Group(
        value=name,
        rows=scored.rows,
        accuracy=right / scored.rows,
        accuracy_low=low,
        accuracy_high=high,
        metrics={key: value for key, value in measured.items() if value is not None},
    )


def _gaps(groups: list[Group]) -> dict[str, float]:
    large = [group for group in groups if group.rows >= LEAST_ROWS]
    tables = [{"accuracy": group.accuracy, **group.metrics} for group in large]
    names = {name for table in tables for name in table}
    gaps = {}
    for name in sorted(names):
        values = [table[name] for table in tables if name in table]
        if len(values) > 1:
            gaps[name] = max(values) - min(values)
    return gaps


def _share(scored: Scored, among: NDArray[np.bool_] | None, said: bool) -> float | None:
    rows = scored.predicted if said else scored.truth
    chosen = rows if among is None else rows[among]
    return float((chosen == 1).mean()) if len(chosen) else None


_METRICS: Mapping[str, Callable[[Scored], float | None]] = MappingProxyType(
    {
        "positive_rate": lambda scored: _share(scored, None, said=False),
        "predicted_rate": lambda scored: _share(scored, None, said=True),
        "true_positive_rate": lambda scored: _share(scored, scored.truth == 1, said=True),
        "false_positive_rate": lambda scored: _share(scored, scored.truth == 0, said=True),
        "roc_auc": lambda scored: measure(Metric.ROC_AUC, scored),
        "brier": lambda scored: measure(Metric.BRIER, scored),
    }
)
"""For two classes; the rates are of the second class, the positive one."""
