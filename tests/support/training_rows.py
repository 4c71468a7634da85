"""Builders of training rows, fitted models and what they say, without a file on disk."""

from typing import Any

import numpy as np
import pandas as pd
from sluice_components.evaluate.scored import Scored
from sluice_components.example import Examples
from sluice_components.project.rule import Estimator
from sluice_components.project.section import Features, Unseen
from sluice_components.train.stage import Trained, train

TARGET = "late"
FEATURES = Features(numeric=("distance", "hour"), categorical=("carrier",))


def trips(rows: int = 400, seed: int = 5) -> pd.DataFrame:
    """Trips that are late when they are long, in the evening, or by one of the carriers."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": np.arange(rows) + seed * 1_000_000,
            "distance": rng.gamma(2.0, 400.0, rows).round(1),
            "hour": rng.integers(5, 24, rows),
            "carrier": rng.choice(["AA", "BB", "CC"], rows),
        }
    )
    push = frame["distance"] / 800 + (frame["hour"] - 14) / 8 + (frame["carrier"] == "BB") - 1
    frame[TARGET] = (push + rng.normal(0, 0.7, rows) > 0).astype("int64")
    frame.loc[rng.random(rows) < 0.1, "distance"] = np.nan
    return frame


def estimator(name: str = "linear_model.LogisticRegression", **parameters: Any) -> Estimator:
    """The section `estimator` for a class of scikit-learn."""
    return Estimator(class_=f"sklearn.{name}", parameters=parameters)


def fitted(
    frame: pd.DataFrame,
    learner: Estimator | None = None,
    features: Features = FEATURES,
    target: str = TARGET,
) -> Trained:
    """A model trained on the rows by the stage itself."""
    return train(frame, features=features, target=target, estimator=learner or estimator(), seed=7)


def refusing(features: Features = FEATURES) -> Features:
    """The same features, with unseen categories refused."""
    return features.model_copy(update={"unseen": Unseen.REFUSE})


def examples(frame: pd.DataFrame, digest: str = "") -> Examples:
    """Rows with a digest that stands for them."""
    return Examples(frame=frame, digest=digest or f"sha256:{len(frame):064d}")


def answers(
    truth: list[int], probability: list[float], classes: tuple[str, ...] = ("0", "1")
) -> Scored:
    """What a model with two classes said: the probability of the second one, row by row."""
    second = np.asarray(probability, dtype=float)
    both = np.column_stack([1 - second, second])
    return Scored(
        classes=classes,
        truth=np.asarray(truth),
        predicted=(second > 0.5).astype(np.int64),
        probability=both,
        ranking=both,
    )


def noisy_answers(rows: int, noise: float, seed: int, classes: int = 2) -> Scored:
    """A model that errs more the larger the noise; the truth depends on `rows` only."""
    truth = np.random.default_rng(rows).integers(0, classes, rows)
    scores = np.eye(classes)[truth] + np.random.default_rng(seed).normal(0, noise, (rows, classes))
    probability = np.exp(2 * scores)
    probability /= probability.sum(axis=1, keepdims=True)
    return Scored(
        classes=tuple(f"class {k}" for k in range(classes)),
        truth=truth,
        predicted=probability.argmax(axis=1),
        probability=probability,
        ranking=probability,
    )
