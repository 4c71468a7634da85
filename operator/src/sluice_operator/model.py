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
class Kpi:
    """A key figure whose events follow answers; an answer without an event is worth 0."""

    name: str
    lowest: float | None = None
    """Each answer's sum is raised to this; None where values have no bound."""
    highest: float | None = None
    """Each answer's sum is cut to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Two counters of the user's own, as selectors of PromQL."""

    bad: str
    total: str
    label: str = "revision"
    """Label of both that names the revision."""


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
    """LatencyExceedance: an answer that takes longer counts as bad. Without it the source freezes
    the edge nearest to stable's p99 when it is first asked, with its neighbours, in the cursor."""
    maturity: timedelta | None = None
    """Accuracy on split traffic, LabelCoverage, BusinessKPI: age at which an answer is counted,
    with or without its label or events."""
    kpi: Kpi | None = None
    """BusinessKPI: which key figure."""
    counters: Counters | None = None
    """Counters: which series of Prometheus."""
    answer: str = "Class"
    """PredictionShift of each revision: what is counted of an answer. `Class`, or deciles of its
    `Number` or `Confidence`, which the source freezes in the cursor like edges of latency."""

    def unanswered(self, error: str, *, away: bool = False) -> "Window":
        """No counts, and why; the cursor stays, so the next answer has them all."""
        return Window(gate=self.gate, cursor=self.cursor, error=error, away=away)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Counts of both revisions in named classes, bins or edges; the columns are equally long."""

    names: tuple[str, ...]
    stable: tuple[int, ...]
    candidate: tuple[int, ...]
    shares: tuple[float, ...] = ()
    """Where there is a reference (FeatureDrift): the share of each in the package's profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sums over answers of one revision that have matured, each with the worth of its events."""

    count: int
    """Answers, those without events included."""
    total: float
    squares: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Matured answers of one revision: all of the same age when they are counted."""

    matured: int
    labelled: int
    wrong: int


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
    """Paired Accuracy. For paired PredictionShift, `worse` counts pairs with different predictions
    and `same` those with equal ones; no label is needed."""
    table: Table | None = None
    """PredictionShift: classes, or deciles of the score. FeatureDrift: bins, as `field|bin`.
    LatencyExceedance with several edges: slow answers per edge in seconds, the main edge first;
    the totals are those of the arms."""
    worth: tuple[Moments, Moments] | None = None
    """BusinessKPI: of stable, of the candidate."""
    coverage: tuple[Cohort, Cohort] | None = None
    """Accuracy on split traffic: of stable, of the candidate; the arms then hold labelled and
    wrong answers of these."""
    share: int | None = None
    """SampleRatio: percent of requests that the candidate was to answer during all of the window;
    put in by the core, None when it changed meanwhile or was not yet in force."""
    error: str = ""
    """Why there are no counts (a source that is down is a value, not an exception)."""
    away: bool = False
    """Whether the error is about the source itself: nobody's requests could be counted now."""


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
