"""The operator's turns, on an API server in memory: stories of one deployment."""

import json

import pytest
from cluster_fault import FaultPlan, FaultyCluster
from memory_cluster import MemoryCluster
from operator_world import CANARY, KEY, NAMESPACE, OperatorWorld
from sluice_operator.api.run import RunStatus
from sluice_operator.api.status import ModelDeploymentStatus
from sluice_operator.cluster.kind import EVENT, FINALIZER, MODEL_DEPLOYMENT, ROLLOUT_ACTION
from sluice_operator.model import Routes
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.world import World

V1, V2, V3 = "s3://models/v1", "s3://models/v2", "s3://models/v3"


@pytest.fixture
def operator():
    world = World(
        behaviours={V2: Behaviour(), V3: Behaviour(error_rate=0.2)},
        traffic=Traffic(per_second=50),
    )
    return OperatorWorld(world=world)


@pytest.fixture
def serving(operator):
    operator.apply(V1)
    operator.run(20)
    return operator


def test_the_first_model_is_adopted(serving):
    assert serving.status["phase"] == "Healthy"
    assert serving.status["stable"]["uri"] == V1
    assert serving.body["metadata"]["finalizers"] == [FINALIZER]


def test_a_good_canary_is_promoted(serving):
    serving.apply(V2)
    serving.run(150)
    assert serving.status["phase"] == "Baking"
    assert serving.status["stable"]["uri"] == V2
    serving.run(200)
    assert serving.status["phase"] == "Healthy"
    assert [past["outcome"] for past in serving.status["history"]] == ["Promoted", "Promoted"]


def test_a_bad_canary_is_taken_back_and_the_record_says_why(serving):
    serving.apply(V3)
    serving.run(120)
    assert serving.status["phase"] == "RolledBack"
    run = serving.run_of(2)
    assert run["outcome"] == "RolledBack"
    assert run["peakWeight"] == 10
    retreat = next(entry for entry in run["decisions"] if entry["reason"] == "RollingBack")
    gate = next(gate for gate in retreat["gates"] if gate["verdict"] == "Harm")
    assert gate["eHarm"] >= 100
    assert gate["candidate"]["bad"] > 0
    assert "source" in gate


def test_a_candidate_whose_failures_stand_out_is_looked_at_out_of_turn(serving):
    serving.apply(V3)
    serving.run(7)
    assert serving.turns.urgent() == ()
    serving.standing_out += [serving.status["stable"]["name"], "another-0000000a"]
    assert serving.turns.urgent() == ()
    serving.standing_out.append(serving.status["candidate"]["name"])
    assert serving.turns.urgent() == (KEY,)


@pytest.mark.parametrize(("seconds", "shown"), [(2, False), (6, True)])
def test_a_condition_that_passes_within_seconds_is_not_worth_a_write(serving, seconds, shown):
    serving.apply(V2)
    serving.run(10)
    assert serving.status["traffic"]["observedWeight"] == 10
    before, routes = serving.memory.version, serving.world.routes
    stable = serving.status["stable"]["name"]
    serving.world.routes, serving.world.router_deaf = Routes(weights={stable: 100}), True
    serving.queue.add(KEY)
    serving.run(seconds)
    serving.world.routes, serving.world.router_deaf = routes, False
    serving.run(6)
    changes = serving.memory.changes(MODEL_DEPLOYMENT, before)
    told = {said(change.body["status"], "TrafficVerified") for change in changes}
    assert ("False" in told) is shown
    assert said(serving.status, "TrafficVerified") == "True"


def said(status, kind):
    return next(one for one in status["conditions"] if one["type"] == kind)["status"]


def test_an_edit_that_moves_nothing_is_seen_to_be_read(serving):
    serving.apply(V1, **(CANARY | {"rollback": {"bake": "9m"}}))
    serving.run(2)
    assert serving.status["observedGeneration"] == serving.body["metadata"]["generation"] == 3
    assert serving.status["phase"] == "Healthy"
    before = serving.memory.version
    serving.run(20)
    assert serving.memory.version == before


def test_an_edit_that_moves_nothing_is_told_once_the_api_server_is_back():
    memory = MemoryCluster()
    faulty = FaultyCluster(memory, FaultPlan())
    operator = OperatorWorld(world=World(), cluster=faulty, memory=memory)
    operator.apply(V1)
    operator.run(20)
    operator.apply(V1, **(CANARY | {"rollback": {"bake": "9m"}}))
    faulty.be_away(2)
    operator.run(1)
    assert operator.status["observedGeneration"] == 2
    operator.run(20)
    assert operator.status["observedGeneration"] == 3


def test_an_edit_is_not_forgotten_when_it_could_not_be_remembered_at_once():
    memory = MemoryCluster()
    faulty = FaultyCluster(memory, FaultPlan())
    operator = OperatorWorld(
        world=World(behaviours={V2: Behaviour()}), cluster=faulty, memory=memory
    )
    operator.apply(V1)
    operator.run(20)
    operator.apply(V2)
    faulty.be_away(3)
    operator.run(30)
    assert operator.status["candidate"]["uri"] == V2


def test_what_is_written_is_what_the_api_describes(serving):
    serving.apply(V3)
    serving.run(7)
    shown = ModelDeploymentStatus.model_validate(serving.status, strict=False)
    assert shown.traffic.desired_weight == shown.traffic.observed_weight == 10
    assert len(json.dumps(serving.status)) < 8192
    RunStatus.model_validate(serving.run_of(2))


def test_a_restart_goes_on_where_the_last_process_stood(serving):
    serving.apply(V2)
    serving.run(35)
    before = serving.turns.memory(KEY).status
    serving.start()
    serving.work()
    after = serving.turns.memory(KEY).status
    assert (after.phase, after.step, after.weight, after.attempt) == (
        before.phase,
        before.step,
        before.weight,
        before.attempt,
    )
    assert after.gates["slo"].evidence.samples > 0
    serving.run(400)
    assert serving.status["stable"]["uri"] == V2


def test_an_object_at_rest_costs_no_request(serving):
    serving.run(10)
    before = dict(serving.memory.requests)
    serving.run(200)
    spent = {
        verb: count - before.get(verb, 0)
        for verb, count in serving.memory.requests.items()
        if verb[0] not in {"list", "get"} and count != before.get(verb, 0)
    }
    assert spent == {}


def result_of(serving, action):
    """What a RolloutAction tells of itself."""
    return serving.memory.get(ROLLOUT_ACTION, NAMESPACE, action)["status"]


def test_an_action_is_carried_out_once_and_told_its_result(serving):
    serving.apply(V2)
    serving.run(5)
    candidate = serving.status["candidate"]["name"]
    serving.ask("Abort", candidate, "stop-it")
    serving.run(10)
    assert serving.status["phase"] == "RolledBack"
    result = result_of(serving, "stop-it")
    assert result["state"] == "Done"
    assert "by jo: why" in result["message"]
    asked = [entry["action"] for entry in serving.run_of(2)["decisions"] if "action" in entry]
    assert asked == [{"id": "stop-it", "verb": "Abort", "by": "jo", "reason": "why"}]


def test_an_action_that_does_not_fit_is_told_so(serving):
    serving.ask("Promote", "churn-00000000", "hopeful")
    serving.run(5)
    result = result_of(serving, "hopeful")
    assert result["state"] == "Ignored"
    assert "does not fit: Healthy" in result["message"]


def test_two_actions_in_one_second_are_both_carried_out(serving):
    serving.apply(V2)
    serving.run(10)
    candidate = serving.status["candidate"]["name"]
    serving.ask("Pause", candidate, "z-first")
    serving.ask("Resume", candidate, "a-second")
    serving.run(5)
    states = [result_of(serving, name)["state"] for name in ("z-first", "a-second")]
    assert states == ["Done", "Done"]
    assert serving.status["phase"] != "Paused"


def test_an_abort_overtakes_what_was_asked_before_it(serving):
    serving.apply(V2)
    serving.run(10)
    candidate = serving.status["candidate"]["name"]
    serving.ask("Promote", candidate, "hopeful")
    serving.ask("Abort", candidate, "stop-it")
    serving.run(10)
    before, abort = result_of(serving, "hopeful"), result_of(serving, "stop-it")
    assert (before["state"], abort["state"]) == ("Ignored", "Done")
    assert before["message"] == f"was overtaken by Abort of {candidate}"
    assert abort["message"] == "Abort by jo: why"
    assert serving.status["phase"] == "RolledBack"


def test_a_deleted_deployment_leaves_once_its_routes_are_gone(serving):
    serving.memory.delete(MODEL_DEPLOYMENT, *KEY)
    serving.run(10)
    assert serving.memory.get(MODEL_DEPLOYMENT, *KEY) is None
    assert serving.world.routes.weights == {}


def test_events_tell_the_story(serving):
    serving.apply(V3)
    serving.run(120)
    reasons = {event["reason"] for event in serving.memory.list(EVENT)}
    assert {"Adopted", "RolloutStarted", "StepStarted", "RollingBack", "RolledBack"} <= reasons
