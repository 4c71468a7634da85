from dataclasses import replace
from datetime import timedelta

import pytest
from laptop_specs import CANDIDATE, NOW, STABLE, serving, spec, status
from sluice_operator.judge.evidence import Evidence
from sluice_operator.model import Verdict
from sluice_operator.rollout.condition import conditions_of
from sluice_operator.rollout.gate import fresh_gates
from sluice_operator.rollout.status import Outcome, Pause, PauseReason, Phase, Retreat
from sluice_operator.rollout.step import DRIFT_LIMIT


def conditions(of=None, seen=None):
    found = conditions_of(spec(), of or status(), seen or serving(), NOW)
    return {condition.type: condition for condition in found}


def true_ones(of=None, seen=None):
    return {name for name, condition in conditions(of, seen).items() if condition.status}


def test_every_condition_is_always_there_in_one_order():
    order = [
        "Ready",
        "Reconciling",
        "Stalled",
        "CandidateReady",
        "TrafficVerified",
        "MetricsAvailable",
        "GatesPassing",
        "Paused",
        "RolledBack",
    ]
    assert list(conditions()) == order
    assert list(conditions(status(phase=Phase.FAILED, stable=None), serving(routes=None))) == order


def test_a_rollout_under_way_is_ready_and_reconciling():
    assert true_ones() == {
        "Ready",
        "Reconciling",
        "CandidateReady",
        "TrafficVerified",
        "MetricsAvailable",
    }


def test_a_healthy_deployment_is_ready_and_nothing_else():
    at_rest = status(phase=Phase.HEALTHY, candidate=None, weight=0)
    assert true_ones(at_rest) == {"Ready", "TrafficVerified", "MetricsAvailable"}


def test_a_deployment_whose_stable_does_not_answer_is_not_ready():
    ready = conditions(seen=serving(ready=frozenset({CANDIDATE.name})))["Ready"]
    assert (ready.status, ready.reason) == (False, "NoStable")


@pytest.mark.parametrize("phase", [Phase.HEALTHY, Phase.ROLLED_BACK, Phase.FAILED])
def test_at_rest_nothing_is_reconciled(phase):
    assert not conditions(status(phase=phase))["Reconciling"].status


def test_a_candidate_that_does_not_answer_is_not_ready():
    assert not conditions(seen=serving(ready=frozenset({STABLE.name})))["CandidateReady"].status


def test_a_router_that_is_slow_drifts_and_one_that_is_deaf_stalls():
    for waited, stalled in ((timedelta(seconds=1), False), (DRIFT_LIMIT * 2, True)):
        found = conditions(status(drift_since=NOW - waited))
        assert not found["TrafficVerified"].status
        assert found["Stalled"].status is stalled


def test_a_first_model_that_failed_stalls():
    assert conditions(status(phase=Phase.FAILED, stable=None))["Stalled"].status


def test_gates_without_counts_are_named():
    gates = dict(fresh_gates(spec()))
    for name in ("errors", "better"):
        gates[name] = replace(gates[name], blind_since=NOW)
    metrics = conditions(status(gates=gates))["MetricsAvailable"]
    assert (metrics.status, metrics.message) == (False, "errors, better")


def test_gates_pass_once_all_objectives_are_proven_and_nothing_harms():
    gates = dict(fresh_gates(spec()))
    gates["better"] = replace(gates["better"], evidence=Evidence(verdict=Verdict.SAFE))
    assert conditions(status(gates=gates))["GatesPassing"].status
    gates["errors"] = replace(gates["errors"], evidence=Evidence(verdict=Verdict.HARM))
    assert not conditions(status(gates=gates))["GatesPassing"].status


def test_a_pause_says_why():
    resting = status(pause=Pause(reason=PauseReason.INCONCLUSIVE, since=NOW))
    paused = conditions(resting)["Paused"]
    assert (paused.status, paused.reason) == (True, "Inconclusive")


def test_a_retreat_says_why():
    leaving = status(
        phase=Phase.ROLLING_BACK, retreat=Retreat(outcome=Outcome.ROLLED_BACK, cause="harm")
    )
    rolled_back = conditions(leaving)["RolledBack"]
    assert (rolled_back.status, rolled_back.message) == (True, "harm")
