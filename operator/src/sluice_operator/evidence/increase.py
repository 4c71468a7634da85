"""What counters gained, exactly: raw samples, resets undone, nothing extrapolated. Pure.

The gain of a scrape depends on that scrape and the one before it alone, so that windows add up to
the same sum wherever they are cut.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.pace import GONE_MS
from sluice_operator.evidence.series import Group, Labels

Gains = Counter[str]
"""By the label in which the members of a group differ."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be counted of one group."""

    group: Group
    before: int | None
    """Its last scrape that was counted; None if that is too long ago to be at hand."""
    scrapes: list[int]

    def gained(self, older: Mapping[Labels, float]) -> Gains:
        """What its counters gained; `older` is where those began that are not at hand."""
        total: Gains = Counter()
        known = self.before is not None
        then = self.group.values(self.before or 0) if known else self._older(older)
        for scrape in self.scrapes:
            now = self.group.values(scrape)
            total.update(_step(then, now))
            then = now
        return total

    def _older(self, older: Mapping[Labels, float]) -> dict[str, float]:
        known = {name: older.get(series.labels) for name, series in self.group.members.items()}
        return {name: value for name, value in known.items() if value is not None}


def spans(groups: Iterable[Group], cursor: Cursor, until: int) -> list[Span]:
    """What every group has to add from a cursor on; `until` is included.

    Args:
        groups: With their samples from `GONE_MS` before the cursor on.
        cursor: Until where the samples were counted.
        until: The time that the next cursor will bear.
    """
    found = []
    for group in groups:
        start = cursor.start(group)
        if scrapes := group.scrapes(start, until):
            found.append(Span(group, group.last(cursor.at - GONE_MS, start), scrapes))
    return found


def _step(then: Mapping[str, float], now: Mapping[str, float]) -> dict[str, int]:
    """From scrape to scrape: one counter that fell says that all of the process began anew.

    A counter that the process did not show before has begun at nothing.
    """
    anew = any(value < then.get(name, 0) for name, value in now.items())
    return {name: int(value - (0 if anew else then.get(name, 0))) for name, value in now.items()}
