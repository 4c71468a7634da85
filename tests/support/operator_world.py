"""An operator on an API server in memory and a simulated world; its time leaps."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from memory_cluster import MemoryCluster
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, ROLLOUT_ACTION, ROLLOUT_RUN
from sluice_operator.cluster.store import Store
from sluice_operator.controller.feed import Feed
from sluice_operator.controller.queue import WorkQueue
from sluice_operator.controller.scribe import Scribe
from sluice_operator.controller.shelf import Shelf
from sluice_operator.controller.turn import Pace, Turns
from sluice_operator.controller.turn import World as Surroundings
from sluice_operator.simulation.world import START, World

NAMESPACE, NAME = "ml", "churn"
KEY = (NAMESPACE, NAME)
TICK = timedelta(seconds=1)


@dataclass
class OperatorWorld:
    """One ModelDeployment, one operator."""

    world: World = field(default_factory=World)
    standing_out: list[str] = field(default_factory=list)
    """Revisions with more failures than others, as the evidence tells."""
    cluster: Any = None
    """What the operator speaks to; `memory` itself unless a test puts something between."""
    memory: MemoryCluster = field(default_factory=MemoryCluster)

    def __post_init__(self) -> None:
        self.cluster = self.cluster or self.memory
        self.start()

    def start(self) -> None:
        """A new process, which knows nothing."""
        store, shelf = Store(), Shelf()
        self.queue = WorkQueue(self.seconds)
        self.feed = Feed(store=store, shelf=shelf, queue=self.queue)
        surroundings = Surroundings(
            cluster=self.cluster,
            store=store,
            shelf=shelf,
            ports=lambda body, spec: self.world.ports,
            clock=lambda: self.world.now,
            news=lambda: tuple(self.standing_out),
        )
        self.turns = Turns(surroundings, Pace(poll_seconds=5))
        self.scribe = Scribe(self.cluster, store, self.turns.memory)
        self.watch()

    def seconds(self) -> float:
        """What the queue takes for the time."""
        return (self.world.now - START).total_seconds()

    def watch(self) -> None:
        """Everything that happened reaches the operator."""
        for kind in (MODEL_DEPLOYMENT, ROLLOUT_ACTION):
            for body in self.memory.list(kind):
                self.feed(kind, "MODIFIED", body)
            for held in self.feed.store.all(kind):
                metadata = held["metadata"]
                if self.memory.get(kind, metadata["namespace"], metadata["name"]) is None:
                    self.feed(kind, "DELETED", held)

    def run(self, seconds: float) -> None:
        """Time passes."""
        for _ in range(int(seconds)):
            self.watch()
            self.work()
            self.world.advance(TICK)

    def work(self) -> None:
        """Everything that is due now."""
        while (key := self.queue.take(0)) is not None:
            wait = self.turns.turn(key)
            self.queue.done(key)
            if wait is not None:
                self.queue.add(key, wait)
            self.scribe.write(key)

    def apply(self, uri: str, **spec: Any) -> None:
        """A user applies the deployment with another model."""
        body = {
            "apiVersion": MODEL_DEPLOYMENT.api_version,
            "kind": MODEL_DEPLOYMENT.kind,
            "metadata": {"name": NAME, "namespace": NAMESPACE},
            "spec": {"model": {"uri": uri}} | (spec or CANARY),
        }
        if self.memory.get(MODEL_DEPLOYMENT, *KEY) is None:
            self.memory.create(MODEL_DEPLOYMENT, body | {"spec": {}})
        # an edit by hand, so that the spec belongs to the user and not to our field manager
        self.memory.edit(MODEL_DEPLOYMENT, *KEY, lambda found: found.update(spec=body["spec"]))

    def ask(self, verb: str, revision: str, name: str) -> None:
        """A person asks for something."""
        spec = {"target": NAME, "revision": revision, "verb": verb, "by": "jo", "reason": "why"}
        self.memory.create(
            ROLLOUT_ACTION,
            {
                "apiVersion": ROLLOUT_ACTION.api_version,
                "kind": ROLLOUT_ACTION.kind,
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": spec,
            },
        )

    @property
    def body(self) -> dict[str, Any]:
        """The object as it is."""
        found = self.memory.get(MODEL_DEPLOYMENT, *KEY)
        assert found is not None
        return dict(found)

    @property
    def status(self) -> dict[str, Any]:
        """Its status."""
        return dict(self.body["status"])

    def run_of(self, attempt: int) -> dict[str, Any]:
        """The status of a RolloutRun."""
        found = self.memory.get(ROLLOUT_RUN, NAMESPACE, f"{NAME}-{attempt}")
        assert found is not None
        return dict(found["status"])


CANARY: dict[str, Any] = {
    "strategy": {
        "type": "Canary",
        "steps": [
            {"setWeight": 10},
            {"analysis": {"gates": ["slo"], "minDuration": "30s", "maxDuration": "30m"}},
            {"setWeight": 50},
            {"analysis": {"gates": ["slo"], "minDuration": "30s", "maxDuration": "30m"}},
        ],
    },
    "gates": [
        {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "1.5"},
        {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.02"},
    ],
    "rollback": {"bake": "2m"},
}
