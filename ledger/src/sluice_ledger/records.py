"""What a ledger keeps: predictions, and the labels that arrive later."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The answer of one revision to one row of one request."""

    request_id: str
    """The same for all revisions that answered the same request: this is what makes a pair."""
    row: int
    """Position of the row in the request, from 0."""
    deployment: str
    revision: str
    prediction: str
    """Canonical text of the predicted class or value, comparable with a label."""
    confidence: float | None
    """Estimated probability of the predicted class, 0 to 1; None where the model gives none."""
    mirrored: bool
    """The answer was dropped by the router: no user saw it."""
    at: float
    """When the answer was given, in seconds since the epoch (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The truth about one row of one request."""

    request_id: str
    row: int
    label: str
    """Canonical text, as in `Prediction.prediction`."""
    at: float
    """When the truth became known, in seconds since the epoch (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedOutcomes:
    """Rows that two revisions answered and whose label is known, since a cursor."""

    worse: int
    same: int
    better: int
    unlabelled: int
    cursor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmOutcomes:
    """Labelled answers of one revision, since a cursor."""

    total: int
    wrong: int
    cursor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiEvent:
    """Something of worth that followed an answer: a purchase, a complaint, minutes of use."""

    event_id: str
    """Saying the same event twice does nothing."""
    request_id: str
    row: int
    """With `request_id`, the answer that it followed."""
    name: str
    """Which key figure, such as `purchase`."""
    value: float
    at: float
    """When it happened, in seconds since the epoch (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiOutcomes:
    """Events that followed answers of one revision that users saw, since a cursor."""

    count: int
    total: float
    squares: float
    """Sum of the squared values: with `count` and `total` it gives mean and variance."""
    cursor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """Arrivals that contradicted what was there; kept apart, never used."""

    predictions: int
    labels: int
    events: int = 0


def canonical(value: object) -> str:
    """The one text by which predictions and labels are compared: `1`, `1.0` and `True` are `1`."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
