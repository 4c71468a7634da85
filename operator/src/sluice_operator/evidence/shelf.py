"""The last minutes of a family of counters, for all revisions: asked for once, read by all threads.

What one thread fetched serves every other that asks within the refresh time. A fetch goes back to
where a scrape may have been invisible at the fetch before, so nothing falls between two.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sluice_operator.evidence.family import Family
from sluice_operator.evidence.meter import Meter
from sluice_operator.evidence.pace import KEPT_MS, SETTLED_MS
from sluice_operator.evidence.prometheus_answer import Names, PrometheusError
from sluice_operator.evidence.prometheus_api import PrometheusApi
from sluice_operator.evidence.series import Group, Labels, Series, grouped
from sluice_operator.evidence.stir import standing_out

_REST = 9
"""How many times its own cost a fetch is followed by rest, so that the fetches of one family take
a tenth of a core, as long as rest does not become too long."""
_LONGEST = 2
"""How many times the refresh time that rest may be. Most of a fetch's cost is what is new, which
comes once however often it is asked for: longer rests save little, and failures wait for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known at one moment; never changed once made."""

    family: Family
    now: int
    """The time at Prometheus when it was asked."""
    begin: int
    """Since when all samples are here."""
    newest: int | None = None
    """Time of the newest sample of any revision; None while there are none."""
    oldest: int | None = None
    """Time of the oldest sample that was ever seen from `begin` on."""
    series: Mapping[str, Mapping[Labels, Series]] = field(default_factory=dict)
    """By revision."""
    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    """The same, in groups."""
    fresh: tuple[str, ...] = ()
    """Revisions of which the last fetch brought something new."""

    def joined(self, found: Iterable[Series], since: int, now: int) -> "Look":
        """This look and what was found later, without what is older than `since`."""
        newest, oldest = self.newest or 0, self.oldest or now
        fresh: dict[str, dict[Labels, Series]] = {}
        for later in found:
            newest, oldest = max(newest, later.times[-1]), min(oldest, later.times[0])
            self._add(later, since, fresh)
        series = {**self.series, **fresh}
        groups = {**self.groups}
        for name in [*fresh, *self._stale(since)]:
            series[name] = {
                labels: one for labels, one in series[name].items() if one.times[-1] >= since
            }
            groups[name] = grouped(series[name].values(), self.family.outcome)
        return Look(
            family=self.family,
            now=now,
            begin=since,
            newest=newest or None,
            oldest=oldest if newest else None,
            series={name: mine for name, mine in series.items() if mine},
            groups={name: mine for name, mine in groups.items() if mine},
            fresh=tuple(fresh),
        )

    def newest_of(self, labels: Labels) -> int:
        """Time of the newest sample of one series; 0 if it is not known."""
        known = self.series.get(self.family.revision_of(labels), {}).get(labels)
        return known.times[-1] if known else 0

    def _add(self, later: Series, since: int, fresh: dict[str, dict[Labels, Series]]) -> None:
        """Put a series to those of its revision that have something new."""
        name = self.family.revision_of(later.labels)
        before = self.series.get(name, {})
        earlier = before.get(later.labels)
        if not name or (earlier is not None and earlier.times[-1] >= later.times[-1]):
            return
        mine = fresh.setdefault(name, dict(before))
        mine[later.labels] = later if earlier is None else earlier.joined(later, since)

    def _stale(self, since: int) -> list[str]:
        """Revisions of which something is so old that it can be forgotten."""
        return [
            name
            for name, mine in self.series.items()
            if any(one.times[-1] < since for one in mine.values())
        ]


class Shelf:
    """The latest look at what one meter reads."""

    def __init__(
        self, api: PrometheusApi, meter: Meter, refresh_seconds: float, more: Mapping[str, str]
    ) -> None:
        """Nothing is fetched yet."""
        self._api = api
        self._meter = meter
        self._refresh_seconds = refresh_seconds
        self._more = dict(more)
        self._names = Names()
        self._lock = threading.Lock()
        self._look: Look | None = None
        self._error: PrometheusError | None = None
        self._due = 0.0
        self._news: tuple[str, ...] = ()

    def look(self) -> Look:
        """The samples of all revisions, as old as the refresh time and one fetch at most.

        While one thread fetches, the others take what there is, be it samples or the error.

        Raises:
            PrometheusError: They cannot be had.
        """
        if self._lock.acquire(blocking=self._look is None and self._error is None):
            try:
                if self._api.monotonic() >= self._due:
                    self._refresh()
            finally:
                self._lock.release()
        if self._error is not None:
            # an error that several threads raise would gather the traces of all
            raise type(self._error)(str(self._error))
        assert self._look is not None
        return self._look

    def news(self) -> tuple[str, ...]:
        """Whose failures stood out in the fetches since the last call."""
        news, self._news = self._news, ()
        return news

    def _refresh(self) -> None:
        begun = time.thread_time()
        try:
            self._look = look = self._fetched()
            self._news += standing_out(look.fresh, look.groups, self._meter)
            self._error = None
        except PrometheusError as broken:
            self._error = broken
        spent = time.thread_time() - begun
        self._due = self._api.monotonic() + rest_seconds(spent, self._refresh_seconds)

    def _fetched(self) -> Look:
        now = self._api.now()
        look = self._look
        if look is None or look.newest is None or abs(now - look.newest) > 2 * KEPT_MS:
            look = Look(family=self._meter.family, now=now, begin=now - KEPT_MS)
        since = look.begin if look.newest is None else look.newest - SETTLED_MS
        selector = self._meter.selector((), self._more)
        found = self._api.samples(selector, self._names, since, newest_of=look.newest_of)
        return look.joined(found, max(look.begin, now - KEPT_MS), now)


def rest_seconds(spent: float, refresh: float) -> float:
    """How long nobody fetches after a fetch that took so much of a processor, both in seconds."""
    return min(max(refresh, spent * _REST), refresh * _LONGEST)
