"""What a ledger keeps: predictions, and the labels and events that arrive later."""

from dataclasses import dataclass
from enum import StrEnum


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
class Due:
    """Which answers are asked for: those that users saw, once they have come of age."""

    deployment: str
    revision: str
    maturity_seconds: float
    """Age at which an answer is counted, since its arrival here; rounded up to whole ticks."""
    cursor: int
    """Tick until which answers were counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """Events of one name; what an answer is worth is the sum of their values, cut to the bounds."""

    name: str
    lowest: float | None = None
    highest: float | None = None

    def cut(self, total: float) -> float:
        """The sum of one answer's values within the bounds."""
        raised = total if self.lowest is None else max(total, self.lowest)
        return raised if self.highest is None else min(raised, self.highest)


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortOutcomes:
    """Answers that came of age after a cursor, with the labels that had arrived by then."""

    matured: int
    labelled: int
    wrong: int
    cursor: int
    """Tick until which answers are of age; later ticks are counted from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthOutcomes:
    """What answers that came of age after a cursor were worth then."""

    count: int
    """Answers, those without events included."""
    total: float
    squares: float
    """Sum of the squared worth of each answer."""
    cursor: int
    """As of `CohortOutcomes`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedClasses:
    """How often each class was predicted, since a cursor."""

    counts: tuple[tuple[str, int], ...]
    """The commonest ones, most frequent first; of equal ones the lesser name."""
    rest: int
    """All others together."""
    cursor: int


class Score(StrEnum):
    """Which number of an answer is told by size."""

    NUMBER = "number"
    """The prediction itself, where it is a number."""
    CONFIDENCE = "confidence"
    """Its confidence, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Which score is put in order, and where it is cut."""

    score: Score
    edges: tuple[float, ...]
    """Rising; a bin holds its upper edge and not its lower one, and the last has no upper one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDeciles:
    """Where the scores of the latest answers are cut into ten parts."""

    edges: tuple[float, ...]
    """Rising, each once, nine at most; none where all scores are equal."""
    scores: int
    """Answers that were looked at and have one."""
    rest: int
    """Those that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinnedScores:
    """How many answers lie in each bin, since a cursor."""

    counts: tuple[int, ...]
    """From below; one more than there are edges."""
    rest: int
    """Answers without a score: no number, or no confidence."""
    cursor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedPredictions:
    """Rows that two revisions answered, with or without a label, since a cursor."""

    same: int
    different: int
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
