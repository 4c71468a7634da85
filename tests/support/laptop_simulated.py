"""The controller of a laptop in a simulated world: a real home, time that leaps."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sluice_operator.api.load import parse
from sluice_operator.api.v1alpha1 import ModelDeployment
from sluice_operator.laptop.controller import TICK, Controller
from sluice_operator.laptop.home import Home
from sluice_operator.model import Event, Verb
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.status import Phase, Status
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.world import World

NAME = "churn"
PLAN: dict[str, Any] = {
    "strategy": {
        "type": "Canary",
        "steps": [
            {"setWeight": 20},
            {"analysis": {"gates": ["errors"], "minDuration": "5s", "maxDuration": "10m"}},
            {"setWeight": 100},
        ],
    },
    "gates": [{"name": "errors", "metric": "ErrorRate", "margin": "2"}],
    "rollback": {"bake": "0s"},
}
HEALTHY = Behaviour(error_rate=0.1)
"""Errors are frequent, so that a few seconds prove something."""
FAILING = Behaviour(error_rate=0.5)


def uri(version: str) -> str:
    """Where a version of the model would be."""
    return f"models:/{NAME}/{version}"


def wanted(version: str, name: str = NAME, **changes: Any) -> ModelDeployment:
    """The deployment that wants a version."""
    document = {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": name},
        "spec": {"model": {"uri": uri(version)}, **PLAN, **changes},
    }
    return parse(document)


def revision_name(version: str) -> str:
    """Name of the revision of a version."""
    return wanted_revision(NAME, wanted(version).spec).name


@dataclass(kw_only=True)
class SimulatedLaptop:
    """One home, one world, and a controller between them."""

    home: Home
    world: World = field(default_factory=lambda: World(traffic=Traffic(per_second=100)))
    told: list[Event] = field(default_factory=list)
    controller: Controller = field(init=False)

    def __post_init__(self) -> None:
        self.home.create()
        self.restart()

    @classmethod
    def at(cls, folder: Path) -> Self:
        """A new one."""
        return cls(home=Home(root=folder))

    def restart(self) -> None:
        """Another process takes over: all that it knows is in the home."""
        self.controller = Controller(home=self.home, ports=self.world.ports, tell=self.hear)

    def hear(self, status: Status, event: Event) -> None:
        """Listen to the controller."""
        self.told.append(event)

    def wants(self, version: str, behaviour: Behaviour | None = None) -> Self:
        """Apply a version, which will behave as told."""
        self.world.behaviours[uri(version)] = behaviour or HEALTHY
        self.home.apply(wanted(version))
        return self

    def ask(self, verb: Verb, version: str) -> None:
        """A person asks for something."""
        self.home.ask(NAME, verb, revision_name(version), "because")

    def run(self, seconds: float) -> Self:
        """Let time pass, looking as often as the real loop does while something is under way."""
        end = self.world.now + timedelta(seconds=seconds)
        while self.world.now < end:
            self.controller.turn()
            self.world.advance(TICK)
        return self

    def until(self, phase: Phase, within: float = 300) -> Self:
        """Let time pass until the home remembers a phase."""
        end = self.world.now + timedelta(seconds=within)
        while self.status.phase is not phase:
            assert self.world.now < end, f"not {phase} within {within} s: {self.status.message}"
            self.run(TICK.total_seconds())
        return self

    @property
    def status(self) -> Status:
        """What the home remembers."""
        return self.home.status(NAME)

    @property
    def now(self) -> datetime:
        """The simulated present."""
        return self.world.now

    def heard(self, reason: str) -> int:
        """How often an event was told."""
        return sum(event.reason == reason for event in self.told)
