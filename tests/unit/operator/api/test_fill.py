"""Strategies without steps: what they mean, and that it is safe."""

import pytest
from admission_objects import deployment
from sluice_operator.api.fill import DEFAULTS, SLO, filled
from sluice_operator.api.load import parse
from sluice_operator.api.rule import problems
from sluice_operator.api.v1alpha1 import Comparison, GateRole, OnInconclusive, Spec
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.update import update
from sluice_operator.model import Arm, Verdict, Window
from sluice_operator.rollout.gate import test_of as sequential_test_of

STEPPED = ("Canary", "Shadow", "BlueGreen")
OWN_SLO = {"name": "mine", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.1"}
QUALITY = {
    "name": "quality",
    "metric": "Accuracy",
    "role": "Objective",
    "labels": {"maturity": "24h"},
}
PAIRED = {"name": "pairs", "metric": "Accuracy", "comparison": "Paired"}


def short(kind: str, *gates: dict, **strategy) -> Spec:
    """Three lines of strategy."""
    return parse(deployment(strategy={"type": kind} | strategy, gates=list(gates))).spec


def analyses(spec: Spec) -> list[tuple[str, ...]]:
    return [step.analysis.gates for step in spec.strategy.steps if step.analysis]


def weights(spec: Spec) -> list[int]:
    return [step.set_weight for step in spec.strategy.steps if step.set_weight]


@pytest.mark.parametrize("kind", STEPPED)
@pytest.mark.parametrize("gates", [(), (OWN_SLO,), (QUALITY,)], ids=["none", "slo", "objective"])
def test_what_is_filled_in_keeps_every_rule(kind: str, gates) -> None:
    spec = filled(short(kind, *gates))
    assert problems(spec) == ()
    assert spec.strategy.steps


@pytest.mark.parametrize("kind", STEPPED)
def test_filling_twice_changes_nothing(kind: str) -> None:
    spec = filled(short(kind))
    assert filled(spec) is spec


def test_a_canary_grows_and_waits_for_proof_before_it_has_many_users() -> None:
    spec = filled(short("Canary"))
    assert weights(spec) == [1, 5, 25, 50]
    assert analyses(spec) == [("slo",)] * 3
    assert spec.gate("slo").role is GateRole.OBJECTIVE
    undecided = {step.analysis.on_inconclusive for step in spec.strategy.steps if step.analysis}
    assert undecided == {OnInconclusive.PAUSE}


def test_a_shadow_shows_no_answer_and_blue_green_switches_last() -> None:
    assert weights(filled(short("Shadow"))) == []
    assert weights(filled(short("BlueGreen"))) == [100]
    assert filled(short("BlueGreen")).strategy.steps[-1].set_weight == 100


@pytest.mark.parametrize("kind", ["Immediate", "ABTest"])
def test_other_strategies_are_left_as_they_are(kind: str) -> None:
    gates = [OWN_SLO | {"role": "Objective"}]
    experiment = {"weight": 50, "primaryGate": "mine", "duration": "1h"}
    more = {"experiment": experiment} if kind == "ABTest" else {}
    spec = short(kind, *gates, **more)
    assert filled(spec) is spec


def test_steps_of_the_user_are_left_alone_gates_and_all() -> None:
    spec = parse(deployment()).spec
    assert filled(spec) is spec


def test_a_gate_of_the_users_own_stands_for_the_default_that_asks_the_same() -> None:
    spec = filled(short("Canary", OWN_SLO))
    assert {gate.name for gate in spec.gates} == {"mine", "errors", "latency"}
    assert analyses(spec) == [("mine",)] * 3


def test_a_gate_with_the_name_of_a_default_stands_for_it() -> None:
    mine = {"name": "errors", "metric": "Counters", "counters": {"bad": "a", "total": "b"}}
    spec = filled(short("Canary", mine))
    assert [gate.name for gate in spec.gates] == ["errors", "slo", "latency"]
    assert spec.gate("errors").metric == "Counters"


def test_objectives_are_waited_for_where_they_are_needed_and_as_long_as_labels_take() -> None:
    spec = filled(short("Canary", QUALITY))
    assert analyses(spec) == [("slo",), ("slo",), ("slo", "quality")]
    last = spec.strategy.steps[-1].analysis
    assert last is not None
    assert last.max_duration.days == 7


def test_pairs_are_waited_for_in_the_shadow() -> None:
    assert analyses(filled(short("Shadow", PAIRED))) == [("slo", "pairs")]


def test_guardrails_are_added_as_far_as_the_budget_allows() -> None:
    own = {"metric": "Counters", "counters": {"bad": "a", "total": "b"}}
    spec = filled(short("Canary", own | {"name": "x", "alpha": "0.045"}))
    assert [gate.name for gate in spec.gates] == ["x", "slo"]
    assert problems(spec) == ()


def test_who_wants_no_gates_gets_rests_in_place_of_analyses() -> None:
    spec = filled(short("Canary", ungated=True))
    assert spec.gates == ()
    assert analyses(spec) == []
    assert weights(spec) == [1, 5, 25, 50]


def test_the_objective_is_proven_by_about_as_many_requests_as_is_said() -> None:
    """Its docstring says 250 without an error."""
    test, evidence = sequential_test_of(SLO), Evidence()
    asked = 0
    while evidence.verdict is Verdict.INCONCLUSIVE:
        window = Window(gate="slo", stable=Arm(total=1, bad=0), candidate=Arm(total=1, bad=0))
        evidence = update(test, evidence, window)
        asked += 1
    assert evidence.verdict is Verdict.SAFE
    assert 200 <= asked <= 300


def test_no_default_counts_the_share_that_sticky_clients_shift() -> None:
    assert {gate.metric for gate in DEFAULTS} == {"ErrorRate", "LatencyExceedance"}
    assert {gate.comparison for gate in DEFAULTS} == {Comparison.ABSOLUTE, Comparison.RELATIVE}
