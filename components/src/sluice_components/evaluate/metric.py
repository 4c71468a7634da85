"""The metrics. Each is defined once here, for the value as for the interval around a difference.

Three families, by what they need: the table of truth against answer, a number per row whose mean
they are, or an order of the rows. With more than two
classes precision, recall, F1, ROC AUC and average precision are means over classes, each against
the rest; with two they are about the second class. Values equal scikit-learn's.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sluice_components.evaluate.ranking import area_under_roc, average_precision, ranked
from sluice_components.evaluate.scored import Scored
from sluice_components.project.rule import Metric

Numbers = NDArray[np.float64]
Tables = NDArray[Any]

LESS_IS_BETTER: Final = frozenset({Metric.BRIER, Metric.LOG_LOSS})


def measure(metric: Metric, scored: Scored) -> float | None:
    """The metric on these rows, or None where it is not defined for this model and these rows."""
    if scored.rows == 0:
        return None
    if metric in BY_TABLE:
        return float(BY_TABLE[metric](confusion_table(scored), binary=scored.binary))
    if metric in BY_ROW:
        losses = BY_ROW[metric](scored)
        return None if losses is None else float(losses.mean())
    return _mean_over_classes(metric, scored)


def measure_all(scored: Scored) -> dict[str, float]:
    """Every metric that is defined for this model and these rows."""
    values = ((metric, measure(metric, scored)) for metric in Metric)
    return {metric.value: value for metric, value in values if value is not None}


def confusion_table(scored: Scored) -> NDArray[np.int64]:
    """Counts by truth (row) and answer (column)."""
    width = len(scored.classes)
    cells = np.bincount(scored.truth * width + scored.predicted, minlength=width * width)
    return cells.reshape(width, width)


def positives_of(scored: Scored) -> tuple[int, ...]:
    """The classes that are held against the rest: the second of two, or all of several."""
    return (1,) if scored.binary else tuple(range(len(scored.classes)))


def _accuracy(tables: Tables, *, binary: bool) -> Numbers:
    return _ratio(_diagonal(tables).sum(-1), tables.sum((-2, -1)))


def _balanced_accuracy(tables: Tables, *, binary: bool) -> Numbers:
    rows = tables.sum(-1)
    return _mean_where(_ratio(_diagonal(tables), rows), rows > 0)


def _precision(tables: Tables, *, binary: bool) -> Numbers:
    return _over_classes(tables, _ratio(_diagonal(tables), tables.sum(-2)), binary=binary)


def _recall(tables: Tables, *, binary: bool) -> Numbers:
    return _over_classes(tables, _ratio(_diagonal(tables), tables.sum(-1)), binary=binary)


def _f1(tables: Tables, *, binary: bool) -> Numbers:
    called_or_true = tables.sum(-1) + tables.sum(-2)
    return _over_classes(tables, _ratio(2 * _diagonal(tables), called_or_true), binary=binary)


def _over_classes(tables: Tables, per_class: Numbers, *, binary: bool) -> Numbers:
    if binary:
        return np.asarray(per_class[..., 1])
    return _mean_where(per_class, (tables.sum(-1) + tables.sum(-2)) > 0)


def _diagonal(tables: Tables) -> Tables:
    return np.diagonal(tables, axis1=-2, axis2=-1)


def _ratio(part: Tables, whole: Tables) -> Numbers:
    return np.asarray(part / np.maximum(whole, 1))


def _mean_where(values: Numbers, there: NDArray[np.bool_]) -> Numbers:
    return np.asarray((values * there).sum(-1) / np.maximum(there.sum(-1), 1))


def _squared_error(scored: Scored) -> Numbers | None:
    if scored.probability is None:
        return None
    truth = np.zeros_like(scored.probability)
    truth[np.arange(scored.rows), scored.truth] = 1.0
    # two classes err by the same amount twice; counted once, as Brier's score for two is usual
    share = 0.5 if scored.binary else 1.0
    return np.asarray(share * ((scored.probability - truth) ** 2).sum(axis=1))


def _surprise(scored: Scored) -> Numbers | None:
    if scored.probability is None:
        return None
    told = scored.probability[np.arange(scored.rows), scored.truth]
    least = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(told, least, 1 - least)))


def _mean_over_classes(metric: Metric, scored: Scored) -> float | None:
    if scored.ranking is None:
        return None
    values = []
    for position in positives_of(scored):
        is_positive = scored.truth == position
        if is_positive.any() and not is_positive.all():
            order = ranked(scored.ranking[:, position], is_positive)
            values.append(BY_ORDER[metric](order, None))
    return float(np.mean(values)) if values else None


BY_TABLE: Final[Mapping[Metric, Callable[..., Numbers]]] = MappingProxyType(
    {
        Metric.ACCURACY: _accuracy,
        Metric.BALANCED_ACCURACY: _balanced_accuracy,
        Metric.PRECISION: _precision,
        Metric.RECALL: _recall,
        Metric.F1: _f1,
    }
)
"""From the table of counts by truth and answer."""
BY_ROW: Final[Mapping[Metric, Callable[[Scored], Numbers | None]]] = MappingProxyType(
    {
        Metric.BRIER: _squared_error,
        Metric.LOG_LOSS: _surprise,
    }
)
"""A loss per row; the metric is its mean."""
BY_ORDER: Final = MappingProxyType(
    {
        Metric.ROC_AUC: area_under_roc,
        Metric.AVERAGE_PRECISION: average_precision,
    }
)
"""From rows in order and, if given, how often each row counts."""
