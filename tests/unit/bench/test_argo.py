"""What a rival's objects say, in the words of Argo Rollouts 1.8."""

from itertools import pairwise
from pathlib import Path

import pytest
from argo import Argo
from subject import HELD_PERCENT

ARGO = Argo(binary=Path("argo"), crds=Path("crds"))
RUNNING = {"currentBackgroundAnalysisRunStatus": {"status": "Running"}}


def held(weight=HELD_PERCENT, generation="3", **canary):
    status = {"observedGeneration": generation, "phase": "Paused"}
    weights = {"canary": {"weight": weight}, "stable": {"weight": 100 - weight}}
    status["canary"] = {"weights": weights} | canary
    return {"metadata": {"name": "model-0001", "generation": 3}, "status": status}


def ended(generation="3", **status):
    told = {"observedGeneration": generation} | status
    return {"metadata": {"name": "model-0001", "generation": 3}, "status": told}


def test_a_rollout_holds_once_it_is_analysed_at_the_held_weight():
    assert ARGO.is_holding(held(**RUNNING))


@pytest.mark.parametrize(
    "body",
    [
        held(),
        held(weight=0, **RUNNING),
        held(generation="2", **RUNNING),
        held(currentBackgroundAnalysisRunStatus={"status": "Failed"}),
        {"metadata": {"name": "model-0001", "generation": 1}},
    ],
    ids=["no analysis", "no weight", "not seen yet", "analysis over", "no status"],
)
def test_a_rollout_that_is_not_analysed_or_not_there_does_not_hold(body):
    assert not ARGO.is_holding(body)


@pytest.mark.parametrize("status", [{"phase": "Healthy"}, {"phase": "Degraded", "abort": True}])
def test_a_rollout_rests_when_it_is_healthy_or_was_aborted(status):
    assert ARGO.is_at_rest(ended(**status))


@pytest.mark.parametrize(
    "body",
    [ended(phase="Progressing"), ended(phase="Degraded"), ended(generation="2", phase="Healthy")],
    ids=["progressing", "degraded by itself", "healthy before the edit"],
)
def test_a_rollout_that_has_something_to_do_does_not_rest(body):
    assert not ARGO.is_at_rest(body)


def test_the_weight_is_that_of_the_canary_service_over_all_routes():
    _, _, (kind, routed), _ = ARGO.objects("model-0001")
    assert kind == ARGO.traffic
    assert ARGO.weight(routed) == 0
    canary = {"destination": {"host": "model-0001-canary"}, "weight": 10}
    stable = {"destination": {"host": "model-0001-stable"}, "weight": 90}
    routed["spec"]["http"] = [{"route": [canary]}, {"route": [stable]}]
    assert ARGO.weight(routed) == 10


def test_an_edit_changes_the_object_each_time():
    edits = [ARGO.edit(number) for number in range(5)]
    assert all(before != after for before, after in pairwise(edits))
