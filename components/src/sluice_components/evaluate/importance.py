"""Permutation importance: what is lost when one feature no longer belongs to its row.

Source: Breiman (2001), Random Forests, Machine Learning 45, section 10; here for any model, on
hold-out rows.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sluice_components.evaluate.metric import measure
from sluice_components.evaluate.scored import Scored, score
from sluice_components.evaluation import Importance
from sluice_components.project.rule import Metric

REPEATS: Final = 5
"""Shuffles of each feature."""
MOST_ROWS: Final = 2000
"""Rows that are shuffled; enough to rank features, few enough for slow models."""
MOST_ANSWERS: Final = 2_000_000
"""Bound on rows x features x repeats, which is what the time goes by; wide data gets fewer rows."""
LEAST_ROWS: Final = 200


def importance_metric(scored: Scored) -> Metric:
    """What the loss is measured in: ROC AUC where the model orders rows, else accuracy."""
    return Metric.ACCURACY if measure(Metric.ROC_AUC, scored) is None else Metric.ROC_AUC


def importances(
    model: Any, inputs: pd.DataFrame, scored: Scored, seed: int
) -> tuple[Importance, ...]:
    """Every feature, the most important first; equal arguments give equal values."""
    random = np.random.default_rng(seed)
    rows = _sample(len(inputs), len(inputs.columns), random)
    some, known = inputs.iloc[rows].reset_index(drop=True), scored.at(rows)
    metric = importance_metric(known)
    whole = measure(metric, known) or 0.0
    found = []
    for feature in inputs.columns:
        losses = [whole - value for value in _shuffled(model, some, known, feature, random, metric)]
        mean, deviation = float(np.mean(losses)), float(np.std(losses))
        found.append(Importance(feature=str(feature), mean=mean, deviation=deviation))
    return tuple(sorted(found, key=lambda one: -one.mean))


def _sample(rows: int, features: int, random: np.random.Generator) -> NDArray[np.int64]:
    affordable = MOST_ANSWERS // max(features * REPEATS, 1)
    size = min(rows, max(LEAST_ROWS, min(MOST_ROWS, affordable)))
    return np.sort(random.choice(rows, size=size, replace=False))


def _shuffled(  # noqa: PLR0913, PLR0917 - one loop body, named
    model: Any,
    inputs: pd.DataFrame,
    known: Scored,
    feature: Any,
    random: np.random.Generator,
    metric: Metric,
) -> Iterator[float]:
    truth = np.asarray(known.classes, dtype=object)[known.truth]
    many = pd.concat([inputs] * REPEATS, ignore_index=True)
    order = [random.permutation(len(inputs)) for _ in range(REPEATS)]
    many[feature] = pd.concat([inputs[feature].iloc[rows] for rows in order], ignore_index=True)
    # one call for all repeats: small calls cost more than their rows
    answers = score(model, many, np.tile(truth, REPEATS), known.classes)
    for part in np.split(np.arange(len(many)), REPEATS):
        yield measure(metric, answers.at(part)) or 0.0
