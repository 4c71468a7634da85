"""What holds in every rollout, whatever people, models, routers and disks do (I1 to I10)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sluice_operator.api.load import parse
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Action, Verb, Verdict
from sluice_operator.rollout.decide import decide
from sluice_operator.rollout.reconcile import Reconciled, Wish, reconcile
from sluice_operator.rollout.record import status_from_json, status_to_json
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.status import RESTING, Outcome, Phase, Status
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

    def heal(self, span: timedelta) -> Iterator[tuple[Status, Reconciled]]:
        """Everything works again, and time passes."""
        self.world.router_down = self.world.router_deaf = self.world.metrics_down = False
        for _ in range(int(span.total_seconds())):
            yield from self._turns()
            self.world.advance(timedelta(seconds=1))

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
                name = wanted_revision("churn", spec_of(self.plan, version)).name
                action = Action(id=f"{len(self.actions):04d}", verb=verb, revision=name)
                self.actions = (*self.actions, action)
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


@given(lives)
@settings(max_examples=60, deadline=None)
def test_weights_sum_to_100_and_only_ready_revisions_are_routed(life) -> None:
    plan, story, seed = life
    alive = a_life(plan, seed)
    for _, turn in alive.live(story):
        routes = alive.world.routes
        assert not routes.weights or sum(routes.weights.values()) == 100
        wanted = turn.decision.routing
        assert turn.decision.status.stable is None or wanted.stable is not None
        if wanted.candidate is not None and (wanted.weight or wanted.mirror):
            assert turn.decision.status.phase is not Phase.PREPARING


@given(lives)
@settings(max_examples=60, deadline=None)
def test_once_a_retreat_began_no_weight_rises_before_a_new_attempt(life) -> None:
    plan, story, seed = life
    for before, turn in a_life(plan, seed).live(story):
        after = turn.decision.status
        if before.phase is Phase.ROLLING_BACK and after.phase is Phase.ROLLING_BACK:
            assert (after.weight, after.mirror) == (0, 0)
        if before.phase is Phase.ROLLING_BACK:
            assert after.phase in RESTING | {Phase.ROLLING_BACK}
        if after.phase is Phase.ROLLING_BACK and before.candidate:
            assert turn.decision.routing.weight == 0


@given(lives)
@settings(max_examples=60, deadline=None)
def test_nothing_is_promoted_without_proof_of_this_attempt_or_a_person(life) -> None:
    plan, story, seed = life
    by_hand: set[int] = set()
    for before, turn in a_life(plan, seed).live(story):
        after = turn.decision.status
        if any(event.reason == "SteppedByHand" for event in turn.decision.events):
            by_hand.add(after.attempt)
        promoted = before.phase is not Phase.PROMOTING and after.phase is Phase.PROMOTING
        if not promoted or after.attempt in by_hand or after.going_back:
            continue
        for gate in spec_of(plan, "v1").gates:
            if gate.role == "Objective":
                assert after.gates[gate.name].evidence.verdict is Verdict.SAFE


@given(lives)
@settings(max_examples=60, deadline=None)
def test_missing_counts_change_no_verdict(life) -> None:
    plan, story, seed = life
    alive = a_life(plan, seed)
    for before, turn in alive.live(story):
        after = turn.decision.status
        if not alive.world.metrics_down or after.attempt != before.attempt:
            continue
        assert not any(e.reason.startswith("Gate") for e in turn.decision.events)
        for name, state in before.gates.items():
            assert after.gates[name].evidence.samples == state.evidence.samples


@given(lives)
@settings(max_examples=60, deadline=None)
def test_equal_arguments_give_equal_decisions_and_json_keeps_them(life) -> None:
    plan, story, seed = life
    alive = a_life(plan, seed)
    for before, turn in alive.live(story):
        again = decide(alive.spec, status_from_json(status_to_json(before)), turn.seen)
        assert again == turn.decision


@given(lives)
@settings(max_examples=60, deadline=None)
def test_a_healed_world_always_comes_to_rest_or_waits_for_a_person(life) -> None:
    plan, story, seed = life
    alive = a_life(plan, seed)
    for _ in alive.live(story):
        pass
    rested = [
        turn.decision.status.phase in RESTING or turn.decision.status.pause is not None
        for _, turn in alive.heal(timedelta(minutes=5))
    ]
    status = alive.status
    # a pause that late evidence has just ended may be on its last steps now
    assert any(rested[-120:]), status.message
    if status.phase in RESTING - {Phase.FAILED}:
        assert alive.world.routes == status.routing.routes


@given(lives)
@settings(max_examples=40, deadline=None)
def test_a_resting_deployment_asks_for_no_work(life) -> None:
    plan, story, seed = life
    for before, turn in a_life(plan, seed).live(story):
        after = turn.decision.status
        if before.phase in RESTING and replace(after, message=before.message) == before:
            assert turn.decision.requeue_after is None


@given(lives)
@settings(max_examples=40, deadline=None)
def test_each_attempt_is_remembered_with_one_outcome(life) -> None:
    plan, story, seed = life
    alive = a_life(plan, seed)
    for _ in alive.live(story):
        pass
    numbers = [attempt.number for attempt in alive.status.history]
    assert numbers == sorted(set(numbers))
    assert all(a.peak_weight == 100 for a in alive.status.history if a.outcome is Outcome.PROMOTED)
