"""The memory of a rollout: the status is all that is remembered from one look to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.model import Cohort, Revision, Routing


class Phase(StrEnum):
    """Where a deployment stands; `rollout/decide.py` has the rules that move it."""

    PENDING = "Pending"
    INITIALIZING = "Initializing"
    PREPARING = "Preparing"
    SHADOWING = "Shadowing"
    PROGRESSING = "Progressing"
    PROMOTING = "Promoting"
    BAKING = "Baking"
    HEALTHY = "Healthy"
    ROLLING_BACK = "RollingBack"
    ROLLED_BACK = "RolledBack"
    FAILED = "Failed"
    TERMINATING = "Terminating"


TRYING = frozenset({Phase.PREPARING, Phase.SHADOWING, Phase.PROGRESSING, Phase.PROMOTING})
"""A candidate is on trial."""
RESTING = frozenset({Phase.HEALTHY, Phase.ROLLED_BACK, Phase.FAILED})
"""Nothing happens until something new is wanted."""


class PauseReason(StrEnum):
    """Why a rollout rests in the middle."""

    MANUAL = "Manual"
    STEP = "Step"
    INCONCLUSIVE = "Inconclusive"
    """The time of an analysis is over and a gate is undecided."""
    UNPROVEN = "Unproven"
    """More weight needs an Objective that is not proven safe."""
    UNAPPROVED = "Unapproved"
    NO_METRICS = "NoMetrics"
    TRAFFIC_DRIFT = "TrafficDrift"


class Outcome(StrEnum):
    """How an attempt ended."""

    PROMOTED = "Promoted"
    ROLLED_BACK = "RolledBack"
    SUPERSEDED = "Superseded"
    REVERTED = "Reverted"
    UNDONE = "Undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A rest that something or somebody must end."""

    reason: PauseReason
    since: datetime
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """What is known about one gate in this attempt."""

    test: Test
    """What the evidence is about; another margin or alpha asks another question."""
    evidence: Evidence = field(default_factory=Evidence)
    cursor: str = ""
    blind_since: datetime | None = None
    """Since when the source gives no counts; None while it does."""
    error: str = ""
    seen_at: datetime | None = None
    """When the look was that gave the cursor: the next window begins there."""
    coverage: tuple[Cohort, Cohort] | None = None
    """Matured answers of stable and of the candidate in all windows that were counted."""
    wanted: float = 0.0
    """SampleRatio: requests that the candidate should have had in all windows that were counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One finished trial of one revision."""

    number: int
    revision: Revision
    outcome: Outcome
    cause: str
    peak_weight: int
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retreat:
    """Why a candidate is being taken back, and how its attempt will be remembered."""

    outcome: Outcome
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything about one deployment that survives from look to look."""

    deployment: str
    """Name of the ModelDeployment."""
    phase: Phase = Phase.PENDING
    since: datetime | None = None
    """When the phase began."""
    attempt: int = 0
    stable: Revision | None = None
    candidate: Revision | None = None
    previous: Revision | None = None
    """Stable before the last promotion, warm until the bake ends."""
    step: int = 0
    step_since: datetime | None = None
    """When the step began to count: its traffic was verified, less the time without evidence."""
    weight: int = 0
    mirror: int = 0
    epoch: int = 0
    """Number of the wanted picture; see `Routing.epoch`."""
    peak_weight: int = 0
    """Most weight that the candidate was ever given in this attempt."""
    going_back: bool = False
    """The attempt returns to a revision that was stable before (Undo): it takes no steps."""
    pause: Pause | None = None
    retreat: Retreat | None = None
    gates: Mapping[str, GateState] = field(default_factory=dict)
    blind_since: datetime | None = None
    """Since when some gate that the step waits for has no counts."""
    unready_since: datetime | None = None
    """Since when the candidate has traffic but does not answer."""
    stable_away: bool = False
    """Stable did not answer at the last look, so the window that begins there is no fair one."""
    drift_since: datetime | None = None
    """Since when the router reports other traffic than wanted, or cannot be read."""
    steady_since: datetime | None = None
    """Since when the router reports the wanted traffic, of this weight; None while it does not."""
    rejected: tuple[str, ...] = ()
    """Revisions that were taken back; only Retry tries them again."""
    last_action: str = ""
    history: tuple[Attempt, ...] = ()
    """Finished attempts, newest last."""
    message: str = ""

    @property
    def routing(self) -> Routing:
        """The whole wanted picture; a pure consequence of the status."""
        if self.phase is Phase.TERMINATING:
            return Routing(epoch=self.epoch)
        if self.stable is None:
            return Routing(stable=self.candidate, epoch=self.epoch)
        return Routing(
            stable=self.stable,
            candidate=self.candidate,
            previous=self.previous,
            weight=self.weight,
            mirror=self.mirror,
            epoch=self.epoch,
        )

    @property
    def on_trial(self) -> bool:
        """Whether a candidate is on trial."""
        return self.phase in TRYING

    @property
    def judged(self) -> Revision | None:
        """The revision that guardrails watch: the candidate, or the new stable while it bakes."""
        return self.stable if self.phase is Phase.BAKING else self.candidate

    @property
    def shown_phase(self) -> str:
        """The phase as people see it: a rest in the middle is `Paused`."""
        return "Paused" if self.pause else self.phase.value

    def in_step(self, now: datetime) -> timedelta:
        """Time that counts for the present step."""
        return now - self.step_since if self.step_since else timedelta(0)
