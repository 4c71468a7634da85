"""What Prometheus learns of the service."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One registry, so that several services in one process do not disturb each other."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records = Counter(
            "sluice_ledger_records",
            "Records handed in, by kind and by what became of them",
            ["kind", "fate"],
            registry=self.registry,
        )
        self.requests = Counter(
            "sluice_ledger_requests",
            "Requests, by path and status",
            ["path", "status"],
            registry=self.registry,
        )
        self._measure_database()

    def _measure_database(self) -> None:
        self.waiting_bytes = Gauge(
            "sluice_ledger_waiting_bytes",
            "Bodies of requests in memory; at its limit requests are answered with 429",
            registry=self.registry,
        )
        self.commit_seconds = Histogram(
            "sluice_ledger_commit_seconds",
            "Time of one commit to the database",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
        self.commit_records = Histogram(
            "sluice_ledger_commit_records",
            "Records of one commit",
            buckets=(1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 20_000),
            registry=self.registry,
        )
        self.store_errors = Counter(
            "sluice_ledger_store_errors",
            "Commits and looks at the calendar that the database refused",
            registry=self.registry,
        )
        self.dropped_days = Counter(
            "sluice_ledger_dropped_days",
            "Days whose time was over",
            registry=self.registry,
        )

    def text(self) -> bytes:
        """The page for Prometheus."""
        return generate_latest(self.registry)
