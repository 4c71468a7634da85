"""What a model said about the hold-out, beside the truth; all metrics start here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sluice_package.answer import AnswerProfile

from sluice_components.example import class_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Answers of one model, classes as positions in `classes`.

    Shapes:
        truth, predicted: (rows,) int64
        probability, ranking: (rows, classes) float64
    """

    classes: tuple[str, ...]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probability: NDArray[np.float64] | None
    """None if the model states no probabilities."""
    ranking: NDArray[np.float64] | None
    """Probabilities, or else whatever the model orders rows by; None if it has neither."""

    @property
    def rows(self) -> int:
        """Rows of the hold-out."""
        return len(self.truth)

    @property
    def binary(self) -> bool:
        """Whether there are two classes, the second of them the positive one."""
        return len(self.classes) == 2  # noqa: PLR2004 - the meaning of the word

    @property
    def answers(self) -> AnswerProfile:
        """Predicted classes and their probabilities, as the server will give them."""
        confidence = None
        if self.probability is not None:
            confidence = self.probability[np.arange(self.rows), self.predicted]
        return AnswerProfile.of_classes([self.classes[k] for k in self.predicted], confidence)

    def at(self, rows: NDArray[Any]) -> "Scored":
        """The same for some of the rows, by mask or position."""
        return Scored(
            classes=self.classes,
            truth=self.truth[rows],
            predicted=self.predicted[rows],
            probability=None if self.probability is None else self.probability[rows],
            ranking=None if self.ranking is None else self.ranking[rows],
        )


def class_texts(values: NDArray[Any]) -> NDArray[Any]:
    """The canonical text of every value, made once per distinct value."""
    codes, distinct = pd.factorize(values)
    return np.asarray([class_text(value) for value in distinct], dtype=object)[codes]


def classes_of(model: Any, truth: NDArray[Any]) -> tuple[str, ...]:
    """The classes of the model in its order, then those that only the hold-out has."""
    known = [class_text(value) for value in model.classes_]
    strange = sorted(set(truth) - set(known))
    return (*known, *strange)


def score(model: Any, inputs: pd.DataFrame, truth: NDArray[Any], classes: Sequence[str]) -> Scored:
    """What the model says about the inputs.

    Args:
        model: A fitted classifier.
        inputs: The features, as the model was fitted with them.
        truth: Canonical texts of the true classes.
        classes: All classes, those of the model and of the truth among them.
    """
    order = [classes.index(class_text(value)) for value in model.classes_]
    probability = _spread(_probability(model, inputs), order, len(classes))
    ranking = probability
    if ranking is None:
        ranking = _spread(_decision(model, inputs), order, len(classes))
    return Scored(
        classes=tuple(classes),
        truth=_positions(truth, classes),
        predicted=_positions(class_texts(np.asarray(model.predict(inputs))), classes),
        probability=probability,
        ranking=ranking,
    )


def _positions(texts: NDArray[Any], classes: Sequence[str]) -> NDArray[np.int64]:
    codes, distinct = pd.factorize(texts)
    places = np.asarray([classes.index(text) for text in distinct], dtype=np.int64)
    return places[codes]


def _probability(model: Any, inputs: pd.DataFrame) -> NDArray[np.float64] | None:
    if not hasattr(model, "predict_proba"):
        return None
    return np.asarray(model.predict_proba(inputs), dtype=np.float64)


def _decision(model: Any, inputs: pd.DataFrame) -> NDArray[np.float64] | None:
    if not hasattr(model, "decision_function"):
        return None
    values = np.asarray(model.decision_function(inputs), dtype=np.float64)
    return np.column_stack([-values, values]) if values.ndim == 1 else values


def _spread(
    values: NDArray[np.float64] | None, order: list[int], width: int
) -> NDArray[np.float64] | None:
    """Columns put where the classes stand; a class that the model does not know gets the least."""
    if values is None or values.shape[1] != len(order):
        return None
    least = min(0.0, float(values.min(initial=0.0)))
    spread = np.full((len(values), width), least)
    spread[:, order] = values
    return spread
