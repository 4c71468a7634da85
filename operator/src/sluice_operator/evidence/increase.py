"""What counters gained, exactly: raw samples, resets undone, nothing extrapolated. Pure.

The gain of a scrape depends on that scrape and the one before it alone, so that windows add up to
the same sum wherever they are cut.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.pace import GONE_MS
from sluice_operator.evidence.series import Group, Labels

Gains = Counter[str]
"""By the label in which the members of a group differ."""


def gains(
    groups: Iterable[Group], cursor: Cursor, until: int, older: Mapping[Labels, float]
) -> Gains:
    """What all groups gained from the cursor on; `until` is included.

    Args:
        groups: With their samples from `GONE_MS` before the cursor on.
        cursor: Until where the samples were counted.
        until: The time that the next cursor will bear.
        older: What the series without such samples stood at last; see `unknown`.
    """
    total: Gains = Counter()
    for group in groups:
        total.update(_gained(group, cursor, until, older))
    return total


def unknown(groups: Iterable[Group], cursor: Cursor, until: int) -> bool:
    """Whether a group begins in this window: is it new, or was it silent for long?"""
    return any(_scrapes(group, cursor, until)[:1] == [None] for group in groups)


def _scrapes(group: Group, cursor: Cursor, until: int) -> list[int | None]:
    """The scrapes to count, after the last one that was counted: None if that is too old."""
    start = cursor.start(group)
    counted = group.scrapes(cursor.at - GONE_MS, start)
    fresh = group.scrapes(start, until)
    return [counted[-1] if counted else None, *fresh] if fresh else []


def _gained(group: Group, cursor: Cursor, until: int, older: Mapping[Labels, float]) -> Gains:
    total: Gains = Counter()
    for before, now in pairwise(_scrapes(group, cursor, until)):
        assert now is not None
        then = _older(group, older) if before is None else group.values(before)
        total.update(_step(then, group.values(now)))
    return total


def _step(then: Mapping[str, float], now: Mapping[str, float]) -> dict[str, int]:
    """From scrape to scrape: one counter that fell says that all of the process began anew.

    A counter that the process did not show before has begun at nothing.
    """
    anew = any(value < then.get(name, 0) for name, value in now.items())
    return {name: int(value - (0 if anew else then.get(name, 0))) for name, value in now.items()}


def _older(group: Group, older: Mapping[Labels, float]) -> dict[str, float]:
    known = {name: older.get(series.labels) for name, series in group.members.items()}
    return {name: value for name, value in known.items() if value is not None}
