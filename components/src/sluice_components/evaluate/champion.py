"""Comparison with the model in charge, row by row on the same hold-out.

The new model must be shown to be not worse by more than the margin: the whole paired interval has
to lie above it. That the champion is unreadable is no proof, so it counts against the new model.
"""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sluice_package.error import PackageError
from sluice_package.package import ModelPackage

from sluice_components.evaluate.interval import paired_interval
from sluice_components.evaluate.metric import LESS_IS_BETTER, measure
from sluice_components.evaluate.scored import Scored, classes_of, score
from sluice_components.evaluation import Comparison, Standing
from sluice_components.example import inputs_of
from sluice_components.project.rule import Champion

MODEL_FILE = "model.pkl"

NOT_ASKED = Comparison(
    standing=Standing.NOT_ASKED,
    reason="the project compares with no champion; the key `champion` asks for it",
)
NO_CHAMPION = Comparison(
    standing=Standing.NO_CHAMPION,
    reason="no champion yet: no version is in charge under this name, so there is nothing to "
    "compare with",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opponent:
    """A champion that was verified and loaded."""

    digest: str
    model: Any
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """The hold-out and what the new model makes of it."""

    model: Any
    frame: pd.DataFrame
    inputs: pd.DataFrame
    truth: NDArray[Any]
    """Canonical texts."""


def compare_with(folder: Path | None, rule: Champion | None, exam: Exam, seed: int) -> Comparison:
    """How the new model stands against the champion's package, if there is one."""
    if rule is None:
        return NOT_ASKED
    if folder is None:
        return NO_CHAMPION
    try:
        opponent = load_opponent(folder)
        absent = [name for name in opponent.features if name not in exam.frame.columns]
        if absent:
            return _not_comparable(
                f"it needs the column {absent[0]!r}, which `schema` does not keep; keep it, or "
                "take `champion` out of the project"
            )
        return _judged(rule, opponent, _pair(exam, opponent), seed)
    except PackageError as wrong:
        return _not_comparable(f"its package is not usable: {wrong}")
    except (ValueError, TypeError, AttributeError, ImportError) as wrong:
        return _not_comparable(f"it cannot predict this hold-out: {wrong}")


def load_opponent(folder: Path) -> Opponent:
    """The model of a package, unpickled only after every file was compared with the manifest.

    Raises:
        PackageError: The folder is no package, or its content differs.
    """
    package = ModelPackage.open(folder)
    model = pickle.loads(package.read(MODEL_FILE))  # noqa: S301 - verified one line above
    names = tuple(column.name for column in package.contract.input.columns)
    return Opponent(digest=package.digest, model=model, features=names)


def _pair(exam: Exam, opponent: Opponent) -> tuple[Scored, Scored]:
    classes = classes_of(exam.model, np.append(exam.truth, classes_of(opponent.model, exam.truth)))
    theirs = inputs_of(exam.frame, opponent.features)
    return (
        score(exam.model, exam.inputs, exam.truth, classes),
        score(opponent.model, theirs, exam.truth, classes),
    )


def _judged(
    rule: Champion, opponent: Opponent, pair: tuple[Scored, Scored], seed: int
) -> Comparison:
    value, champion_value = (measure(rule.metric, scored) for scored in pair)
    interval = paired_interval(rule.metric, pair, rule.confidence, seed)
    if value is None or champion_value is None or interval is None:
        return _not_comparable(f"{rule.metric} cannot be measured for both on this hold-out")
    turn = -1 if rule.metric in LESS_IS_BETTER else 1
    passed = interval.low >= -rule.margin
    return Comparison(
        standing=Standing.NOT_WORSE if passed else Standing.NOT_PROVEN,
        reason=_sentence(rule, interval.low, interval.high, passed=passed),
        champion=opponent.digest,
        metric=rule.metric,
        value=value,
        champion_value=champion_value,
        difference=turn * (value - champion_value),
        low=interval.low,
        high=interval.high,
        margin=rule.margin,
        confidence=rule.confidence,
        method=interval.method,
    )


def _sentence(rule: Champion, low: float, high: float, *, passed: bool) -> str:
    interval = f"{rule.metric} differs by {low:+.4f} to {high:+.4f} ({rule.confidence:.0%})"
    if passed:
        return f"{interval}: not worse than the champion by more than {rule.margin:g}"
    return (
        f"{interval}, which reaches below -{rule.margin:g}: that it is worse than the champion by "
        "more cannot be ruled out; improve it, hold out more rows, or widen `champion.margin`"
    )


def _not_comparable(reason: str) -> Comparison:
    return Comparison(standing=Standing.NOT_COMPARABLE, reason=f"not comparable: {reason}")
