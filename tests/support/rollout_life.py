"""Lives of one deployment in a simulated world in which anything happens to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from sluice_operator.api.load import parse
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Action, Verb
from sluice_operator.rollout.reconcile import Reconciled, Wish, reconcile
from sluice_operator.rollout.record import status_from_json, status_to_json
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.status import Status
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.world import World

PLANS: tuple[dict[str, Any], ...] = (
    {
        "strategy": {
            "type": "Canary",
            "steps": [
                {"setWeight": 10},
                {"analysis": {"gates": ["errors"], "maxDuration": "1m"}},
                {"setWeight": 60},
                {"pause": {"duration": "10s"}},
            ],
        },
        "gates": [{"name": "errors", "metric": "ErrorRate", "margin": "3", "role": "Objective"}],
        "rollback": {"bake": "20s"},
        "progressDeadline": "30s",
    },
    {
        "strategy": {
            "type": "Canary",
            "steps": [
                {"mirror": {"percent": 100}},
                {"analysis": {"gates": ["wrong"], "maxDuration": "1m"}},
                {"mirror": {"percent": 0}},
                {"setWeight": 30},
                {"approval": {"timeout": "30s", "onTimeout": "Rollback"}},
            ],
        },
        "gates": [
            {
                "name": "wrong",
                "metric": "Accuracy",
                "comparison": "Paired",
                "margin": "0.05",
                "role": "Objective",
                "onNoData": "Pause",
            },
            {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.1"},
        ],
        "rollback": {"bake": "20s"},
        "progressDeadline": "30s",
        "noDataLimit": "10s",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happens, and how long nothing else does."""

    kind: str
    value: Any = None
    seconds: int = 1


VERSIONS = ("v1", "v2", "v3")
happenings = st.lists(
    st.one_of(
        st.builds(Happening, kind=st.just("want"), value=st.sampled_from(VERSIONS)),
        st.builds(
            Happening,
            kind=st.just("ask"),
            value=st.tuples(st.sampled_from(Verb), st.sampled_from(VERSIONS)),
        ),
        st.builds(
            Happening,
            kind=st.sampled_from(("router_down", "router_deaf", "metrics_down")),
            value=st.booleans(),
        ),
        st.builds(Happening, kind=st.just("pass"), seconds=st.integers(1, 40)),
        st.builds(
            Happening,
            kind=st.just("behave"),
            value=st.tuples(
                st.sampled_from(VERSIONS),
                st.builds(
                    Behaviour,
                    startup=st.sampled_from((timedelta(0), timedelta(seconds=3))),
                    broken=st.sampled_from(("", "", "digest differs")),
                    error_rate=st.sampled_from((0.001, 0.3)),
                    worse=st.sampled_from((0.0, 0.3)),
                    better=st.sampled_from((0.05, 0.2)),
                ),
            ),
        ),
        st.builds(Happening, kind=st.just("lose_status")),
        st.builds(Happening, kind=st.just("restart")),
    ),
    min_size=1,
    max_size=25,
)
lives = st.tuples(st.sampled_from(PLANS), happenings, st.integers(0, 999))
TRIAL = [
    Happening(kind="pass", seconds=4),
    Happening(kind="want", value="v2"),
    Happening(kind="pass", seconds=6),
]
"""A second model comes on trial."""
trials = st.tuples(st.sampled_from(PLANS), happenings.map(TRIAL.__add__), st.integers(0, 999))
"""Lives that begin with it."""


@dataclass(slots=True, kw_only=True)
class Life:
    """One deployment's life in a world where things happen."""

    plan: dict[str, Any]
    world: World
    status: Status
    version: str = "v1"
    actions: tuple[Action, ...] = ()
    losing: bool = False

    @property
    def spec(self) -> Spec:
        return spec_of(self.plan, self.version)

    def live(self, story: list[Happening]) -> Iterator[tuple[Status, Reconciled]]:
        """Every turn, each with the status before it."""
        for happening in story:
            self._happen(happening)
            for _ in range(happening.seconds):
                yield from self._turns()
                self.world.advance(timedelta(seconds=1))

    def heal_router(self) -> Iterator[tuple[Status, Reconciled]]:
        """The router works again, and is told once what is wanted."""
        self.world.router_down = self.world.router_deaf = False
        yield from self._turns()

    def heal(self, span: timedelta) -> Iterator[tuple[Status, Reconciled]]:
        """Everything works again, and time passes."""
        self.world.router_down = self.world.router_deaf = self.world.metrics_down = False
        for _ in range(int(span.total_seconds())):
            yield from self._turns()
            self.world.advance(timedelta(seconds=1))

    def ask(self, verb: Verb, revision: str) -> None:
        """A person asks for something."""
        action = Action(id=f"{len(self.actions):04d}", verb=verb, revision=revision)
        self.actions = (*self.actions, action)

    def _turns(self) -> Iterator[tuple[Status, Reconciled]]:
        for _ in range(30):
            before = self.status
            turn = reconcile(Wish(spec=self.spec, actions=self.actions), before, self.world.ports)
            yield before, turn
            if self.losing:
                self.losing = False
                return
            self.status = turn.decision.status
            if turn.decision.requeue_after != timedelta(0):
                return
        pytest.fail("thirty decisions without a moment's rest")

    def _happen(self, happening: Happening) -> None:
        match happening.kind:
            case "want":
                self.version = happening.value
            case "ask":
                verb, version = happening.value
                self.ask(verb, wanted_revision("churn", spec_of(self.plan, version)).name)
            case "router_down" | "router_deaf" | "metrics_down":
                setattr(self.world, happening.kind, happening.value)
            case "behave":
                version, behaviour = happening.value
                self.world.behaviours[uri(version)] = behaviour
            case "lose_status":
                self.losing = True
            case "restart":
                self.status = status_from_json(status_to_json(self.status))
            case _:
                pass


def uri(version: str) -> str:
    return f"models:/churn/{version}"


def spec_of(plan: dict[str, Any], version: str) -> Spec:
    document = {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "churn"},
        "spec": {"model": {"uri": uri(version)}, **plan},
    }
    return parse(document).spec


def a_life(plan: dict[str, Any], seed: int) -> Life:
    world = World(seed=seed, traffic=Traffic(per_second=100, label_delay=timedelta(seconds=2)))
    return Life(plan=plan, world=world, status=Status(deployment="churn"))
