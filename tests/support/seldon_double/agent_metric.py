"""What an agent counts, by the names and labels of Seldon's.

Source: scheduler/pkg/metrics/agent.go of https://github.com/SeldonIO/seldon-core.
"""

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
REPLICA = {"server_replica": "0"}


class AgentMetrics:
    """Counters of one server replica."""

    def __init__(self, server: str) -> None:
        prometheus_client.disable_created_metrics()
        self._registry = CollectorRegistry()
        self._server = {"server": server, **REPLICA}
        labels = [*self._server, "model", "model_internal", "method_type", "code"]
        self._requests = self._counter("seldon_model_infer", labels)
        self._seconds = self._counter("seldon_model_infer_seconds", labels)
        self._latency = Histogram(
            "seldon_model_infer_api_seconds",
            "Latency of a server, of all its models",
            [*self._server, "method", "code"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._loaded = Gauge(
            "seldon_loaded_model_gauge",
            "Whether a model is loaded",
            [*self._server, "model_internal"],
            registry=self._registry,
        )

    def count(self, model: str, internal: str, status: int, seconds: float) -> None:
        """One request that a model answered."""
        named = {"model": model, "model_internal": internal}
        labels = {**self._server, **named, "method_type": "rest", "code": str(status)}
        self._requests.labels(**labels).inc()
        self._seconds.labels(**labels).inc(seconds)

    def observe(self, method: str, status: int, seconds: float) -> None:
        """One request of whatever model."""
        self._latency.labels(**self._server, method=method, code=str(status)).observe(seconds)

    def hold(self, internal: str, *, loaded: bool) -> None:
        """A model came or went."""
        self._loaded.labels(**self._server, model_internal=internal).set(int(loaded))

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return prometheus_client.generate_latest(self._registry)

    def _counter(self, name: str, labels: list[str]) -> Counter:
        return Counter(name, "Inference requests and their time", labels, registry=self._registry)
