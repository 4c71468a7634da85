"""Values that the rollout core reads and returns; all frozen, none does I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One immutable version of a deployment's model."""

    name: str
    """`<deployment>-<hash of the model>`; names the serving process, the route and the metrics."""
    uri: str
    digest: str = ""
    requirements: tuple[str, ...] = ()
    """Capabilities that its model server must offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """What the router does with requests: equal values, equal traffic."""

    weights: Mapping[str, int] = field(default_factory=dict)
    """Percent of answers per revision name, 100 in sum; without an entry there is no route, not
    even a sticky one."""
    mirror: Mapping[str, int] = field(default_factory=dict)
    """Percent of requests copied per revision name, whose answers are dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The whole wanted picture: which revisions run, and who gets which traffic."""

    stable: Revision | None = None
    candidate: Revision | None = None
    previous: Revision | None = None
    """The stable of before the last promotion, kept warm without traffic."""
    weight: int = 0
    """Percent of requests that the candidate answers; stable takes the rest."""
    mirror: int = 0
    """Percent of requests copied to the candidate."""
    epoch: int = 0
    """Number of the picture; grows whenever another picture is wanted."""

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """Every revision that must run, each once."""
        wanted = (self.stable, self.candidate, self.previous)
        return tuple({r.name: r for r in wanted if r is not None}.values())

    @property
    def routes(self) -> Routes:
        """The traffic that the router must report once this routing is in force."""
        if self.stable is None:
            return Routes()
        if self.candidate is None:
            return Routes(weights={self.stable.name: 100})
        shares = {self.stable.name: 100 - self.weight, self.candidate.name: self.weight}
        mirror = {self.candidate.name: self.mirror} if self.mirror else {}
        return Routes(weights={name: w for name, w in shares.items() if w}, mirror=mirror)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the engine reports, read from the running parts and never from what was written."""

    ready: frozenset[str] = frozenset()
    """Names of the revisions that answer inference requests."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Revision name to the reason why it can never become ready (digest differs, crash loop)."""
    waiting: Mapping[str, str] = field(default_factory=dict)
    """Revision name to what it still waits for, as far as the engine knows."""
    routes: Routes | None = None
    """The router's own report; None when it cannot be read."""
    error: str = ""
    """Why something could not be read; empty when all was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one gate needs to know now."""

    gate: str
    metric: str
    comparison: str
    stable: str
    candidate: str
    cursor: str = ""
    """Where the previous window of this gate ended; opaque to all but the evidence source."""
    threshold: timedelta | None = None
    """LatencyExceedance: an answer that takes longer counts as bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Counts of one revision in one window."""

    total: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Outcomes of requests that both revisions answered and whose label has arrived."""

    worse: int
    """Candidate wrong, stable right."""
    same: int
    better: int
    """Candidate right, stable wrong."""
    unlabelled: int = 0
    """Pairs still waiting for their label, in all; for display, never for a verdict."""

    @property
    def total(self) -> int:
        """Labelled pairs in the window."""
        return self.worse + self.same + self.better


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Sufficient statistics of one gate since its cursor: one kind of counts, or an error."""

    gate: str
    cursor: str = ""
    """Give this back in the next question: nothing is then lost, nothing counted twice."""
    stable: Arm | None = None
    candidate: Arm | None = None
    pairs: Pairs | None = None
    error: str = ""
    """Why there are no counts (a source that is down is a value, not an exception)."""


class Verdict(StrEnum):
    """What the evidence of one gate proves."""

    HARM = "Harm"
    SAFE = "Safe"
    INCONCLUSIVE = "Inconclusive"


class Verb(StrEnum):
    """What a person may ask of a running rollout."""

    PAUSE = "Pause"
    RESUME = "Resume"
    PROMOTE = "Promote"
    """Go on with the next step: approves, or ends a pause."""
    PROMOTE_FULL = "PromoteFull"
    """Leave out all steps that remain; guardrails stay armed."""
    SKIP_STEP = "SkipStep"
    ABORT = "Abort"
    RETRY = "Retry"
    UNDO = "Undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One request of a person, bound to the revision that the person saw."""

    id: str
    """Sorts by time of creation; each id is carried out at most once."""
    verb: Verb
    revision: str
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything that one decision may know about the world."""

    now: datetime
    serving: Serving = field(default_factory=Serving)
    windows: tuple[Window, ...] = ()
    actions: tuple[Action, ...] = ()
    deleted: bool = False
    """The user has deleted the object; it waits for our finalizer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, in words for a person."""

    at: datetime
    reason: str
    message: str
    warning: bool = False
