"""What agents count, and by which labels."""

import pytest
from eventually import eventually
from seldon_double_world import SeldonWorld

FEW = 20
REQUESTS = "seldon_model_infer_total"
SECONDS = "seldon_model_infer_seconds_total"
LATENCY = "seldon_model_infer_api_seconds"


@pytest.fixture
def one(world: SeldonWorld) -> str:
    return world.model("one")


def test_each_request_is_counted_for_the_version_that_answered(world: SeldonWorld, one: str):
    two = world.model("two")
    world.split(one, two, 50)
    answers = world.count(FEW, one)
    for model in (one, two):
        _counts(world, answers[model], model_internal=f"{model}_1", code="200")


def test_the_label_model_is_what_was_asked_for_or_who_answered(world: SeldonWorld, one: str):
    two = world.model("two")
    world.split(one, two, 100)
    world.count(FEW, one)
    label = {"2.6.0": one, "2.10.2": two}[world.release.name]
    _counts(world, FEW, model_internal=f"{two}_1", model=label)


def test_failures_are_counted_by_their_status(world: SeldonWorld):
    bad = world.model("bad", status=422)
    world.count(FEW, bad)
    _counts(world, FEW, model_internal=f"{bad}_1", code="422")


def test_one_request_counts_once_for_each_time_that_envoy_tried_it(world: SeldonWorld, one: str):
    bad = world.model("bad", status=503)
    world.split(one, bad, 100)
    assert world.ask(one).status == 503
    _counts(world, 1 + world.release.retries, model_internal=f"{bad}_1", code="503")


def test_a_sticky_request_is_tried_once(world: SeldonWorld, one: str):
    bad = world.model("bad", status=503)
    world.split(one, bad, 50)
    assert world.ask(one, sticky=f":{bad}_1:").status == 503
    _counts(world, 1, model_internal=f"{bad}_1", code="503")


def test_time_is_summed_for_the_version_that_answered(world: SeldonWorld, one: str):
    slow = world.model("slow", delay_seconds=0.2)
    world.count(3, slow)
    eventually(lambda: 0.6 <= world.metric(SECONDS, model_internal=f"{slow}_1") < 2)


def test_the_histogram_of_latencies_knows_servers_and_no_models(world: SeldonWorld, one: str):
    world.count(1, one)
    eventually(lambda: world.labels(f"{LATENCY}_bucket"))
    names = {name for labels in world.labels(f"{LATENCY}_bucket") for name in labels}
    assert names == {"server", "server_replica", "method", "code", "le"}


def test_counters_name_server_replica_and_protocol(world: SeldonWorld, one: str):
    world.count(1, one)
    eventually(lambda: world.metric(REQUESTS, model_internal=f"{one}_1"))
    mine = [s for s in world.labels(REQUESTS) if s["model_internal"] == f"{one}_1"]
    names = {"server", "server_replica", "model", "model_internal", "method_type", "code"}
    assert [set(labels) for labels in mine] == [names]
    assert mine[0]["method_type"] == "rest"


def test_a_loaded_version_is_a_gauge_of_one(world: SeldonWorld, one: str):
    eventually(lambda: world.metric("seldon_loaded_model_gauge", model_internal=f"{one}_1") == 1)


def _counts(world: SeldonWorld, expected: int, **labels: str) -> None:
    eventually(lambda: world.metric(REQUESTS, **labels) == expected)
