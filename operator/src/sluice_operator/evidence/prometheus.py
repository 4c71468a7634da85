"""Counts of requests from Prometheus: every request once, whatever is away meanwhile.

A cursor is a time at Prometheus until which raw samples were counted. It moves only over time in
which both revisions have samples that can no longer change; what is missed while Prometheus is away
is counted from the same cursor once it is back.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from sluice_operator.api.v1alpha1 import Comparison, Metric
from sluice_operator.errors import SpecError, WorldError
from sluice_operator.evidence.count import Counted, begun, continued
from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.edge import edge_of, edges_near_p99
from sluice_operator.evidence.event import (
    EventCursor,
    events_begun,
    events_continued,
    meters_of,
)
from sluice_operator.evidence.family import BUCKET, PART, PROFILE_SHARES, RUNTIME_BINS, Dialect
from sluice_operator.evidence.history import History
from sluice_operator.evidence.meter import BinMeter, Meter, SlownessMeter, meter_of
from sluice_operator.evidence.pace import GONE_MS, OLDEST_MS
from sluice_operator.evidence.prometheus_answer import (
    PrometheusAwayError,
    PrometheusError,
    is_share,
)
from sluice_operator.evidence.prometheus_api import PrometheusApi
from sluice_operator.evidence.series import Labels
from sluice_operator.evidence.shelf import Look, Shelf
from sluice_operator.model import Question, Table, Window

DRIFT_SECONDS = 15.0
"""How old shared samples of inputs may be: there are hundreds of series, and drift is no hurry."""
IDLE_SECONDS = 600.0
"""What nobody has asked for that long is forgotten."""
_AHEAD_MS = 60_000
"""A cursor from farther in the future belongs to another Prometheus."""


class Prometheus:
    """One Prometheus, shared by all deployments and threads."""

    def __init__(
        self,
        api: PrometheusApi,
        refresh_seconds: float = 1.0,
        labels: Mapping[str, str] | None = None,
        warm_seconds: float = GONE_MS / 1000,
    ) -> None:
        """Nothing is asked yet.

        Args:
            api: How it is asked.
            refresh_seconds: How old shared samples may be; costs one query each.
            labels: What every series must bear, where one Prometheus sees several clusters.
            warm_seconds: How long Prometheus must have scraped before counting begins, so that
                it has seen every process that is not new.
        """
        self.api = api
        self.labels = dict(labels or {})
        self.warm_ms = round(warm_seconds * 1000)
        self._refresh_seconds = refresh_seconds
        self._shelves: dict[Meter, Shelf] = {}
        self._asked: dict[Meter, float] = {}
        self._shares: dict[str, tuple[float, Mapping[Labels, float]]] = {}
        self._lock = threading.Lock()

    def look(self, meter: Meter) -> Look:
        """The last minutes of what a meter reads.

        Raises:
            PrometheusError: They cannot be had.
        """
        with self._lock:
            now = self.api.monotonic()
            if meter not in self._shelves:
                self._forget_idle(now)
                rare = isinstance(meter, BinMeter)
                seconds = max(self._refresh_seconds, DRIFT_SECONDS if rare else 0.0)
                self._shelves[meter] = Shelf(self.api, meter, seconds, self.labels)
            self._asked[meter] = now
            shelf = self._shelves[meter]
        return shelf.look()

    def shares(self, selector: str) -> Mapping[Labels, float]:
        """What a model was trained on; it never changes, so it is asked for now and then.

        Raises:
            PrometheusError: There is no answer.
        """
        known = self._shares.get(selector)
        now = self.api.monotonic()
        if known is None or now - known[0] > IDLE_SECONDS:
            found = self.api.last(selector, self.api.now(), is_share)
            self._shares = {
                other: kept for other, kept in self._shares.items() if now - kept[0] <= IDLE_SECONDS
            }
            if not found:
                return found
            self._shares[selector] = known = (now, found)
        return known[1]

    def _forget_idle(self, now: float) -> None:
        """Samples of revisions and selectors that nobody has asked about for a while."""
        idle = [one for one, asked in self._asked.items() if now - asked > IDLE_SECONDS]
        for meter in idle:
            del self._shelves[meter], self._asked[meter]

    def news(self) -> tuple[str, ...]:
        """Revisions whose failures stood out in what was fetched since the last call."""
        return tuple(name for shelf in tuple(self._shelves.values()) for name in shelf.news())

    def close(self) -> None:
        """Hang up."""
        self.api.close()


class PrometheusEvidence:
    """An `EvidenceSource` for gates on requests, inputs and the user's own counters; light."""

    METRICS: ClassVar = (
        Metric.ERROR_RATE,
        Metric.LATENCY_EXCEEDANCE,
        Metric.SAMPLE_RATIO,
        Metric.COUNTERS,
        Metric.FEATURE_DRIFT,
    )
    """What Prometheus can answer."""

    def __init__(
        self, prometheus: Prometheus, dialect: Dialect, labels: Mapping[str, str] | None = None
    ) -> None:
        """How the deployments of one kind are counted.

        Args:
            prometheus: Shared with others.
            dialect: The series that their engine exports.
            labels: What their series bear beside the revision's name, such as `namespace`.
        """
        self._prometheus = prometheus
        self._dialect = dialect
        self._labels = dict(labels or {})

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        """See `EvidenceSource.windows`; a question without cursor starts to count now."""
        known: dict[tuple[object, ...], Counted] = {}
        return tuple(self._window(question, known) for question in questions)

    def query_of(self, question: Question) -> str:
        """What to paste into Prometheus to see the counters that are read; may be empty."""
        return query_of(question, self._dialect, self._prometheus.labels | self._labels)

    def _window(self, question: Question, known: dict[tuple[object, ...], Counted]) -> Window:
        """Gates that ask the same since the same cursor get the same counts."""
        try:
            if question.metric == Metric.COUNTERS:
                return self._events(question)
            meter = self._meter(question)
            same = (meter, revisions_of(question), question.cursor)
            found = known.get(same) or self._counted(question, meter)
            known[same] = found
            return self._told(question, meter, found)
        except (WorldError, SpecError) as broken:
            return question.unanswered(str(broken), away=isinstance(broken, PrometheusAwayError))

    def _meter(self, question: Question) -> Meter:
        """As `meter_of`; edges that no gate names are chosen once, and are then in the cursor."""
        if question.metric != Metric.LATENCY_EXCEEDANCE or question.threshold is not None:
            return meter_of(question, self._dialect)
        cursor = self._cursor(question.cursor, self._prometheus.api.now())
        family = self._dialect.seconds
        if cursor is not None and cursor.edges:
            return SlownessMeter(family, cursor.edges)
        labels = self._prometheus.labels | self._labels
        selector = family.selector((question.stable,), labels)
        fast: Counter[float] = Counter()
        last = self._prometheus.api.last(selector, self._prometheus.api.now())
        for labels_of, count in last.items():
            fast[edge_of(dict(labels_of).get(BUCKET, ""))] += int(count)
        return SlownessMeter(family, edges_near_p99(fast))

    def _told(self, question: Question, meter: Meter, found: Counted) -> Window:
        stable, candidate = (found.arms.get(name) for name in (question.stable, question.candidate))
        cursor, table = found.cursor, None
        if isinstance(meter, SlownessMeter) and question.threshold is None:
            cursor = replace(cursor, edges=meter.edges)
            none: Mapping[str, int] = {}
            gains = [found.gains.get(name, none) for name in (question.stable, question.candidate)]
            table = Table(
                names=tuple(f"{edge:g}" for edge in meter.edges),
                stable=meter.slow(gains[0]),
                candidate=meter.slow(gains[1]),
            )
        if isinstance(meter, BinMeter):
            table = self._bins(question.candidate, found.gains.get(question.candidate, {}))
        return Window(
            gate=question.gate,
            cursor=cursor.text,
            stable=stable,
            candidate=candidate,
            table=table,
        )

    def _bins(self, revision: str, gained: Mapping[str, int]) -> Table:
        """Every bin of the profile, those that no row fell into as well."""
        labels = self._prometheus.labels | self._labels
        family = replace(RUNTIME_BINS, metric=PROFILE_SHARES)
        shares: dict[str, float] = {}
        for found, share in self._prometheus.shares(family.selector((revision,), labels)).items():
            said = dict(found)
            field = said.get(family.part, "").replace(PART, "/")
            shares[f"{field}{PART}{said.get(family.outcome, '')}"] = share
        if not shares:
            raise PrometheusError(
                f"Prometheus has no {PROFILE_SHARES} of {revision}; is it served by Sluice's"
                " runtime, and scraped?"
            )
        names = tuple(sorted(shares.keys() | gained.keys()))
        return Table(
            names=names,
            stable=(0,) * len(names),
            candidate=tuple(gained.get(name, 0) for name in names),
            shares=tuple(shares.get(name, 0.0) for name in names),
        )

    def _events(self, question: Question) -> Window:
        if question.counters is None:
            raise SpecError(f"gate {question.gate} names no counters; give counters.bad and .total")
        total, bad = (self._history(question, meter, {}) for meter in meters_of(question.counters))
        self._refuse_nothing(total)
        cursor = EventCursor.parsed(question.cursor)
        if cursor is None or self._cursor(cursor.total.text, total.look.now) is None:
            found = events_begun(total, bad)
        else:
            found = events_continued(total, bad, cursor)
        return Window(
            gate=question.gate,
            cursor=found.cursor.text,
            stable=found.arms.get(question.stable),
            candidate=found.arms.get(question.candidate),
        )

    def _counted(self, question: Question, meter: Meter) -> Counted:
        history = self._history(question, meter, self._labels)
        self._refuse_nothing(history)
        cursor = self._cursor(question.cursor, history.look.now)
        return begun(history) if cursor is None else continued(history, cursor)

    def _history(self, question: Question, meter: Meter, labels: Mapping[str, str]) -> History:
        return History(
            api=self._prometheus.api,
            meter=meter,
            look=self._prometheus.look(meter),
            revisions=revisions_of(question),
            labels=labels,
            more=self._prometheus.labels,
            warm_ms=self._prometheus.warm_ms,
        )

    def _refuse_nothing(self, history: History) -> None:
        if history.look.newest is None:
            raise PrometheusError(
                f"Prometheus has no sample of {history.meter.family.metric}; does it scrape the"
                " servers?"
            )

    def _cursor(self, text: str, now: int) -> Cursor | None:
        """None for one that cannot be gone on from: counting then starts now."""
        cursor = Cursor.parsed(text)
        if cursor is None or not -_AHEAD_MS <= now - cursor.at <= OLDEST_MS:
            return None
        return cursor


def query_of(question: Question, dialect: Dialect, labels: Mapping[str, str]) -> str:
    """The counters of both revisions, summed as the gate sums them; empty for other metrics."""
    try:
        if question.counters is not None and question.metric == Metric.COUNTERS:
            total, bad = (_sum(meter, question, {}) for meter in meters_of(question.counters))
            return f"{bad} / {total}"
        if question.metric == Metric.LATENCY_EXCEEDANCE and question.threshold is None:
            selector = dialect.seconds.selector(revisions_of(question), labels)
            return f"sum by ({dialect.seconds.revision}, {BUCKET}) ({selector})"
        return _sum(meter_of(question, dialect), question, labels)
    except SpecError:
        return ""


def _sum(meter: Meter, question: Question, labels: Mapping[str, str]) -> str:
    family = meter.family
    by = ", ".join(filter(None, (family.revision, family.part, family.outcome)))
    return f"sum by ({by}) ({meter.selector(revisions_of(question), labels)})"


def revisions_of(question: Question) -> tuple[str, ...]:
    """Who must be counted: a comparison with a constant needs no stable revision."""
    if question.comparison == Comparison.ABSOLUTE and question.metric != Metric.SAMPLE_RATIO:
        return (question.candidate,)
    return tuple(dict.fromkeys((question.stable, question.candidate)))
