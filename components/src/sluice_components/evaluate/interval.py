"""Intervals for the difference of two models on the same rows, by the kind of metric.

All of them are about `new - champion`, turned so that more is better.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from sluice_components.evaluate.metric import BY_ORDER, BY_ROW, BY_TABLE, positives_of
from sluice_components.evaluate.ranking import ranked
from sluice_components.evaluate.scored import Scored
from sluice_components.project.rule import Metric

Numbers = NDArray[np.float64]

TABLE_DRAWS: Final = 1000
"""Resampled tables: each is small."""
ORDER_DRAWS: Final = 400
"""Resampled orders: each costs a pass over all rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A two-sided interval."""

    low: float
    high: float
    method: str


def paired_interval(
    metric: Metric, pair: tuple[Scored, Scored], confidence: float, seed: int
) -> Interval | None:
    """The interval of `new - champion`; None if either model lacks what the metric needs.

    Args:
        metric: What is compared.
        pair: New model and champion, on the same rows with the same classes.
        confidence: Of the two-sided interval, e.g. 0.95.
        seed: For the metrics whose interval is drawn.
    """
    if metric is Metric.ACCURACY:
        return _of_proportions(*pair, confidence)
    if metric in BY_ROW:
        return _of_means(metric, pair, confidence)
    draws = _table_draws if metric in BY_TABLE else _order_draws
    differences = draws(metric, pair, np.random.default_rng(seed))
    if differences is None:
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(differences, [tail, 1 - tail])
    method = f"paired bootstrap over rows, {len(differences)} draws"
    return Interval(low=float(low), high=float(high), method=method)


def _of_proportions(new: Scored, champion: Scored, confidence: float) -> Interval:
    """Adjusted Wald interval: honest also when the two hardly ever disagree.

    Source: Bonett and Price (2012), Adjusted Wald confidence interval for a difference of
    binomial proportions based on paired data, J. Educ. Behav. Stat. 37(4).
    """
    right, champion_right = new.predicted == new.truth, champion.predicted == champion.truth
    trials = new.rows + 2
    better = (float((right & ~champion_right).sum()) + 1) / trials
    worse = (float((~right & champion_right).sum()) + 1) / trials
    middle = better - worse
    spread = np.sqrt((better + worse - middle**2) / trials) * norm.ppf((1 + confidence) / 2)
    return Interval(
        low=max(-1.0, float(middle - spread)),
        high=min(1.0, float(middle + spread)),
        method="paired proportions, adjusted Wald interval (Bonett and Price 2012)",
    )


def _of_means(metric: Metric, pair: tuple[Scored, Scored], confidence: float) -> Interval | None:
    new, champion = (BY_ROW[metric](scored) for scored in pair)
    if new is None or champion is None or len(new) < 2:  # noqa: PLR2004 - no spread without two
        return None
    gain = champion - new  # losses: the champion's being larger is better for the new model
    middle = float(gain.mean())
    error = float(gain.std(ddof=1)) / np.sqrt(len(gain))
    spread = error * float(t.ppf((1 + confidence) / 2, df=len(gain) - 1))
    return Interval(low=middle - spread, high=middle + spread, method="paired t interval of means")


def _table_draws(
    metric: Metric, pair: tuple[Scored, Scored], random: np.random.Generator
) -> Numbers:
    new, champion = pair
    width = len(new.classes)
    # rows with the same truth and answers are alike to these metrics: draw kinds of rows, not rows
    kinds, counts = np.unique(
        np.stack([new.truth, new.predicted, champion.predicted]), axis=1, return_counts=True
    )
    truth, answer, champion_answer = kinds
    value, gains = BY_TABLE[metric], np.empty(TABLE_DRAWS)
    for draw, times in enumerate(random.multinomial(new.rows, counts / new.rows, TABLE_DRAWS)):
        ours = _table(truth * width + answer, times, width)
        theirs = _table(truth * width + champion_answer, times, width)
        gains[draw] = value(ours, binary=new.binary) - value(theirs, binary=new.binary)
    return gains


def _table(cells: NDArray[np.int64], times: NDArray[np.int64], width: int) -> Numbers:
    counts = np.bincount(cells, weights=times.astype(np.float64), minlength=width**2)
    return counts.reshape(width, width).astype(np.float64)


def _order_draws(
    metric: Metric, pair: tuple[Scored, Scored], random: np.random.Generator
) -> Numbers | None:
    new, champion = _order_metric(metric, pair[0]), _order_metric(metric, pair[1])
    if new is None or champion is None:
        return None
    rows = pair[0].rows
    draws = (
        np.bincount(random.integers(0, rows, rows), minlength=rows).astype(np.float64)
        for _ in range(ORDER_DRAWS)
    )
    return np.asarray([new(weights) - champion(weights) for weights in draws])


def _order_metric(metric: Metric, scored: Scored) -> Callable[[Numbers], float] | None:
    if scored.ranking is None:
        return None
    present = [p for p in positives_of(scored) if 0 < (scored.truth == p).sum() < scored.rows]
    if not present:
        return None
    orders = [ranked(scored.ranking[:, p], scored.truth == p) for p in present]
    value = BY_ORDER[metric]
    return lambda weights: float(np.mean([value(order, weights) for order in orders]))
