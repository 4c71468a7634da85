"""A model server as Prometheus sees it: counters that tests move, on a real port."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    start_http_server,
)
from typing_extensions import override

BUCKETS = (0.1, 0.25, 0.5, 1.0)


class Whole(CollectorRegistry):
    """A registry whose scrapes see all of what is counted under its lock, or nothing of it."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()

    @override
    def collect(self) -> list[Metric]:
        with self.lock:
            return list(super().collect())


@dataclass
class Exporter:
    """Exports what Seldon's agent and our runtime would of some revisions."""

    port: int = 0
    registry: Whole = field(default_factory=Whole)

    def __post_init__(self) -> None:
        self.restart()
        self.open()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def open(self) -> None:
        """Answer scrapes, at the port that was used before if there was one."""
        self._server, self._thread = start_http_server(
            self.port, addr="127.0.0.1", registry=self.registry
        )
        self.port = self._server.server_port

    def close(self) -> None:
        """Answer no scrape any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def restart(self) -> None:
        """Begin to count anew, as a process that was started again; all at once for scrapes."""
        with self.registry.lock:
            for collector in list(self.registry._collector_to_names):
                self.registry.unregister(collector)
            self.requests = Counter(
                "seldon_model_infer", "", ("model_internal", "code"), registry=self.registry
            )
            self.seconds = Histogram(
                "sluice_request_seconds",
                "",
                ("deployment", "revision"),
                buckets=BUCKETS,
                registry=self.registry,
            )
            self.orders = Counter("orders", "", ("revision", "shop"), registry=self.registry)
            self.failed_orders = Counter(
                "orders_failed", "", ("revision", "shop", "why"), registry=self.registry
            )
            self.bins = Counter(
                "sluice_input_bins", "", ("revision", "field", "bin"), registry=self.registry
            )
            self.shares = Gauge(
                "sluice_profile_share", "", ("revision", "field", "bin"), registry=self.registry
            )

    def order(self, revision: str, *, good: int = 0, bad: int = 0, shop: str = "north") -> None:
        """Events of the user's own; a failed one has a series once there is one."""
        with self.registry.lock:
            self.orders.labels(revision, shop).inc(good + bad)
            if bad:
                self.failed_orders.labels(revision, shop, "stock").inc(bad)

    def profile(self, revision: str, field_: str, **shares: float) -> None:
        """What a revision was trained on; rows of each bin begin at none."""
        with self.registry.lock:
            for name, share in shares.items():
                self.shares.labels(revision, field_, name).set(share)
                self.bins.labels(revision, field_, name)

    def rows(self, revision: str, field_: str, **counts: int) -> None:
        """Inputs by bin."""
        with self.registry.lock:
            for name, count in counts.items():
                self.bins.labels(revision, field_, name).inc(count)

    def serve(self, revision: str, *, good: int = 0, bad: int = 0, seconds: float = 0.01) -> None:
        """Count some requests of a revision."""
        with self.registry.lock:
            for code, count in (("200", good), ("500", bad)):
                if count:
                    self.requests.labels(f"{revision}_1", code).inc(count)
            for _ in range(good + bad):
                self.seconds.labels("churn", revision).observe(seconds)


@contextmanager
def exporter() -> Iterator[Exporter]:
    """One that answers until the block ends."""
    one = Exporter()
    try:
        yield one
    finally:
        one.close()
