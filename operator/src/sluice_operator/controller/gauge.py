"""The operator's own metrics."""

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from sluice_operator.controller.memory import Memory
from sluice_operator.controller.settings import Settings
from sluice_operator.rollout.status import Phase

TURN_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Gauges:
    """Metrics of one process, in a registry of their own."""

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter(
            "sluice_turns", "Looks at a deployment.", ["result"], registry=self.registry
        )
        self.turn_seconds = Histogram(
            "sluice_turn_seconds",
            "Time that one look takes, requests included.",
            buckets=TURN_BUCKETS,
            registry=self.registry,
        )
        self.records = Counter(
            "sluice_records", "Writes of the scribe.", ["result"], registry=self.registry
        )
        self.leading = Gauge(
            "sluice_leading", "1 while this replica holds the lease.", registry=self.registry
        )
        self.waiting = Gauge(
            "sluice_queue_length", "Deployments that will be looked at.", registry=self.registry
        )
        self.overdue = Gauge(
            "sluice_queue_oldest_seconds",
            "How long the most overdue deployment waits for a worker.",
            registry=self.registry,
        )
        self.deployments = Gauge(
            "sluice_deployments", "Deployments by phase.", ["phase"], registry=self.registry
        )
        shown = settings.model_dump(mode="json", exclude={"identity"})
        info = Info("sluice_settings", "Settings as parsed.", registry=self.registry)
        info.info({name: str(value) for name, value in shown.items()})

    def count(self, memories: Iterable[Memory]) -> None:
        """Bring the phases up to date."""
        tally = Tally(memory.status.shown_phase for memory in memories)
        for phase in (*(phase.value for phase in Phase), "Paused"):
            self.deployments.labels(phase=phase).set(tally[phase])
