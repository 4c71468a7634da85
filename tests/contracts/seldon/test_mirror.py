"""Copies of requests."""

import pytest
from eventually import eventually
from seldon_double_world import SETTLE_SECONDS, SeldonWorld
from sluice_operator.cluster.kind import SELDON_EXPERIMENT

MANY, FEW = 300, 20
DEVIATIONS = 5
REQUESTS = "seldon_model_infer_total"


@pytest.fixture
def one(world: SeldonWorld) -> str:
    return world.model("one")


def test_a_mirror_gets_a_copy_of_each_request(world: SeldonWorld, one: str):
    shadow = _mirrored(world, one, 100)
    assert world.count(FEW, one) == {one: FEW}
    eventually(lambda: _asked(world, shadow) == FEW)


def test_a_mirror_gets_its_percent_of_requests(world: SeldonWorld, one: str):
    shadow = _mirrored(world, one, 30)
    world.count(MANY, one)
    expected, deviation = MANY * 0.3, (MANY * 0.3 * 0.7) ** 0.5
    eventually(lambda: abs(_asked(world, shadow) - expected) <= DEVIATIONS * deviation)


def test_no_caller_sees_that_a_mirror_fails(world: SeldonWorld, one: str):
    shadow = _mirrored(world, one, 100, status=500)
    answers = [world.ask(one) for _ in range(FEW)]
    assert {(answer.status, answer.by) for answer in answers} == {(200, one)}
    eventually(lambda: _asked(world, shadow, code="500") >= FEW)


def test_no_caller_waits_for_a_mirror(world: SeldonWorld, one: str):
    shadow = _mirrored(world, one, 100, delay_seconds=1)
    assert world.ask(one).headers["x-envoy-upstream-service-time"].isdigit()
    assert max(_seconds(world, one) for _ in range(FEW)) < 1
    eventually(lambda: _asked(world, shadow) == FEW + 1)


def test_sticky_callers_are_not_mirrored(world: SeldonWorld, one: str):
    two, shadow = world.model("two"), world.model("shadow")
    world.split(one, two, 50, mirror={"name": shadow, "percent": 100})
    world.count(FEW, one, sticky=f":{two}_1:")
    world.count(1, one)
    eventually(lambda: _asked(world, shadow) == 1)
    assert _asked(world, two) + _asked(world, one) == FEW + 1


def test_a_mirror_is_gone_when_the_experiment_names_it_no_more(world: SeldonWorld, one: str):
    shadow = _mirrored(world, one, 100)
    world.ask_for_experiment("split", {one: 100}, default=one)
    eventually(lambda: not world.route(f"{one}_http_mirror", "listener_1"), SETTLE_SECONDS)
    eventually(lambda: "request_mirror_policies" not in world.route(f"{one}_http")["route"])
    world.count(FEW, one)
    assert _asked(world, shadow) == 0


def test_only_the_table_of_mirrors_names_the_model_that_gets_copies(world: SeldonWorld, one: str):
    shadow = _mirrored(world, one, 30)
    policy = world.route(f"{one}_http")["route"]["request_mirror_policies"][0]
    assert policy["cluster"] == "mirror_http"
    assert policy["runtime_fraction"]["default_value"]["numerator"] == 30
    named = str(world.route(f"{one}_http_mirror", "listener_1"))
    assert f"{shadow}_1" in named
    assert f"{one}_1" not in named


def test_a_mirror_of_no_percent_is_accepted_and_copies_nothing(world: SeldonWorld, one: str):
    shadow = world.model("shadow")
    world.ask_for_experiment(
        "split", {one: 100}, default=one, mirror={"name": shadow, "percent": 0}
    )
    world.await_ready(SELDON_EXPERIMENT, f"{world.prefix}split")
    world.count(FEW, one)
    assert _asked(world, shadow) == 0


def _mirrored(world: SeldonWorld, model: str, percent: int, **behaviour: object) -> str:
    shadow = world.model("shadow", **behaviour)
    mirror = {"name": shadow, "percent": percent}
    world.experiment("split", {model: 100}, default=model, mirror=mirror)
    eventually(lambda: world.route(f"{model}_http_mirror", "listener_1"), SETTLE_SECONDS)
    eventually(lambda: "request_mirror_policies" in world.route(f"{model}_http")["route"])
    return shadow


def _asked(world: SeldonWorld, model: str, **labels: str) -> float:
    return world.metric(REQUESTS, model_internal=f"{model}_1", **labels)


def _seconds(world: SeldonWorld, model: str) -> float:
    return float(world.ask(model).headers["x-envoy-upstream-service-time"]) / 1000
