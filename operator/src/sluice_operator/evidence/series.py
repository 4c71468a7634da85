"""Samples of counters as Prometheus has scraped them, in groups that begin anew together. Pure.

Times are milliseconds of Prometheus' own clock; nothing here knows another one.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Labels = tuple[tuple[str, str], ...]
"""Names and values, by name; the name of the metric is not among them."""
NO_TIMES: frozenset[int] = frozenset()
_MOST = 2.0**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One counter: when it was scraped, oldest first, and what it stood at."""

    labels: Labels
    times: "array[int]"
    values: "array[float]"
    spoiled: frozenset[int] = NO_TIMES
    """Times at which it stood at what no counter can; nothing is counted of those scrapes."""

    def at(self, time: int) -> float | None:
        """What it stood at in the scrape of exactly that time; None if it was not in it."""
        index = bisect_right(self.times, time) - 1
        return self.values[index] if index >= 0 and self.times[index] == time else None

    def before(self, time: int) -> int:
        """When it was scraped last until that time; 0 if it was not."""
        index = bisect_right(self.times, time)
        return self.times[index - 1] if index else 0

    def joined(self, later: "Series", since: int) -> "Series":
        """Both, without what is older than `since`; what overlaps is taken once."""
        first = bisect_right(later.times, self.times[-1])
        cut = bisect_right(self.times, since)
        spoiled = self.spoiled | later.spoiled if self.spoiled or later.spoiled else NO_TIMES
        return Series(
            labels=self.labels,
            times=self.times[cut:] + later.times[first:],
            values=self.values[cut:] + later.values[first:],
            spoiled=frozenset(time for time in spoiled if time > since) if spoiled else NO_TIMES,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Counters of one process that differ in one label: scraped together, lost together."""

    labels: Labels
    """Those that all of them share."""
    members: Mapping[str, Series]
    """By the value of the label in which they differ: a code, an outcome, a bucket."""

    newest: int
    """When it was scraped last."""
    spoiled: frozenset[int] = NO_TIMES
    """Times of scrapes in which one of them was spoiled: none of the others counts then."""

    @property
    def problem(self) -> str:
        """Why the last scrape is no count of anything; empty when it is."""
        newest = self.newest
        for series in self.members.values():
            if newest in series.spoiled:
                return f"{named(series.labels)} {odd(series.at(newest))}"
        return ""

    def scrapes(self, after: int, until: int) -> list[int]:
        """Times of scrapes, `until` included, without spoiled ones."""
        found: set[int] = set()
        for series in self.members.values():
            begin, end = bisect_right(series.times, after), bisect_right(series.times, until)
            found.update(series.times[begin:end])
        return sorted(found - self.spoiled if self.spoiled else found)

    def last(self, after: int, until: int) -> int | None:
        """The last of those scrapes; None if there is none."""
        if self.spoiled:
            return next(reversed(self.scrapes(after, until)), None)
        last = max(series.before(until) for series in self.members.values())
        return last if last > after else None

    def values(self, scrape: int) -> dict[str, float]:
        """What each member that was in a scrape stood at."""
        seen = {name: series.at(scrape) for name, series in self.members.items()}
        return {name: value for name, value in seen.items() if value is not None}

    def has(self, labels: Mapping[str, str]) -> bool:
        """Whether it bears all of some labels."""
        return labels.items() <= dict(self.labels).items()


def is_count(value: float) -> bool:
    """Whether a counter of events can stand there; above the limit a float counts by twos."""
    return 0 <= value <= _MOST and value.is_integer()


def odd(value: float | None) -> str:
    """What is wrong with a value that is no count."""
    return f"stands at {value}, which no counter of requests does"


def named(labels: Labels) -> str:
    """A series as PromQL writes it, without the name of its metric."""
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}"


def grouped(series: Iterable[Series], differing: str) -> tuple[Group, ...]:
    """Series by all labels but one."""
    members: dict[Labels, dict[str, Series]] = {}
    for one in series:
        shared = tuple(label for label in one.labels if label[0] != differing)
        members.setdefault(shared, {})[dict(one.labels).get(differing, "")] = one
    return tuple(
        Group(
            labels=labels,
            members=found,
            newest=max(one.times[-1] for one in found.values()),
            spoiled=NO_TIMES.union(*(one.spoiled for one in found.values())),
        )
        for labels, found in members.items()
    )
