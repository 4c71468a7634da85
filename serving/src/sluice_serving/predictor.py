"""One call of the model, and what its answer means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sluice_ledger.records import canonical
from sluice_package.contract import Contract

from sluice_serving.error import FailedModelError, RefusedPackageError

# Their predict() is not the class of the largest probability.
_OWN_RULE = frozenset({"SVC", "NuSVC", "SGDClassifier", "BaseThresholdClassifier"})
_DATATYPE_BY_KIND = {"i": "INT64", "u": "INT64", "f": "FP64", "b": "BOOL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says of each row."""

    predictions: list[Any]
    """Classes as the model names them, or numbers."""
    confidences: list[float] | None
    """Estimated probability of the predicted class; None where the model gives none."""


class Predictor:
    """A model with its contract."""

    def __init__(self, model: Any, contract: Contract) -> None:
        """Find out what the model can say.

        Raises:
            RefusedPackageError: It has other classes than the contract, or none, or cannot predict.
        """
        self._model = model
        self._classes = _classes_of(model, contract)
        self._gives_probability = self._classes is not None and hasattr(model, "predict_proba")
        self._asks_twice = self._gives_probability and not takes_likeliest(model)

    @property
    def datatype(self) -> str:
        """The V2 datatype of predictions."""
        if self._classes is None:
            return "FP64"
        return _DATATYPE_BY_KIND.get(self._classes.dtype.kind, "BYTES")

    @property
    def gives_confidence(self) -> bool:
        """Whether answers come with a probability."""
        return self._gives_probability

    def answer(self, frame: pd.DataFrame) -> Answer:
        """What the model says.

        Raises:
            FailedModelError: It raised, or returned something that is no answer.
        """
        try:
            answer = self._answered(frame)
        except (Exception, SystemExit) as raised:
            raise FailedModelError(f"the model raised {type(raised).__name__}") from raised
        if len(answer.predictions) != len(frame):
            raise FailedModelError(
                f"the model returned {len(answer.predictions)} answers to {len(frame)} rows"
            )
        return answer

    def _answered(self, frame: pd.DataFrame) -> Answer:
        if not self._gives_probability:
            numbers = np.asarray(self._model.predict(frame))
            return Answer(predictions=numbers.reshape(len(frame)).tolist(), confidences=None)
        assert self._classes is not None
        probabilities = np.asarray(self._model.predict_proba(frame), dtype=np.float64)
        places = self._places(frame, probabilities)
        confidences = np.take_along_axis(probabilities, places[:, np.newaxis], axis=1)
        return Answer(
            predictions=self._classes[places].tolist(), confidences=confidences[:, 0].tolist()
        )

    def _places(self, frame: pd.DataFrame, probabilities: NDArray[np.float64]) -> NDArray[np.intp]:
        """For each row, which of the classes is predicted."""
        if not self._asks_twice:
            likeliest: NDArray[np.intp] = probabilities.argmax(axis=1)
            return likeliest
        assert self._classes is not None
        predicted = np.asarray(self._model.predict(frame))
        places: NDArray[np.intp] = (predicted[:, np.newaxis] == self._classes).argmax(axis=1)
        return places


def takes_likeliest(model: Any) -> bool:
    """Whether `predict` is known to be the first class of the largest `predict_proba`.

    True for the classifiers of scikit-learn but for those that decide by a margin or a threshold;
    False for all that is not scikit-learn's own, since nobody knows.
    """
    final = _final_estimator(model)
    names = {kind.__name__ for kind in type(final).__mro__}
    return type(final).__module__.startswith("sklearn.") and not names & _OWN_RULE


def _final_estimator(model: Any) -> Any:
    """The estimator that decides, inside of pipelines and searches."""
    for _ in range(10):
        inner = model.steps[-1][1] if hasattr(model, "steps") else None
        inner = inner if inner is not None else getattr(model, "best_estimator_", None)
        if inner is None:
            return model
        model = inner
    return None


def _classes_of(model: Any, contract: Contract) -> NDArray[Any] | None:
    if not hasattr(model, "predict"):
        raise RefusedPackageError(
            f"the model is a {type(model).__name__}, which cannot predict; package an estimator"
        )
    if not contract.classes:
        return None
    classes = np.asarray(getattr(model, "classes_", ()))
    if _texts(classes.tolist()) != contract.classes:
        raise RefusedPackageError(
            f"the model knows the classes {_texts(classes.tolist())}, its contract names "
            f"{contract.classes}; package the model with its own contract"
        )
    return classes


def _texts(classes: Sequence[Any]) -> tuple[str, ...]:
    return tuple(canonical(value) for value in classes)
