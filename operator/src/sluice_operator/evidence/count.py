"""From samples to counts of both revisions, and the next cursor."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.family import PART
from sluice_operator.evidence.history import Arms, History
from sluice_operator.evidence.horizon import settled
from sluice_operator.evidence.increase import Gains, Span, spans
from sluice_operator.evidence.pace import GONE_MS
from sluice_operator.evidence.prometheus_answer import PrometheusError
from sluice_operator.evidence.prometheus_api import clock_time
from sluice_operator.evidence.series import Group, Labels
from sluice_operator.model import Arm

NOTHING = Arm(total=0, bad=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was found for a question."""

    cursor: Cursor
    arms: Mapping[str, Arm]
    """By revision."""
    gains: Mapping[str, Gains] = field(default_factory=dict)
    """The same, by what counters differ in."""


def begun(history: History) -> Counted:
    """Counting starts now, also for a revision that has had no request yet: none is missed.

    Raises:
        PrometheusError: A series cannot be read, or Prometheus has only just begun to scrape.
    """
    assert history.look.newest is not None
    since = history.look.newest - GONE_MS
    arms = {
        name: [g for g in groups if g.newest > since] for name, groups in history.arms().items()
    }
    until = settled(tuple(arms.values()), history.look.newest)
    history.refuse_while_cold(until)
    return Counted(
        cursor=Cursor.of(until, _every(arms)), arms=dict.fromkeys(history.revisions, NOTHING)
    )


def continued(history: History, cursor: Cursor) -> Counted:
    """Everything since the cursor that can no longer change; nothing if there is nothing new.

    Raises:
        PrometheusError: A revision is not scraped, or a series cannot be read.
    """
    assert history.look.newest is not None
    arms, end = history.arms_since(cursor)
    for name, groups in arms.items():
        refuse_silence(name, groups, history, cursor)
    until = min(end, settled(tuple(arms.values()), history.look.newest))
    return counted(history, cursor, arms, until)


def counted(history: History, cursor: Cursor, arms: Arms, until: int) -> Counted:
    """Everything since the cursor until a time; `arms` must be there until then.

    Raises:
        PrometheusError: There is no answer, or the counters contradict each other.
    """
    if until <= cursor.at:
        return Counted(cursor=cursor, arms=dict.fromkeys(history.revisions, NOTHING))
    due = {name: spans(groups, cursor, until) for name, groups in arms.items()}
    are_new = any(span.before is None for found in due.values() for span in found)
    older = history.older(cursor) if are_new else {}
    if older is None:
        return begun(history)
    gains = {name: _gains(mine, older, history) for name, mine in due.items()}
    return Counted(
        cursor=Cursor.of(until, _every(arms)),
        arms={name: _arm(name, history, mine) for name, mine in gains.items()},
        gains=gains,
    )


def _gains(found: Iterable[Span], older: Mapping[Labels, float], history: History) -> Gains:
    """Of all processes of a revision."""
    part, total = history.meter.family.part, Counter[str]()
    for span in found:
        head = f"{dict(span.group.labels).get(part, '').replace(PART, '/')}{PART}" if part else ""
        total.update({f"{head}{name}": gain for name, gain in span.gained(older).items()})
    return total


def _arm(name: str, history: History, gained: Gains) -> Arm:
    arm = history.meter.arm(gained)
    if not 0 <= arm.bad <= arm.total:
        raise PrometheusError(
            f"{history.meter.family.metric} of {name} contradicts itself: {arm.bad} bad requests of"
            f" {arm.total}; is one server scraped twice?"
        )
    return arm


def refuse_silence(name: str, groups: Iterable[Group], history: History, cursor: Cursor) -> None:
    """A revision that is not scraped has no counts; none is not the same as no requests.

    Raises:
        PrometheusError: It is not.
    """
    metric = history.meter.family.metric
    newest = max((group.newest for group in groups), default=None)
    if newest is None:
        raise PrometheusError(
            f"Prometheus has no {metric} of {name}; has it had a request, and is it scraped?"
        )
    if newest <= cursor.at and history.look.now - newest > GONE_MS:
        raise PrometheusError(
            f"Prometheus has no {metric} of {name} since {clock_time(newest)}; is it still scraped?"
        )


def _every(arms: Arms) -> list[Group]:
    return [group for groups in arms.values() for group in groups]
