"""From samples to counts of both revisions, and the next cursor."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sluice_operator.evidence.cursor import Cursor
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
        _refuse_silence(name, groups, history, cursor)
    until = min(end, settled(tuple(arms.values()), history.look.newest))
    if until <= cursor.at:
        return Counted(cursor=cursor, arms=dict.fromkeys(history.revisions, NOTHING))
    due = {name: spans(groups, cursor, until) for name, groups in arms.items()}
    are_new = any(span.before is None for found in due.values() for span in found)
    older = history.older(cursor) if are_new else {}
    if older is None:
        return begun(history)
    found = {name: _arm(name, history, mine, older) for name, mine in due.items()}
    return Counted(cursor=Cursor.of(until, _every(arms)), arms=found)


def _arm(name: str, history: History, found: Iterable[Span], older: Mapping[Labels, float]) -> Arm:
    gained: Gains = Counter()
    for span in found:
        gained.update(span.gained(older))
    arm = history.meter.arm(gained)
    if not 0 <= arm.bad <= arm.total:
        raise PrometheusError(
            f"{history.meter.family.metric} of {name} contradicts itself: {arm.bad} bad requests of"
            f" {arm.total}; is one server scraped twice?"
        )
    return arm


def _refuse_silence(name: str, groups: Iterable[Group], history: History, cursor: Cursor) -> None:
    """A revision that is not scraped has no counts; none is not the same as no requests."""
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
