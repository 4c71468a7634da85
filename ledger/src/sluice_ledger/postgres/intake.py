"""What a commit writes: decided from what arrived and what was known, without a database.

Every number that gates ask for is counted here, once, when the last part of it arrives: an answer
with its label, a pair with its label, an event with the answer that it followed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from math import fsum
from typing import NamedTuple

from sluice_ledger.arrival import Arrivals, Taken, digest_of
from sluice_ledger.records import KpiEvent, Label, Prediction
from sluice_ledger.score import score_in
from sluice_ledger.tick import MOST_CLASSES


class Present(NamedTuple):
    """Where the ledger stands when a commit begins."""

    last: int
    """Number of the last arrival."""
    day: date
    tick: int
    """In which what arrives now is put; see `sluice_ledger.tick`."""


class Key(NamedTuple):
    """One row of one request."""

    request_id: str
    row: int


class Answer(NamedTuple):
    """What one revision said about a row."""

    deployment: str
    prediction: str
    mirrored: bool
    day: date
    tick: int


class Happened(NamedTuple):
    """A KPI event as far as counting needs it."""

    key: Key
    name: str
    value: float


class Conflict(NamedTuple):
    """A second, different word on the same matter."""

    kind: str
    key: Key
    witness: str
    """Revision of a prediction, id of an event, empty for a label."""
    kept: str
    refused: str
    at: float


@dataclass(slots=True, kw_only=True)
class Known:
    """What the ledger holds about the rows that arrivals are about."""

    answers: dict[Key, dict[str, Answer]] = field(default_factory=dict)
    labels: dict[Key, str] = field(default_factory=dict)
    events: dict[str, Happened] = field(default_factory=dict)
    events_about: dict[Key, list[Happened]] = field(default_factory=dict)
    classes: dict[str, set[str]] = field(default_factory=dict)
    """By deployment, which predictions are counted by name."""
    erased: frozenset[bytes] = frozenset()


class Pair(NamedTuple):
    """Two revisions of a deployment, the lesser name first."""

    deployment: str
    first: str
    second: str


class Figure(NamedTuple):
    """One KPI of one revision."""

    deployment: str
    revision: str
    name: str


@dataclass(slots=True)
class Sum:
    """Count, total and sum of squares of values."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """Take in one value."""
        self.count += 1
        self.total += value
        self.squares += value * value


class Rise(NamedTuple):
    """What the events of one answer add up to, before and after a commit."""

    answer: Answer
    before: float
    after: float


@dataclass(slots=True)
class Said:
    """Answers of one class, and the scores of those that have one."""

    answers: int = 0
    numbers: list[float] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)

    def add(self, one: Prediction) -> None:
        """Take in one answer."""
        self.answers += 1
        for scores, value in ((self.numbers, one.prediction), (self.confidences, one.confidence)):
            score = score_in(value)
            if score is not None:
                scores.append(score)


@dataclass(slots=True, kw_only=True)
class Written:
    """The rows of one commit, with their numbers, and what they add up to."""

    predictions: list[tuple[int, Prediction]] = field(default_factory=list)
    labels: list[tuple[int, Label]] = field(default_factory=list)
    events: list[tuple[int, KpiEvent]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    paired: Counter[tuple[Pair, int]] = field(default_factory=Counter)
    """By pair and outcome: -1 the second was better, 0 the same, 1 the second was worse."""
    arms: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    """By deployment, revision and whether the answer was wrong."""
    kpis: dict[Figure, Sum] = field(default_factory=dict)
    waiting: Counter[tuple[Pair, date]] = field(default_factory=Counter)
    """Pairs without label, more or fewer, by the day of the older answer."""
    cohorts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Answers that users saw, by deployment and revision."""
    labelled: Counter[tuple[str, str, int, bool]] = field(default_factory=Counter)
    """Those of them with a label, by the tick of the answer and whether it was wrong."""
    rises: dict[tuple[Key, str, str], Rise] = field(default_factory=dict)
    """By answer, revision and name of the events."""
    said: dict[tuple[str, str, str | None], Said] = field(default_factory=dict)
    """By deployment, revision and class; None for those that are not counted by name."""
    classes: list[tuple[str, str]] = field(default_factory=list)
    """Deployments and classes that are counted by name from now on."""
    agreed: Counter[tuple[Pair, bool]] = field(default_factory=Counter)
    """Pairs, by whether both predictions are equal."""


class Intake:
    """Takes arrivals in, one after the other; `written` is what then has to be written."""

    def __init__(self, known: Known, present: Present) -> None:
        self.written = Written()
        self.last = present.last
        """Number of the last arrival."""
        self._known = known
        self._present = present

    def take(self, arrivals: Arrivals) -> Taken:
        """Decide on all records of one piece."""
        fates = Counter(self._fates(arrivals))
        return Taken(**fates)

    def _fates(self, arrivals: Arrivals) -> Iterator[str]:
        for prediction in arrivals.predictions:
            yield self._prediction(prediction)
        for label in arrivals.labels:
            yield self._label(label)
        for event in arrivals.events:
            yield self._event(event)

    def _prediction(self, one: Prediction) -> str:
        if self._is_erased(one.request_id):
            return "erased"
        key = Key(one.request_id, one.row)
        answers = self._known.answers.setdefault(key, {})
        if kept := answers.get(one.revision):
            refused = Conflict(
                "prediction", key, one.revision, kept.prediction, one.prediction, one.at
            )
            return self._compared(refused)
        self.written.predictions.append((self._next(), one))
        day, tick = self._present.day, self._present.tick
        new = Answer(one.deployment, one.prediction, one.mirrored, day, tick)
        which = one.deployment, one.revision, self._class_of(new)
        self.written.said.setdefault(which, Said()).add(one)
        self._count_answer(key, one.revision, new)
        answers[one.revision] = new
        return "new"

    def _label(self, one: Label) -> str:
        if self._is_erased(one.request_id):
            return "erased"
        key = Key(one.request_id, one.row)
        if (kept := self._known.labels.get(key)) is not None:
            return self._compared(Conflict("label", key, "", kept, one.label, one.at))
        self.written.labels.append((self._next(), one))
        self._known.labels[key] = one.label
        self._count_label(self._known.answers.get(key, {}), one.label)
        return "new"

    def _event(self, one: KpiEvent) -> str:
        if self._is_erased(one.request_id):
            return "erased"
        new = Happened(Key(one.request_id, one.row), one.name, one.value)
        if kept := self._known.events.get(one.event_id):
            return self._compared(
                Conflict("event", new.key, one.event_id, _text(kept), _text(new), one.at)
            )
        self.written.events.append((self._next(), one))
        self._known.events[one.event_id] = new
        self._known.events_about.setdefault(new.key, []).append(new)
        for revision, answer in self._known.answers.get(new.key, {}).items():
            self._count_event(revision, answer, new)
        return "new"

    def _count_answer(self, key: Key, revision: str, new: Answer) -> None:
        self.written.cohorts[new.deployment, revision] += not new.mirrored
        label = self._known.labels.get(key)
        if label is not None:
            self._count_labelled(revision, new, label)
        for other, old in self._known.answers[key].items():
            if old.deployment == new.deployment:
                self._count_pair({other: old, revision: new}, label)
        for event in self._known.events_about.get(key, ()):
            self._count_event(revision, new, event, is_new=True)

    def _count_labelled(self, revision: str, answer: Answer, label: str) -> None:
        is_wrong = answer.prediction != label
        self.written.arms[answer.deployment, revision, is_wrong] += 1
        if not answer.mirrored:
            self.written.labelled[answer.deployment, revision, answer.tick, is_wrong] += 1

    def _count_pair(self, two: dict[str, Answer], label: str | None) -> None:
        pair, day = pair_of(two)
        first, second = two.values()
        self.written.agreed[pair, first.prediction == second.prediction] += 1
        if label is None:
            self.written.waiting[pair, day] += 1
        else:
            self.written.paired[pair, _outcome(pair, two, label)] += 1

    def _count_label(self, answers: dict[str, Answer], label: str) -> None:
        for revision, answer in answers.items():
            self._count_labelled(revision, answer, label)
        for two in pairs_in(answers):
            pair, day = pair_of(two)
            self.written.waiting[pair, day] -= 1
            self.written.paired[pair, _outcome(pair, two, label)] += 1

    def _count_event(
        self, revision: str, answer: Answer, event: Happened, *, is_new: bool = False
    ) -> None:
        """An answer that nobody saw moved nobody; before a new one came, it was worth nothing."""
        if answer.mirrored:
            return
        figure = Figure(answer.deployment, revision, event.name)
        self.written.kpis.setdefault(figure, Sum()).add(event.value)
        values = [
            one.value for one in self._known.events_about[event.key] if one.name == event.name
        ]
        place = (event.key, revision, event.name)
        before = 0.0 if is_new else fsum(values[:-1])
        rise = self.written.rises.get(place) or Rise(answer, before, before)
        self.written.rises[place] = rise._replace(after=fsum(values))

    def _class_of(self, answer: Answer) -> str | None:
        """The name under which a prediction is counted; the first few of a deployment have one."""
        known = self._known.classes.setdefault(answer.deployment, set())
        if answer.prediction in known:
            return answer.prediction
        if len(known) >= MOST_CLASSES:
            return None
        known.add(answer.prediction)
        self.written.classes.append((answer.deployment, answer.prediction))
        return answer.prediction

    def _compared(self, conflict: Conflict) -> str:
        if conflict.kept == conflict.refused:
            return "known"
        self.written.conflicts.append(conflict)
        return "contradicting"

    def _is_erased(self, request_id: str) -> bool:
        return bool(self._known.erased) and digest_of(request_id) in self._known.erased

    def _next(self) -> int:
        self.last += 1
        return self.last


def pairs_in(answers: dict[str, Answer]) -> Iterator[dict[str, Answer]]:
    """Every two answers of one deployment to the same row."""
    for one, two in combinations(answers, 2):
        if answers[one].deployment == answers[two].deployment:
            yield {one: answers[one], two: answers[two]}


def pair_of(two: dict[str, Answer]) -> tuple[Pair, date]:
    """Who they are, and the day with which the pair goes when old days are dropped."""
    first, second = sorted(two)
    return Pair(two[first].deployment, first, second), min(one.day for one in two.values())


def _outcome(pair: Pair, two: dict[str, Answer], label: str) -> int:
    fault, wrong = (two[one].prediction != label for one in (pair.first, pair.second))
    return wrong - fault


def _text(event: Happened) -> str:
    return f"{event.key.request_id}[{event.key.row}] {event.name}={event.value!r}"
