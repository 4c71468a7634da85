"""What Prometheus may know of a revision; served by MLServer's metrics endpoint.

The metrics stand in a module of their own because MLServer reloads the module of a runtime, and a
metric can be registered once only.
"""

from collections.abc import Callable
from enum import StrEnum

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


class LedgerMetrics:
    """The ledger metrics of one revision, all present from the start with the value zero."""

    def __init__(self, deployment: str, revision: str) -> None:
        self.dropped = DROPPED.labels(deployment, revision)
        self.spool_errors = SPOOL_ERRORS.labels(deployment, revision)
        self._waiting = WAITING.labels(deployment, revision)
        self._ship_errors = SHIP_ERRORS.labels(deployment, revision)

    def watch(self, waiting: Callable[[], float], ship_errors: Callable[[], float]) -> None:
        """Ask for these two whenever metrics are read."""
        self._waiting.set_function(waiting)
        self._ship_errors.set_function(ship_errors)
