"""The sections of the project file that describe the model and what is demanded of it."""

import json
import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializationInfo,
    field_serializer,
    model_validator,
)

from sluice_components.project.field import DnsLabel, Section

AS_PARAMETER = {"sluice": "parameter"}
"""Serialization context under which numbers survive a Kubeflow parameter."""


class Metric(StrEnum):
    """The metrics that evaluation computes on the hold-out."""

    ACCURACY = "accuracy"
    BALANCED_ACCURACY = "balanced_accuracy"
    PRECISION = "precision"
    RECALL = "recall"
    F1 = "f1"
    ROC_AUC = "roc_auc"
    AVERAGE_PRECISION = "average_precision"
    BRIER = "brier"
    LOG_LOSS = "log_loss"


def _of_sklearn(value: str) -> str:
    if re.fullmatch(r"sklearn(\.[A-Za-z_]\w*)+", value):
        return value
    raise ValueError(
        "must be the full name of a class of scikit-learn, such as"
        " sklearn.linear_model.LogisticRegression"
    )


def _from_text(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


class Estimator(Section):
    """The learner, a classifier of scikit-learn."""

    class_: Annotated[str, AfterValidator(_of_sklearn)] = Field(alias="class")
    """Full name of the class, e.g. `sklearn.linear_model.LogisticRegression`."""
    parameters: Annotated[dict[str, Any], BeforeValidator(_from_text)] = Field(default_factory=dict)
    """Arguments of the class; those left out keep scikit-learn's defaults."""

    @field_serializer("parameters")
    def _keep_numbers(self, value: dict[str, Any], info: SerializationInfo) -> dict[str, Any] | str:
        # Kubeflow hands every number in a structure over as a float, and to scikit-learn
        # `max_features: 1` and `max_features: 1.0` mean different things.
        return json.dumps(value) if info.context == AS_PARAMETER else value


class Acceptance(Section):
    """A demand on one metric of the hold-out; a model that fails it is not registered."""

    metric: Metric
    """What is measured."""
    minimum: float | None = None
    """Smallest value that passes."""
    maximum: float | None = None
    """Largest value that passes."""

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("state `minimum`, `maximum` or both")
        return self


class Champion(Section):
    """Comparison with the registered model that is in charge, on the same hold-out."""

    metric: Metric
    """What is compared."""
    margin: float = Field(default=0.0, ge=0)
    """How much worse the new model may be; the whole paired interval must lie within it."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of the paired interval."""


class Registration(Section):
    """Where the model is registered."""

    name: DnsLabel | None = None
    """Registered name; by default the name of the project."""
    alias: DnsLabel = "challenger"
    """Alias that is moved to the new version."""
