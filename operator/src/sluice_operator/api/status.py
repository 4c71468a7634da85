"""The status of a ModelDeployment: the memory of a rollout, and what people see of it.

It holds every field of the core's status but the evidence of gates, which the RolloutRun of the
attempt keeps. Times have microseconds, for a restart must decide as if it had never happened.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from sluice_operator.api.wire import Report

_TEXT, _LONG, _WORD = 4096, 512, 128


def _clipped(length: int) -> BeforeValidator:
    """Cuts what is too long: a status must never be refused because an error had much to say."""
    return BeforeValidator(
        lambda text: f"{text[: length - 1]}…" if isinstance(text, str) and text[length:] else text
    )


Instant = AwareDatetime
Text = Annotated[str, _clipped(_TEXT), Field(max_length=_TEXT)]
Long = Annotated[str, _clipped(_LONG), Field(max_length=_LONG)]
Word = Annotated[str, _clipped(_WORD), Field(max_length=_WORD)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[int, Field(ge=0, le=100)]


class RevisionStatus(Report):
    """One immutable version of the model."""

    name: Word = ""
    """`<deployment>-<hash of the model>`; names its Model, its route and its metrics."""
    uri: Annotated[str, Field(max_length=2048)] = ""
    """Where its package is."""
    digest: Word = ""
    """Digest that the package must have."""
    requirements: tuple[Word, ...] = Field(default=(), max_length=16)
    """Capabilities that its model server must offer."""


class StepStatus(Report):
    """The step of the plan that the rollout has reached."""

    index: Count = 0
    """Position in the plan, from 0."""
    total: Count = 0
    """Steps of the plan."""
    title: Word = ""
    """What the step does, or its name; empty while none is under way."""
    display: Long = ""
    """Place and title for people: `2/6 weight 10`."""
    since: Instant | None = None
    """When the step began to count: its traffic was verified, less the time without evidence."""


class TrafficStatus(Report):
    """Wanted traffic beside what the router itself reports."""

    desired_weight: Share = 0
    """Percent of requests that the candidate should answer."""
    observed_weight: Share | None = None
    """Percent of requests that the router sends to the candidate; absent while it is unknown."""
    mirror_percent: Share = 0
    """Percent of requests that should be copied to the candidate."""
    peak_weight: Share = 0
    """Most weight that the candidate was ever given in this attempt."""
    epoch: Count = 0
    """Number of the wanted picture; grows whenever another one is wanted."""


class PauseStatus(Report):
    """A rest in the middle of a rollout."""

    reason: Word = ""
    """Manual, Step, Inconclusive, Unproven, Unapproved, NoMetrics or TrafficDrift."""
    phase: Word = ""
    """The phase that rests."""
    since: Instant | None = None
    """When the rest began."""
    message: Text = ""
    """What or who can end it."""


class RetreatStatus(Report):
    """Why a candidate is being taken back."""

    outcome: Word = ""
    """How the attempt will be remembered."""
    cause: Text = ""
    """What made it necessary."""


class GateStatus(Report):
    """What one gate has proven so far; the numbers behind it are in the RolloutRun."""

    name: Word = ""
    """The gate of `spec.gates`."""
    role: Word = ""
    """Guardrail, Objective or Observe."""
    verdict: Word = ""
    """Harm, Safe or Inconclusive."""
    samples: Count = 0
    """Requests of the candidate, or labelled pairs, in this attempt."""
    estimate: float | None = None
    """How large the difference seems: ratio, rate or mean loss, by comparison."""
    lower: float | None = None
    """Lower bound, valid at every look; absent while there is none."""
    upper: float | None = None
    """Upper bound, likewise."""
    e_harm: float | None = None
    """Wealth of the bet on harm; harm is proven at 1/alpha."""
    e_safe: float | None = None
    """Wealth of the bet on safety; safety is proven at 1/alphaSafe."""
    message: Text = ""
    """The same in one sentence."""
    blind_since: Instant | None = None
    """Since when the source gives no counts; absent while it does."""
    error: Text = ""
    """Why it gives none."""


class AttemptStatus(Report):
    """One finished trial of one revision."""

    number: Count = 0
    """Counts the attempts of this deployment."""
    revision: RevisionStatus = RevisionStatus()
    """What was tried."""
    outcome: Word = ""
    """Promoted, RolledBack, Superseded, Reverted or Undone."""
    cause: Text = ""
    """Why it ended so."""
    peak_weight: Share = 0
    """Most weight that it was ever given."""
    ended_at: Instant | None = None
    """When it ended."""


class ConditionStatus(Report):
    """One statement about the deployment, as `kubectl wait --for condition=...` reads it.

    Source: metav1.Condition; Ready, Reconciling and Stalled mean what kstatus says.
    """

    type: Word = ""
    """Name of the statement."""
    status: Literal["True", "False", "Unknown"] = "Unknown"
    """Whether it holds."""
    reason: Word = ""
    """The same in one word for machines."""
    message: Text = ""
    """The same in a sentence for people."""
    last_transition_time: Instant | None = None
    """When `status` changed last."""
    observed_generation: Count = 0
    """Generation of the spec that the statement is about."""


class ModelDeploymentStatus(Report):
    """What the operator knows and remembers; written by the operator only."""

    observed_generation: Count = 0
    """Generation of the spec that this status is about."""
    phase: Word = ""
    """Where the deployment stands; `Paused` while it rests in the middle, see `pause`."""
    message: Text = ""
    """What is being waited for."""
    since: Instant | None = None
    """When the phase began."""
    stable: RevisionStatus | None = None
    """The revision in charge."""
    candidate: RevisionStatus | None = None
    """The revision on trial."""
    previous: RevisionStatus | None = None
    """Stable before the last promotion, kept warm until the bake ends."""
    attempt: Count = 0
    """Number of the present attempt; its RolloutRun has every decision."""
    step: StepStatus = StepStatus()
    """Where in the plan the attempt is."""
    traffic: TrafficStatus = TrafficStatus()
    """Who answers how much."""
    verdict: Long = ""
    """What the gates say together: `2 safe, 1 open`."""
    pause: PauseStatus | None = None
    """Why the rollout rests; absent while it does not."""
    retreat: RetreatStatus | None = None
    """Why the candidate is being taken back; absent while it is not."""
    going_back: bool = False
    """The attempt returns to a revision that was stable before (Undo): it takes no steps."""
    stable_away: bool = False
    """Stable did not answer at the last look."""
    blind_since: Instant | None = None
    """Since when a gate that the step waits for has no counts."""
    unready_since: Instant | None = None
    """Since when the candidate has traffic but does not answer."""
    drift_since: Instant | None = None
    """Since when the router reports other traffic than wanted, or cannot be read."""
    steady_since: Instant | None = None
    """Since when the router reports the wanted traffic; begins anew with each weight. Shares are
    counted from half a minute later on."""
    rejected: tuple[Word, ...] = Field(default=(), max_length=1000)
    """Revisions that were taken back; only Retry tries them again."""
    last_action: Long = ""
    """The RolloutAction that was carried out last."""
    gates: tuple[GateStatus, ...] = Field(
        default=(), max_length=64, json_schema_extra={"x-kubernetes-list-map-keys": ["name"]}
    )
    """What each gate has proven."""
    history: tuple[AttemptStatus, ...] = Field(default=(), max_length=50)
    """Finished attempts, newest last."""
    conditions: tuple[ConditionStatus, ...] = Field(
        default=(), max_length=32, json_schema_extra={"x-kubernetes-list-map-keys": ["type"]}
    )
    """Statements for people, `kubectl wait` and GitOps tools."""
