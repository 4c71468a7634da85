"""What the plots show: one value per point, few enough points for a page."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sluice_components.evaluate.metric import confusion_table, positives_of
from sluice_components.evaluate.ranking import counts_above, ranked
from sluice_components.evaluate.scored import Scored
from sluice_components.evaluation import CalibrationBin, ClassReport, RocCurve

CURVE_POINTS: Final = 200
"""More points than this change no pixel."""
CALIBRATION_BINS: Final = 10
LARGEST_PLOTTED: Final = 20
"""Classes that get a curve of their own."""


def class_reports(scored: Scored) -> tuple[ClassReport, ...]:
    """Precision and recall of every class."""
    table = confusion_table(scored)
    hits, said, real = np.diagonal(table), table.sum(axis=0), table.sum(axis=1)
    return tuple(
        ClassReport(
            name=name,
            rows=int(real[position]),
            precision=float(hits[position] / max(said[position], 1)),
            recall=float(hits[position] / max(real[position], 1)),
        )
        for position, name in enumerate(scored.classes)
    )


def roc_curves(scored: Scored) -> tuple[RocCurve, ...]:
    """A curve for each positive class that the hold-out can show one for."""
    curves = (_roc_curve(scored, p) for p in positives_of(scored)[:LARGEST_PLOTTED])
    return tuple(curve for curve in curves if curve is not None)


def calibration(scored: Scored) -> tuple[CalibrationBin, ...]:
    """Stated probability against what came true, in bins of equally many rows."""
    if scored.probability is None or scored.rows == 0:
        return ()
    if scored.binary:
        stated, happened = scored.probability[:, 1], scored.truth == 1
    else:
        stated = scored.probability[np.arange(scored.rows), scored.predicted]
        happened = scored.truth == scored.predicted
    bins = np.array_split(np.argsort(stated, kind="stable"), CALIBRATION_BINS)
    return tuple(_bin(stated[rows], happened[rows]) for rows in bins if len(rows))


def _bin(stated: NDArray[np.float64], happened: NDArray[np.bool_]) -> CalibrationBin:
    return CalibrationBin(
        rows=len(stated), stated=float(stated.mean()), observed=float(happened.mean())
    )


def _roc_curve(scored: Scored, position: int) -> RocCurve | None:
    is_positive = scored.truth == position
    if scored.ranking is None or is_positive.all() or not is_positive.any():
        return None
    rows = ranked(scored.ranking[:, position], is_positive)
    hits, alarms = counts_above(rows, None)
    # no row stands above the first threshold; a finite one, since JSON has no infinity
    thresholds = np.append(np.nextafter(rows.scores[0], np.inf), rows.scores)
    at = np.unique(np.linspace(0, len(hits) - 1, CURVE_POINTS).round().astype(int))
    return RocCurve(
        name=scored.classes[position],
        false_positive_rate=tuple((alarms[at] / alarms[-1]).tolist()),
        true_positive_rate=tuple((hits[at] / hits[-1]).tolist()),
        thresholds=tuple(thresholds[at].tolist()),
    )
