"""Counters of the user's own: two of them, counted over the very same time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sluice_operator.errors import SpecError
from sluice_operator.evidence.count import Counted, begun, counted, refuse_silence
from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.family import Family
from sluice_operator.evidence.history import Arms, History
from sluice_operator.evidence.horizon import settled
from sluice_operator.evidence.meter import EventMeter
from sluice_operator.evidence.pace import SETTLED_MS
from sluice_operator.evidence.prometheus_answer import PrometheusError
from sluice_operator.model import Arm, Counters

_SELECTOR = re.compile(r"\s*([A-Za-z_:][A-Za-z0-9_:]*)\s*(?:\{(.*)\})?\s*", re.DOTALL)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCursor:
    """Up to where both counters were counted: the same time, but processes of their own."""

    total: Cursor
    bad: Cursor

    @classmethod
    def parsed(cls, text: str) -> "EventCursor | None":
        """The cursor that was written; None for one that is empty or not of this kind."""
        total, found, bad = text.partition("/")
        both = (Cursor.parsed(total), Cursor.parsed(bad))
        if not found or both[0] is None or both[1] is None:
            return None
        return cls(total=both[0], bad=both[1])

    @property
    def text(self) -> str:
        """What `parsed` reads back."""
        return f"{self.total.text}/{self.bad.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsCounted:
    """What was found for a question."""

    cursor: EventCursor
    arms: Mapping[str, Arm]


def meters_of(counters: Counters) -> tuple[EventMeter, EventMeter]:
    """How to read all events, and the bad ones.

    Raises:
        SpecError: A selector is none.
    """
    return _meter(counters.total, counters.label), _meter(counters.bad, counters.label)


def events_begun(total: History, bad: History) -> EventsCounted:
    """Counting starts now.

    Raises:
        PrometheusError: A series cannot be read, or Prometheus has only just begun to scrape.
    """
    first = begun(total)
    at = first.cursor.at
    groups = [group for mine in bad.arms().values() for group in mine]
    cursor = EventCursor(total=first.cursor, bad=Cursor.of(at, groups))
    return EventsCounted(cursor=cursor, arms=first.arms)


def events_continued(total: History, bad: History, cursor: EventCursor) -> EventsCounted:
    """Everything since the cursor that can no longer change.

    A revision without any bad event may have no series of them; without series of all events it is
    not scraped, and there are no counts.

    Raises:
        PrometheusError: A revision is not scraped, or a series cannot be read.
    """
    assert total.look.newest is not None
    arms, end = total.arms_since(cursor.total)
    for name, groups in arms.items():
        refuse_silence(name, groups, total, cursor.total)
    bad_arms, bad_end = _bad_since(bad, cursor.bad, end)
    until = min(
        *(end, bad_end, settled(tuple(arms.values()), total.look.newest)),
        _seen(bad_arms, total.look.newest),
    )
    every = counted(total, cursor.total, arms, until)
    failed = counted(bad, cursor.bad, bad_arms, until) if until > cursor.bad.at else None
    return EventsCounted(
        cursor=EventCursor(total=every.cursor, bad=failed.cursor if failed else cursor.bad),
        arms={name: _joined(name, arm, failed) for name, arm in every.arms.items()},
    )


def _bad_since(bad: History, cursor: Cursor, end: int) -> tuple[Arms, int]:
    if bad.look.newest is None:
        return dict.fromkeys(bad.revisions, ()), end
    arms, bad_end = bad.arms_since(cursor)
    return arms, end if bad_end == bad.look.newest else bad_end


def _seen(arms: Arms, newest: int) -> int:
    """Until when every process has shown its bad events; one that is silent may be gone."""
    certain = newest - SETTLED_MS
    groups = [group for mine in arms.values() for group in mine]
    return min((max(group.newest, certain) for group in groups), default=newest)


def _joined(name: str, arm: Arm, failed: Counted | None) -> Arm:
    bad = failed.arms[name].total if failed and name in failed.arms else 0
    if bad > arm.total:
        raise PrometheusError(
            f"more bad events than events of {name}: {bad} of {arm.total}; does every bad one count"
            " in counters.total, too, and are both exported by the same processes?"
        )
    return Arm(total=arm.total, bad=bad)


def _meter(selector: str, label: str) -> EventMeter:
    found = _SELECTOR.fullmatch(selector)
    if found is None or not _LABEL.fullmatch(label):
        raise SpecError(
            f"counters: {selector!r} with the label {label!r} is no selector of one metric; write"
            ' for example checkout_failures_total{shop="north"} and the label\'s plain name'
        )
    matchers = (found[2] or "").strip().rstrip(",")
    return EventMeter(Family(metric=found[1], revision=label, outcome="", matchers=matchers))
