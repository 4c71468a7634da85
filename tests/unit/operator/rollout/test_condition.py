from dataclasses import replace
from datetime import timedelta

import pytest
from laptop_specs import CANDIDATE, NOW, STABLE, serving, spec, status
from sluice_operator.judge.evidence import Evidence
from sluice_operator.model import Routes, Verdict
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


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, ""),
        ({"failed": {CANDIDATE.name: "ModelFailed: digest differs"}}, "digest differs"),
        ({"waiting": {CANDIDATE.name: "ScheduleFailed: no server"}}, "ScheduleFailed"),
        ({"error": "the Pods cannot be listed"}, "the Pods cannot be listed"),
    ],
)
def test_a_candidate_that_does_not_answer_is_not_ready_and_why(said, why):
    found = conditions(seen=serving(ready=frozenset({STABLE.name}), **said))["CandidateReady"]
    assert (found.status, found.reason) == (False, "NotReady")
    assert found.message.startswith(f"{CANDIDATE.name} does not answer")
    assert why in found.message


def test_without_a_candidate_none_is_said_to_be_away():
    found = conditions(status(phase=Phase.HEALTHY, candidate=None))["CandidateReady"]
    assert (found.status, found.reason) == (False, "NoCandidate")


def test_every_condition_that_is_not_as_it_should_be_has_a_message():
    gates = dict(fresh_gates(spec()))
    gates["errors"] = replace(
        gates["errors"], evidence=Evidence(verdict=Verdict.HARM), blind_since=NOW, error="no answer"
    )
    broken = status(
        gates=gates,
        drift_since=NOW - DRIFT_LIMIT * 2,
        message="Waiting for the router",
        pause=Pause(reason=PauseReason.MANUAL, since=NOW, message="by jo: lunch"),
        retreat=Retreat(outcome=Outcome.ROLLED_BACK, cause="harm"),
    )
    found = conditions(broken, serving(ready=frozenset(), routes=None, error="Envoy is away"))
    silent = [name for name, condition in found.items() if not condition.message]
    assert silent == []
    assert found["MetricsAvailable"].message == "errors: no answer"
    assert found["GatesPassing"].reason == "Harm"
    assert found["GatesPassing"].message.startswith("errors: ")
    assert found["Paused"].message == "by jo: lunch"


def test_a_router_that_is_slow_drifts_and_one_that_is_deaf_stalls():
    for waited, stalled in ((timedelta(seconds=1), False), (DRIFT_LIMIT * 2, True)):
        found = conditions(status(drift_since=NOW - waited))
        assert not found["TrafficVerified"].status
        assert found["Stalled"].status is stalled


def test_a_router_that_cannot_be_asked_is_named_where_traffic_is():
    away = serving(routes=None, error="Envoy at http://mesh:9003: refused")
    found = conditions(status(drift_since=NOW), away)["TrafficVerified"]
    assert (found.reason, found.message) == ("Drift", "Envoy at http://mesh:9003: refused")


def test_a_drift_says_what_is_wanted_and_what_there_is():
    other = Routes(weights={STABLE.name: 100}, mirror={CANDIDATE.name: 5})
    found = conditions(status(drift_since=NOW), serving(routes=other))["TrafficVerified"]
    wanted = ", ".join(sorted([f"{STABLE.name} 90 %", f"{CANDIDATE.name} 10 %"]))
    assert found.message == (
        f"wanted are {wanted}; the router reports {STABLE.name} 100 %,"
        f" {CANDIDATE.name} copies of 5 %"
    )


def test_a_first_model_that_failed_stalls():
    failed = status(phase=Phase.FAILED, stable=None, message="v1 cannot serve: no such bucket")
    stalled = conditions(failed)["Stalled"]
    assert (stalled.status, stalled.message) == (True, "v1 cannot serve: no such bucket")


def test_gates_without_counts_are_named():
    gates = dict(fresh_gates(spec()))
    for name in ("errors", "better"):
        gates[name] = replace(gates[name], blind_since=NOW)
    metrics = conditions(status(gates=gates))["MetricsAvailable"]
    assert (metrics.status, metrics.message) == (False, "errors; better")


def test_gates_pass_once_all_objectives_are_proven_and_nothing_harms():
    gates = dict(fresh_gates(spec()))
    gates["better"] = replace(gates["better"], evidence=Evidence(verdict=Verdict.SAFE))
    assert conditions(status(gates=gates))["GatesPassing"].status
    gates["errors"] = replace(gates["errors"], evidence=Evidence(verdict=Verdict.HARM))
    assert not conditions(status(gates=gates))["GatesPassing"].status


def test_objectives_that_are_not_proven_yet_are_named():
    passing = conditions(status(gates=fresh_gates(spec())))["GatesPassing"]
    assert (passing.reason, passing.message) == ("NotProven", "not proven safe yet: better")


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
