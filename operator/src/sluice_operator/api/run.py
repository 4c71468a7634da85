"""RolloutRun: one attempt of one revision, with every decision and what it was based on."""

from typing import Annotated, Literal

from pydantic import Field

from sluice_operator.api.fields import Name
from sluice_operator.api.status import Count, Instant, Long, Share, Text, Word
from sluice_operator.api.wire import ObjectMeta, Report, Wire

MOST_ROWS = 16
"""Rows of a table that one decision shows: 200 decisions must fit into one object."""
MOST_CHECKPOINT = 524_288
"""Characters of the evidence of all gates; etcd takes objects of 1.5 MB, and the journal and the
decisions are in the same one."""


class RunSpec(Wire):
    """What was tried; never changes."""

    deployment: Annotated[Name, Field(max_length=45)]
    """The ModelDeployment that it belongs to."""
    attempt: Annotated[int, Field(ge=1)]
    """Counts the attempts of the deployment."""
    revision: Name
    """The revision on trial."""
    uri: Annotated[str, Field(max_length=2048)]
    """Where its package is."""
    digest: Word = ""
    """Digest that the package must have."""
    stable: Name | None = None
    """The revision that it was tried against; absent for the first model."""
    page: Annotated[int, Field(ge=0)] = 0
    """Number of a page, which holds an earlier part of the journal and nothing else; 0 for the
    record itself."""


class ArmCounts(Report):
    """Counts of one revision in this attempt."""

    total: Count = 0
    """Requests that it answered."""
    bad: Count = 0
    """Those among them that the gate's metric counts as bad."""


class PairCounts(Report):
    """Outcomes of labelled requests that both revisions answered, in this attempt."""

    worse: Count = 0
    """Candidate wrong, stable right."""
    same: Count = 0
    """Both right, or both wrong."""
    better: Count = 0
    """Candidate right, stable wrong."""
    unlabelled: Count = 0
    """Pairs still waiting for their label."""


class TableCounts(Report):
    """Counts in named classes, bins or edges, in this attempt; the columns are equally long."""

    names: tuple[Word, ...] = Field(default=(), max_length=MOST_ROWS)
    """PredictionShift: classes, or deciles of the score. FeatureDrift: bins, as `field|bin`.
    LatencyExceedance: edges in seconds."""
    stable: tuple[Count, ...] = Field(default=(), max_length=MOST_ROWS)
    """Of stable."""
    candidate: tuple[Count, ...] = Field(default=(), max_length=MOST_ROWS)
    """Of the candidate."""
    shares: tuple[float, ...] = Field(default=(), max_length=MOST_ROWS)
    """FeatureDrift: share of each in the package's profile."""
    left_out: Count = 0
    """Rows that are not shown; those with most of the candidate's counts are."""


class WorthSums(Report):
    """Sums over matured answers of one revision, in this attempt."""

    count: Count = 0
    """Answers, those without events included."""
    total: float = 0
    """Sum of what they were worth."""
    squares: float = 0
    """Sum of the squares."""


class CohortCounts(Report):
    """Matured answers of one revision, in this attempt."""

    matured: Count = 0
    """Answers that have reached the age at which they are counted."""
    labelled: Count = 0
    """Those among them with a label."""
    wrong: Count = 0
    """Those among these that were wrong."""


class SplitCounts(Report):
    """The share of requests that went to the candidate, in this attempt."""

    observed: float = 0
    """Share that it got."""
    wanted: float = 0
    """Share that it should have got."""


class GateEvidence(Report):
    """What one gate knew when the decision was made."""

    name: Word = ""
    """The gate of `spec.gates`."""
    source: Text = ""
    """Where the counts come from: the query or the table."""
    stable: ArmCounts | None = None
    """Absent where nothing is compared, and for pairs."""
    candidate: ArmCounts | None = None
    """Absent for pairs."""
    pairs: PairCounts | None = None
    """Present for a Paired gate only."""
    table: TableCounts | None = None
    """Present where classes, bins or several edges are counted."""
    worth: tuple[WorthSums, ...] = Field(default=(), max_length=2)
    """BusinessKPI: of stable, of the candidate."""
    coverage: tuple[CohortCounts, ...] = Field(default=(), max_length=2)
    """Where labels are waited for: of stable, of the candidate."""
    split: SplitCounts | None = None
    """SampleRatio only."""
    estimate: float | None = None
    """How large the difference seems: ratio, rate or mean loss, by comparison."""
    lower: float | None = None
    """Lower bound, valid at every look."""
    upper: float | None = None
    """Upper bound, likewise."""
    e_harm: float | None = None
    """Wealth of the bet on harm; harm is proven at 1/alpha."""
    e_safe: float | None = None
    """Wealth of the bet on safety; safety is proven at 1/alphaSafe."""
    verdict: Word = ""
    """Harm, Safe or Inconclusive."""
    error: Text = ""
    """Why there were no counts."""


class AskedBy(Report):
    """The request of a person that led to the decision."""

    id: Long = ""
    """Name of the RolloutAction."""
    verb: Word = ""
    """What was asked."""
    by: Long = ""
    """Who asked."""
    reason: Text = ""
    """Why, in that person's words."""


class DecisionEntry(Report):
    """One thing that was decided."""

    at: Instant | None = None
    """When."""
    reason: Word = ""
    """What, as the event of that name says."""
    message: Text = ""
    """Why."""
    phase: Word = ""
    """Where the deployment stood afterwards."""
    step: Count = 0
    """Position in the plan, from 0."""
    weight: Share = 0
    """Percent of requests that the candidate should answer from then on."""
    mirror: Share = 0
    """Percent of requests that should be copied to it from then on."""
    gates: tuple[GateEvidence, ...] = Field(default=(), max_length=64)
    """What every gate knew."""
    action: AskedBy | None = None
    """Who asked for it; absent when nobody did."""


class JournalPage(Report):
    """An earlier part of the journal, in a RolloutRun of its own: `NAME-ATTEMPT-page-NUMBER`."""

    number: Count = 0
    """Of the page."""
    since: Instant | None = None
    """Its first look."""


class RunStatus(Report):
    """How the attempt goes, or ended; written by the operator only."""

    outcome: Word = ""
    """Promoted, RolledBack, Superseded, Reverted or Undone; empty while it is under way."""
    cause: Text = ""
    """Why it ended so."""
    peak_weight: Share = 0
    """Most weight that it was ever given."""
    started_at: Instant | None = None
    """When the attempt began."""
    ended_at: Instant | None = None
    """When it ended."""
    checkpoint: Annotated[str, Field(max_length=MOST_CHECKPOINT)] = ""
    """Evidence of every gate as JSON text, to the bit: what a restart goes on from."""
    decisions: tuple[DecisionEntry, ...] = Field(default=(), max_length=256)
    """What was decided, oldest first; of a long record the beginning and the end."""
    omitted: Annotated[int, Field(ge=0)] = 0
    """Decisions that were left out of the middle, because an object has to stay small."""
    journal: Annotated[str, Field(max_length=393_216)] = ""
    """What was seen at each look, compressed; `sluice rollout replay` decides on it again."""
    journal_since: Instant | None = None
    """Its first look."""
    journal_until: Instant | None = None
    """Its last look."""
    journal_end: Word = ""
    """Digest of its last line, so that none is written twice."""
    pages: tuple[JournalPage, ...] = Field(default=(), max_length=64)
    """Where the looks before it are, oldest first; the oldest of a long record are gone."""


class RolloutRun(Wire):
    """One attempt of one revision: what was decided, on what evidence, and how it ended."""

    api_version: Literal["sluice.dev/v1alpha1"]
    kind: Literal["RolloutRun"]
    metadata: ObjectMeta
    spec: RunSpec
    status: RunStatus = RunStatus()
