"""The last minutes of a family of counters, for all revisions: asked for once, read by all threads.

What one thread fetched serves every other that asks within the refresh time. A fetch goes back to
where a scrape may have been invisible at the fetch before, so nothing falls between two.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sluice_operator.evidence.family import Family
from sluice_operator.evidence.meter import Meter
from sluice_operator.evidence.pace import KEPT_MS, SETTLED_MS
from sluice_operator.evidence.prometheus_answer import PrometheusError
from sluice_operator.evidence.prometheus_api import PrometheusApi
from sluice_operator.evidence.series import Group, Labels, Series, grouped


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
    series: Mapping[Labels, Series] = field(default_factory=dict)
    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    """By revision."""

    def joined(self, found: Iterable[Series], since: int, now: int) -> "Look":
        """This look and what was found later, without what is older than `since`."""
        series, touched = dict(self.series), set()
        newest, oldest = self.newest or 0, self.oldest or now
        for later in found:
            oldest = min(oldest, later.times[0])
            newest = max(newest, later.times[-1])
            earlier = series.get(later.labels)
            if earlier is None:
                series[later.labels] = later
            elif earlier.times[-1] < later.times[-1]:
                series[later.labels] = earlier.joined(later, since)
            else:
                continue
            touched.add(self.family.revision_of(later.labels))
        gone = [labels for labels, one in series.items() if one.times[-1] < since]
        touched.update(self.family.revision_of(labels) for labels in gone)
        for labels in gone:
            del series[labels]
        return Look(
            family=self.family,
            now=now,
            begin=since,
            newest=newest or None,
            oldest=oldest if newest else None,
            series=series,
            groups=self._regrouped(series, touched),
        )

    def _regrouped(
        self, series: Mapping[Labels, Series], touched: set[str]
    ) -> dict[str, tuple[Group, ...]]:
        found: dict[str, list[Series]] = {name: [] for name in touched if name}
        for labels, one in series.items():
            name = self.family.revision_of(labels)
            if name in found:
                found[name].append(one)
        fresh = {name: grouped(mine, self.family.outcome) for name, mine in found.items()}
        return {name: groups for name, groups in {**self.groups, **fresh}.items() if groups}


class Shelf:
    """The latest look at what one meter reads."""

    def __init__(
        self, api: PrometheusApi, meter: Meter, refresh_seconds: float, more: Mapping[str, str]
    ) -> None:
        self._api = api
        self._meter = meter
        self._refresh_seconds = refresh_seconds
        self._more = dict(more)
        self._lock = threading.Lock()
        self._look: Look | None = None
        self._error: PrometheusError | None = None
        self._due = 0.0

    def look(self) -> Look:
        """The samples of all revisions, as old as the refresh time at most.

        Raises:
            PrometheusError: They cannot be had. Only one thread waits to find that out again.
        """
        if not self._lock.acquire(blocking=self._error is None):
            raise PrometheusError(str(self._error))
        try:
            if self._api.monotonic() >= self._due:
                self._refresh()
        finally:
            self._lock.release()
        if self._error is not None:
            raise PrometheusError(str(self._error))
        assert self._look is not None
        return self._look

    def _refresh(self) -> None:
        try:
            self._look = self._fetched()
            self._error = None
        except PrometheusError as broken:
            self._error = broken
        self._due = self._api.monotonic() + self._refresh_seconds

    def _fetched(self) -> Look:
        now = self._api.now()
        look = self._look
        if look is None or look.newest is None or abs(now - look.newest) > 2 * KEPT_MS:
            look = Look(family=self._meter.family, now=now, begin=now - KEPT_MS)
        since = look.begin if look.newest is None else look.newest - SETTLED_MS
        found = self._api.samples(self._meter.selector((), self._more), since)
        return look.joined(found, max(look.begin, now - KEPT_MS), now)
