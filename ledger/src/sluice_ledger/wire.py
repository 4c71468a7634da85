"""What goes between the service and its clients: paths, bodies and answers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sluice_ledger.fitness import KpiEventRecord, LabelRecord, PredictionRecord

PREDICTIONS = "/v1/predictions"
LABELS = "/v1/labels"
EVENTS = "/v1/events"
PAIRED = "/v1/outcomes/paired"
ARM = "/v1/outcomes/arm"
KPI = "/v1/outcomes/kpi"
COHORT = "/v1/outcomes/cohort"
WORTH = "/v1/outcomes/worth"
CLASSES = "/v1/outcomes/classes"
DECILES = "/v1/outcomes/deciles"
BINS = "/v1/outcomes/bins"
AGREEMENT = "/v1/outcomes/agreement"
ARRIVAL = "/v1/arrival"
CONFLICTS = "/v1/conflicts"
ERASURES = "/v1/erasures"

JSON = "application/json"
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_EVENTS = "application/cloudevents-batch+json"

MOST_RECORDS = 20_000
"""In one request."""
Subject = Annotated[str, Field(min_length=1, max_length=1024)]


class PredictionIn(PredictionRecord):
    """A prediction as the service takes it."""

    subject: Subject | None = None
    """Key of the person whom the request was about, for erasure; kept as a digest only."""


class LabelIn(LabelRecord):
    """A label as the service takes it."""

    subject: Subject | None = None
    """Key of the person whom the request was about, for erasure; kept as a digest only."""


class KpiEventIn(KpiEventRecord):
    """A KPI event as the service takes it."""

    subject: Subject | None = None
    """Key of the person whom the request was about, for erasure; kept as a digest only."""


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class RefusedOut(_Said):
    """One record that can never be kept."""

    index: int
    """Position in the request, from 0."""
    reason: str


class TakenOut(_Said):
    """What became of the records of a request; all that are counted here are on disk."""

    new: int
    known: int
    """Said before, the same way."""
    contradicting: int
    """Said before in another way; kept apart, never used."""
    erased: int
    """About a request that was erased; not kept."""
    refused: tuple[RefusedOut, ...] = ()
    """Records that can never be kept; the status is then 422, and all others were kept."""


class PairedOut(_Said):
    """Rows that two revisions answered and whose label became known after the cursor."""

    worse: int
    same: int
    better: int
    unlabelled: int
    cursor: int


class ArmOut(_Said):
    """Labelled answers of one revision after the cursor."""

    total: int
    wrong: int
    cursor: int


class KpiOut(_Said):
    """Events that followed answers of one revision that users saw, after the cursor."""

    count: int
    total: float
    squares: float
    cursor: int


class CohortOut(_Said):
    """Answers that came of age after the cursor."""

    matured: int
    labelled: int
    wrong: int
    cursor: int


class WorthOut(_Said):
    """What they were worth then."""

    count: int
    total: float
    squares: float
    cursor: int


class ClassesOut(_Said):
    """How often each class was predicted after the cursor; the commonest by name."""

    counts: tuple[tuple[str, int], ...]
    rest: int
    cursor: int


class DecilesOut(_Said):
    """Where the scores of the latest answers are cut into ten parts."""

    edges: tuple[float, ...]
    scores: int
    rest: int
    """Answers without a score."""


class BinsOut(_Said):
    """How many answers after the cursor lie in each bin, from below."""

    counts: tuple[int, ...]
    rest: int
    """Answers without a score."""
    cursor: int


class AgreementOut(_Said):
    """Rows that two revisions answered, the second after the cursor."""

    same: int
    different: int
    cursor: int


class ArrivalOut(_Said):
    """The cursors of now."""

    last: int
    """Number of the last arrival."""
    tick: int
    """Tick of ten seconds, for questions about age."""


class ConflictsOut(_Said):
    """Arrivals that contradicted what was there."""

    predictions: int
    labels: int
    events: int


class ErasureIn(BaseModel):
    """Whom to erase."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    subject: Subject


class ErasureOut(_Said):
    """What an erasure has taken away."""

    requests: int
    predictions: int
    labels: int
    events: int


class ErrorOut(_Said):
    """Why a request was refused as a whole."""

    error: str
    """What, where and what to do next."""
