"""Everything that exports counts of revisions, in one process: each family that gates can ask for.

Seldon's agent (its label `model` as either release sets it), the executor of Seldon Core 1, and our
runtime. Labels are those that were met in runs, see docs/evidence.md.
"""

from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter, Histogram
from prometheus_exporter import BUCKETS, Exporter
from typing_extensions import override

DEPLOYMENT = "churn"


@dataclass
class Families(Exporter):
    """Counts each request in every family."""

    label_is_route: bool = True
    """Whether the agent's label `model` is what was asked for (2.6) or who answered (2.10)."""

    @override
    def restart(self) -> None:
        super().restart()
        with self.registry.lock:
            self.registry.unregister(self.requests)
            self.requests = self._counter(
                "seldon_model_infer", "model", "model_internal", "server", "method_type", "code"
            )
            self.agent_seconds = self._histogram(
                "seldon_model_infer_api_seconds", "server", "method", "code"
            )
            self.executor_seconds = self._histogram(
                "seldon_api_executor_server_requests_seconds",
                "deployment_name",
                "predictor_name",
                "service",
                "method",
                "code",
            )
            self.outcomes = self._counter("sluice_requests", "deployment", "revision", "outcome")

    @override
    def serve(self, revision: str, *, good: int = 0, bad: int = 0, seconds: float = 0.01) -> None:
        with self.registry.lock:
            for code, count in (("200", good), ("500", bad)):
                if count:
                    self._count(revision, code, count, seconds)

    def _count(self, revision: str, code: str, count: int, seconds: float) -> None:
        model = DEPLOYMENT if self.label_is_route else revision
        outcome = "failed" if code == "500" else "answered"
        self.requests.labels(model, f"{revision}_1", revision, "rest", code).inc(count)
        self.outcomes.labels(DEPLOYMENT, revision, outcome).inc(count)
        executor = self.executor_seconds.labels
        histograms: tuple[Any, ...] = (
            self.seconds.labels(DEPLOYMENT, revision),
            self.agent_seconds.labels(revision, "post", code),
            executor(DEPLOYMENT, revision, "predictions", "post", code),
            executor(DEPLOYMENT, revision, "feedback", "post", code),
        )
        for histogram in histograms:
            for _ in range(count):
                histogram.observe(seconds)

    def _counter(self, name: str, *labels: str) -> Counter:
        return Counter(name, "", labels, registry=self.registry)

    def _histogram(self, name: str, *labels: str) -> Histogram:
        return Histogram(name, "", labels, buckets=BUCKETS, registry=self.registry)
