"""What Prometheus may know of a revision; served by MLServer's metrics endpoint.

The metrics stand in a module of their own because MLServer reloads the module of a runtime, and a
metric can be registered once only.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from prometheus_client import Counter, Gauge, Histogram

LABELS = ("deployment", "revision")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUEST_SECONDS = Histogram(
    "sluice_request_seconds",
    "Seconds from the parsed request to its answer, for requests that reached the model",
    LABELS,
    buckets=BUCKETS,
)
REQUESTS = Counter(
    "sluice_requests", "Requests by outcome: ok, rejected (422), failed (500)", (*LABELS, "outcome")
)
DROPPED = Counter("sluice_ledger_dropped", "Predictions that will never reach the ledger", LABELS)
SPOOL_ERRORS = Counter("sluice_ledger_spool_errors", "Attempts to spool that failed", LABELS)
WAITING = Gauge("sluice_ledger_waiting", "Predictions in memory, not yet spooled", LABELS)
SHIP_ERRORS = Gauge(
    "sluice_ledger_ship_errors", "Attempts to reach the ledger that failed, since start", LABELS
)


class Outcome(StrEnum):
    """How a request ended."""

    OK = "ok"
    REJECTED = "rejected"
    FAILED = "failed"


class RequestMetrics:
    """The request metrics of one revision, all present from the start with the value zero."""

    def __init__(self, deployment: str, revision: str) -> None:
        self._seconds = REQUEST_SECONDS.labels(deployment, revision)
        self._requests = {o: REQUESTS.labels(deployment, revision, o) for o in Outcome}

    def count(self, outcome: Outcome, seconds: float) -> None:
        """Note one request; a rejected one has no latency, for the model was not asked."""
        self._requests[outcome].inc()
        if outcome is not Outcome.REJECTED:
            self._seconds.observe(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where the present values of one recording can be read."""

    waiting: Callable[[], float]
    ship_errors: Callable[[], float]


class LedgerMetrics:
    """The ledger metrics of one revision, all present from the start with the value zero."""

    def __init__(self, deployment: str, revision: str) -> None:
        self.dropped = DROPPED.labels(deployment, revision)
        self.spool_errors = SPOOL_ERRORS.labels(deployment, revision)
        self._readings = _readings_of((deployment, revision))

    def watch(self, watched: Watched) -> None:
        """Ask whenever metrics are read."""
        self._readings.add(watched)

    def forget(self, watched: Watched) -> None:
        """Ask no more."""
        self._readings.remove(watched)


Labels: TypeAlias = tuple[str, str]


class _Readings:
    """The recordings of one revision.

    A process may have several: while a model is loaded anew, and where an engine serves a revision
    under two names.
    """

    def __init__(self) -> None:
        self._watched: list[Watched] = []
        self._lock = threading.Lock()

    def add(self, watched: Watched) -> None:
        with self._lock:
            self._watched.append(watched)

    def remove(self, watched: Watched) -> None:
        with self._lock:
            self._watched = [one for one in self._watched if one is not watched]

    def waiting(self) -> float:
        return sum(one.waiting() for one in self._watched)

    def ship_errors(self) -> float:
        return sum(one.ship_errors() for one in self._watched)


_READINGS: defaultdict[Labels, _Readings] = defaultdict(_Readings)


def _readings_of(labels: Labels) -> _Readings:
    readings = _READINGS[labels]
    WAITING.labels(*labels).set_function(readings.waiting)
    SHIP_ERRORS.labels(*labels).set_function(readings.ship_errors)
    return readings
