"""Fits one object to the training rows: what it learns here is what answers requests later."""

import pickle
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from sluice_components.errors import SourceError, TargetError, TrainingError
from sluice_components.example import inputs_of, read_examples, truth_of
from sluice_components.project.rule import Estimator
from sluice_components.project.section import Features
from sluice_components.train.learner import learner
from sluice_components.train.recipe import pipeline, quick_to_predict

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A fitted pipeline and how it came about."""

    model: Any
    """One scikit-learn Pipeline: a frame of the features in, classes out."""
    rows: int
    seconds: float
    """Wall time of the fit."""
    warnings: tuple[str, ...]
    """What scikit-learn complained about; a person should read it."""

    def facts(self) -> dict[str, Any]:
        """What the artifact says about itself in the UI."""
        return {
            "class": type(self.model[-1]).__name__,
            "rows": self.rows,
            "fit_seconds": round(self.seconds, 3),
            "warnings": list(self.warnings),
        }


def train(
    frame: pd.DataFrame, *, features: Features, target: str, estimator: Estimator, seed: int
) -> Trained:
    """Fit the estimator and the steps before it; equal arguments give an equal model.

    Raises:
        SourceError: A feature or the target is not in the table.
        TrainingError: There are no rows, a feature has no value at all, or the fit failed.
        TargetError: The target has less than two classes.
        ProjectError: The estimator cannot be made.
    """
    _refuse_absent(frame, (*features.names, target))
    _refuse_nothing_to_learn(frame, features, target)
    inputs, truth = inputs_of(frame, features.names), truth_of(frame, target)
    categories = int(sum(inputs[name].nunique() for name in features.categorical))
    model = pipeline(learner(estimator, seed), features, categories)
    started = time.perf_counter()
    complaints = _fit(model, inputs, truth, estimator)
    seconds = time.perf_counter() - started
    model = quick_to_predict(model, categories)
    return Trained(model=model, rows=len(frame), seconds=seconds, warnings=complaints)


def train_plain(source: str, plan: Plain, to: str) -> Plain:
    """`train` with its arguments as a pipeline hands them over; writes the pickled pipeline.

    Args:
        source: Table of `split`.
        plan: The sections `features` and `estimator`, the name of the `target`, and the `seed`.
        to: File to write.

    Returns:
        Facts about the model, the digest of its training rows among them.
    """
    examples = read_examples(source)
    trained = train(
        examples.frame,
        features=Features.model_validate(plan["features"]),
        target=plan["target"],
        estimator=Estimator.model_validate(plan["estimator"]),
        seed=int(plan["seed"]),
    )
    Path(to).parent.mkdir(parents=True, exist_ok=True)
    Path(to).write_bytes(pickle.dumps(trained.model, protocol=pickle.HIGHEST_PROTOCOL))
    return {**trained.facts(), "training_digest": examples.digest}


def _refuse_absent(frame: pd.DataFrame, names: tuple[str, ...]) -> None:
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise SourceError(
            f"training rows: no column {absent[0]!r}; add it to `schema` and to the source, "
            "or take it out of `features`"
        )


def _refuse_nothing_to_learn(frame: pd.DataFrame, features: Features, target: str) -> None:
    if frame.empty:
        raise TrainingError(
            "training rows: there are none; widen `window`, or look into the quarantine table"
        )
    for name in features.names:
        if frame[name].isna().all():
            raise TrainingError(
                f"training rows: feature {name!r} has no value in any of {len(frame)} rows; "
                "take it out of `features`, or repair the source"
            )
    if frame[target].nunique() < 2:  # noqa: PLR2004 - two classes are the least to tell apart
        only = ", ".join(str(value) for value in frame[target].dropna().unique())
        raise TargetError(
            f"training rows: target {target!r} has one class only ({only or 'no value'}); "
            "there is nothing to tell apart: change `target` or `window`"
        )


def _fit(model: Any, inputs: pd.DataFrame, truth: Any, estimator: Estimator) -> tuple[str, ...]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ConvergenceWarning)
        try:
            model.fit(inputs, truth)
        except (ValueError, TypeError, MemoryError) as wrong:
            raise TrainingError(
                f"{estimator.class_} could not be fitted: {_first_line(wrong)}; "
                f"its parameters were {_spell(estimator.parameters)}"
            ) from wrong
    return tuple(dict.fromkeys(_first_line(one.message) for one in caught))


def _first_line(error: object) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".:")


def _spell(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items()) or "the defaults"
