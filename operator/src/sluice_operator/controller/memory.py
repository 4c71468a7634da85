"""What the operator knows of one deployment between two looks, and what is still to be written."""

import threading
import zlib
from dataclasses import dataclass, field, replace
from datetime import datetime

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.cluster.kind import Object
from sluice_operator.cluster.port import Plain
from sluice_operator.controller.journal import Line, Pen
from sluice_operator.controller.wanted import Wanted
from sluice_operator.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    MissingKindError,
    SluiceError,
    SpecError,
)
from sluice_operator.model import Event, Serving
from sluice_operator.rollout.status import Status

START = "RolloutStarted"
"""Event of an attempt that begins; people look for its record from then on."""
PROOF = "GateSafe"
"""Event of a gate that has proven safety; it moves nothing by itself."""


def structure_of(status: Status) -> Status:
    """What a restart must know to the letter, or it could decide otherwise.

    The rest (clocks of trouble, evidence, sentences) may be lost: each of them is gathered again,
    and until then the rollout waits longer, never shorter.
    """
    return replace(
        status,
        message="",
        gates={},
        step_since=None,
        blind_since=None,
        unready_since=None,
        stable_away=False,
        drift_since=None,
        steady_since=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ailment:
    """Why a deployment does not get what it asks for; empty while it does."""

    reason: str = ""
    """In one word for machines."""
    message: str = ""


def spread_of(uid: str) -> float:
    """0.75 to 1.25, so that deployments which began together do not write together for ever."""
    return 0.75 + zlib.crc32(uid.encode()) % 1024 / 2048


@dataclass(slots=True, kw_only=True)
class Page:
    """What is still to be written about one deployment, apart from its status."""

    decisions: list[tuple[int, Plain]] = field(default_factory=list)
    """Attempt and entry of its RolloutRun, oldest first."""
    outcomes: dict[int, Plain] = field(default_factory=dict)
    """Attempt to how it ended, as its RolloutRun says it."""
    events: list[Event] = field(default_factory=list)
    actions: list[tuple[Object, Plain]] = field(default_factory=list)
    """RolloutActions and the status that each gets."""
    checkpoint: bool = False
    """Whether the evidence is worth a write by itself."""
    looks: list[Line] = field(default_factory=list)
    """Of the journal; they wait for something else that is worth a write."""

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.decisions or self.outcomes or self.events or self.actions or self.checkpoint
        )


class Book:
    """Pages filled by the worker and torn out by the scribe; thread-safe."""

    def __init__(self) -> None:
        self._page = Page()
        self._lock = threading.Lock()

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to write."""
        with self._lock:
            return self._page.is_blank

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for it: for an attempt, for an action's result, to be warned."""
        with self._lock:
            told = self._page.events
            news = any(event.warning or event.reason == START for event in told)
            return news or bool(self._page.actions)

    @property
    def is_patient(self) -> bool:
        """Whether all that has happened is that gates turned safe: the step tells it with it."""
        with self._lock:
            page = self._page
            return bool(page.events) and all(event.reason == PROOF for event in page.events)

    @property
    def looks(self) -> int:
        """How many looks wait to be written."""
        with self._lock:
            return len(self._page.looks)

    def lose_looks(self) -> None:
        """Too many wait: the record gets a gap."""
        with self._lock:
            self._page = replace(self._page, looks=[])

    def note(self, more: Page) -> None:
        """Put more on the present page."""
        with self._lock:
            self._page = _joined(self._page, more)

    def torn_out(self) -> Page:
        """The page, whose place a blank one takes."""
        with self._lock:
            page, self._page = self._page, Page()
        return page

    def put_back(self, page: Page) -> None:
        """What could not be written comes before what was noted since."""
        with self._lock:
            self._page = _joined(page, self._page)


def _joined(first: Page, second: Page) -> Page:
    return Page(
        decisions=first.decisions + second.decisions,
        outcomes=first.outcomes | second.outcomes,
        events=first.events + second.events,
        actions=first.actions + second.actions,
        checkpoint=first.checkpoint or second.checkpoint,
        looks=first.looks + second.looks,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why the engine could not act."""

    text: str = ""
    needs_person: bool = False
    """Whether trying again will not help until somebody has changed something."""
    revision: str = ""
    """The revision that cannot be served because of it; empty if it is about none."""


NO_TROUBLE = Trouble()
_FOR_PEOPLE = (SpecError, MissingKindError, ForbiddenError, InvalidError)


def trouble_of(refused: SluiceError | None) -> Trouble:
    """An error without its traceback; a conflict is none, for the next look sets it right."""
    if refused is None or isinstance(refused, ConflictError):
        return NO_TROUBLE
    return Trouble(
        text=str(refused),
        needs_person=isinstance(refused, _FOR_PEOPLE),
        revision=refused.revision,
    )


def with_trouble(serving: Serving, trouble: Trouble) -> Serving:
    """What the engine reports, and what it could not even begin with when it was told last."""
    if not trouble.revision:
        return serving
    known = {trouble.revision: trouble.text}
    if trouble.needs_person:
        return replace(serving, failed={**known, **serving.failed})
    return replace(serving, waiting={**serving.waiting, **known})


@dataclass(slots=True, kw_only=True)
class Memory:
    """What one process knows of one deployment."""

    uid: str
    status: Status
    """As decided last."""
    saved: Status
    """As the object's status tells it; evidence apart."""
    known: Plain
    """The status subresource as the API server gave it last: if it reads otherwise, somebody else
    has written, and everything is read anew."""
    wanted: Wanted | None = None
    """What the last look went by."""
    kept: Spec | None = None
    """What the last process went by, if it borrowed gates of templates; they may be gone."""
    headline: tuple[object, ...] = ()
    """Conditions and observed traffic as shown last."""
    headline_seen: tuple[object, ...] = ()
    """As of the last look; what lasts is shown."""
    headline_since: datetime | None = None
    """When it was first seen so."""
    shown_at: datetime | None = None
    sure: bool = True
    """Whether no request is under way that could still change traffic: not after a time-out, nor
    when the last operator may have been killed in the middle of one."""
    trouble: Trouble = NO_TROUBLE
    """What kept the engine from acting at the last look."""
    settled: tuple[object, ...] | None = None
    """What the engine last acted on when it found nothing to do, and nothing to wait for."""
    failures: int = 0
    """Looks in a row that could not be finished."""
    book: Book = field(default_factory=Book)
    answered: set[str] = field(default_factory=set)
    """uids of RolloutActions whose result is written or will be."""
    pen: Pen = field(default_factory=Pen)
    ink: bytes = b""
    """The last line of the journal, as written by this process: dictionary of the next block."""
    runs: dict[int, Object] = field(default_factory=dict)
    """RolloutRuns of this deployment that are being written, as the API server gave them."""

    @property
    def spec(self) -> Spec | None:
        """Of the last look."""
        return self.wanted.spec if self.wanted is not None else None

    @property
    def ailment(self) -> Ailment:
        """Why the deployment does not get what it asks for."""
        if self.wanted is not None and self.wanted.unmet:
            return Ailment(reason="TemplateUnmet", message=self.wanted.unmet)
        return Ailment(
            reason="EngineRefused" if self.trouble.needs_person else "", message=self.trouble.text
        )
