"""What a model answers, as sketches: the side of a profile that no table of data has."""

from collections import Counter
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sluice_package.category import CategorySketch
from sluice_package.error import ProfileError
from sluice_package.number import NumberSketch
from sluice_package.sketch import Sketch, merged


class AnswerProfile(BaseModel):
    """Sketches of the answers of one model to some rows, or of several such merged."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rows: int = Field(ge=0)
    prediction: Sketch
    """Canonical texts of the predicted classes, as a ledger has them; numbers of a regression."""
    confidence: NumberSketch | None = None
    """Probabilities of the predicted classes; None where the model states none."""

    @classmethod
    def of_classes(
        cls, predictions: Sequence[str], confidence: NDArray[np.float64] | None = None
    ) -> Self:
        """The answers of a classifier.

        Shapes: confidence: (rows,) float64, as many as there are predictions.
        """
        if confidence is not None and len(confidence) != len(predictions):
            raise ProfileError(
                f"{len(predictions)} predictions come with {len(confidence)} confidences; give one "
                "for each"
            )
        return cls(
            rows=len(predictions),
            prediction=CategorySketch.of(Counter(predictions), missing=0),
            confidence=None if confidence is None else NumberSketch.of(confidence),
        )

    @classmethod
    def of_numbers(cls, predictions: NDArray[np.float64]) -> Self:
        """The answers of a regression.

        Shapes: predictions: (rows,) float64.
        """
        return cls(rows=len(predictions), prediction=NumberSketch.of(predictions))

    def merge(self, other: "AnswerProfile") -> "AnswerProfile":
        """The answers to both sets of rows together; every count is exact.

        Raises:
            ProfileError: Only one of them has confidences, or the predictions differ in kind.
        """
        if (self.confidence is None) != (other.confidence is None):
            raise ProfileError("Confidence is in one profile only; profile answers of one model")
        confidence = None
        if self.confidence is not None and other.confidence is not None:
            confidence = self.confidence.merge(other.confidence)
        return AnswerProfile(
            rows=self.rows + other.rows,
            prediction=merged("Prediction", self.prediction, other.prediction),
            confidence=confidence,
        )
