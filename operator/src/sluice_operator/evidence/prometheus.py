"""Error rates and latencies from Prometheus: every request once, whatever is away meanwhile.

A cursor is a time at Prometheus until which raw samples were counted. It moves only over time in
which both revisions have samples that can no longer change; what is missed while Prometheus is away
is counted from the same cursor once it is back.
"""

import threading
from collections.abc import Mapping

from sluice_operator.api.v1alpha1 import Comparison
from sluice_operator.errors import SpecError
from sluice_operator.evidence.count import Counted, begun, continued
from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.family import Dialect
from sluice_operator.evidence.history import History
from sluice_operator.evidence.meter import Meter, meter_of
from sluice_operator.evidence.pace import GONE_MS, OLDEST_MS
from sluice_operator.evidence.prometheus_answer import PrometheusError
from sluice_operator.evidence.prometheus_api import PrometheusApi
from sluice_operator.evidence.shelf import Look, Shelf
from sluice_operator.model import Question, Window

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
        self._lock = threading.Lock()

    def look(self, meter: Meter) -> Look:
        """The last minutes of what a meter reads.

        Raises:
            PrometheusError: They cannot be had.
        """
        with self._lock:
            shelf = self._shelves.get(meter)
            if shelf is None:
                shelf = Shelf(self.api, meter, self._refresh_seconds, self.labels)
                self._shelves[meter] = shelf
        return shelf.look()

    def news(self) -> tuple[str, ...]:
        """Revisions whose failures stood out in what was fetched since the last call."""
        return tuple(name for shelf in tuple(self._shelves.values()) for name in shelf.news())

    def close(self) -> None:
        """Hang up."""
        self.api.close()


class PrometheusEvidence:
    """An `EvidenceSource` for gates on errors and latency; light, for many deployments."""

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
            meter = meter_of(question, self._dialect)
            same = (meter, revisions_of(question), question.cursor)
            counted = known.get(same) or self._counted(question, meter)
            known[same] = counted
        except (PrometheusError, SpecError) as broken:
            return Window(gate=question.gate, cursor=question.cursor, error=str(broken))
        return Window(
            gate=question.gate,
            cursor=counted.cursor.text,
            stable=counted.arms.get(question.stable),
            candidate=counted.arms.get(question.candidate),
        )

    def _counted(self, question: Question, meter: Meter) -> Counted:
        look = self._prometheus.look(meter)
        if look.newest is None:
            raise PrometheusError(
                f"Prometheus has no sample of {meter.family.metric}; does it scrape the servers?"
            )
        history = History(
            api=self._prometheus.api,
            meter=meter,
            look=look,
            revisions=revisions_of(question),
            labels=self._labels,
            more=self._prometheus.labels,
            warm_ms=self._prometheus.warm_ms,
        )
        cursor = Cursor.parsed(question.cursor)
        if cursor is None or not -_AHEAD_MS <= look.now - cursor.at <= OLDEST_MS:
            return begun(history)
        return continued(history, cursor)


def query_of(question: Question, dialect: Dialect, labels: Mapping[str, str]) -> str:
    """The counters of both revisions, summed as the gate sums them; empty for other metrics."""
    try:
        meter = meter_of(question, dialect)
    except SpecError:
        return ""
    selector = meter.selector(revisions_of(question), labels)
    return f"sum by ({meter.family.revision}, {meter.family.outcome}) ({selector})"


def revisions_of(question: Question) -> tuple[str, ...]:
    """Who must be counted: a comparison with a constant needs no stable revision."""
    if question.comparison == Comparison.ABSOLUTE:
        return (question.candidate,)
    return tuple(dict.fromkeys((question.stable, question.candidate)))
