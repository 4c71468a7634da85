"""The painted Seldon does what was read in Seldon's source."""

import json

import pytest
from seldon_dump import data, dump, mirror_for, mirrors, routes_for
from seldon_painter import paint
from seldon_states import Manner, model_routes, refusal
from seldon_world import DEPLOYMENT, NAMESPACE, ONE, TWO, SeldonWorld, only
from sluice_operator.cluster.kind import SELDON_EXPERIMENT, SELDON_MODEL
from sluice_operator.model import Routes, Routing
from sluice_operator.seldon.route_table import RouteTable

STABLE = {"name": ONE.name, "weight": 90}
CANDIDATE = {"name": TWO.name, "weight": 10}
ENTRY = {"name": DEPLOYMENT, "weight": 0}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"default": DEPLOYMENT, "candidates": [STABLE]}, "is not among the candidates"),
        ({"candidates": []}, "neither candidates nor mirror"),
        ({"candidates": [STABLE, STABLE]}, "is there twice"),
        ({"candidates": [STABLE], "mirror": {"name": ONE.name, "percent": 1}}, "is there twice"),
        ({"default": "taken", "candidates": [{"name": "taken"}]}, "default of another"),
        ({"default": ONE.name, "candidates": [STABLE, CANDIDATE]}, ""),
        ({"candidates": [], "mirror": {"name": ONE.name, "percent": 1}}, ""),
    ],
)
def test_the_scheduler_refuses_what_seldons_does(spec, words):
    found = refusal(spec, [{"default": "taken"}])
    assert words in found
    assert bool(found) == bool(words)


def test_one_candidate_that_cannot_answer_sends_everything_to_the_default():
    spec = {"default": DEPLOYMENT, "candidates": [ENTRY, STABLE, CANDIDATE]}
    assert model_routes(DEPLOYMENT, spec, {DEPLOYMENT, ONE.name}) == only(DEPLOYMENT)
    assert model_routes(DEPLOYMENT, spec, {ONE.name, TWO.name}) == Routes()
    every = {DEPLOYMENT, ONE.name, TWO.name}
    assert model_routes(DEPLOYMENT, spec, every) == Routes(weights={ONE.name: 90, TWO.name: 10})


@pytest.mark.parametrize("mirrored", [False, True])
def test_painted_routes_are_those_that_envoys_dump_would_tell(mirrored):
    candidates = [ENTRY, {**STABLE, "weight": 90 + 10 * mirrored}]
    candidates += [] if mirrored else [CANDIDATE]
    spec = {"default": DEPLOYMENT, "candidates": candidates}
    spec |= {"mirror": {"name": TWO.name, "percent": 20}} if mirrored else {}
    painted = model_routes(DEPLOYMENT, spec, {DEPLOYMENT, ONE.name, TWO.name})
    weights = {f"{one['name']}_1": one["weight"] for one in candidates}
    tables = [data(routes_for(DEPLOYMENT, weights, mirror=20 if mirrored else None))]
    tables += [mirrors(mirror_for(DEPLOYMENT, f"{TWO.name}_1", 20))] if mirrored else []
    assert painted == RouteTable(json.dumps(dump(*tables))).routes(DEPLOYMENT)


@pytest.mark.parametrize(("version", "stray"), [("2.6.0", True), ("2.10.2", False)])
def test_a_refused_edit_is_told_by_one_version_only_and_changes_no_route(version, stray):
    world = SeldonWorld(manner=Manner(version=version))
    world.run(Routing(stable=ONE, epoch=1))
    world.cluster.edit(
        SELDON_EXPERIMENT,
        NAMESPACE,
        DEPLOYMENT,
        lambda body: body["spec"].update(default="somebody"),
    )
    world.paint()
    conditions = {one["type"] for one in world.body(SELDON_EXPERIMENT)["status"]["conditions"]}
    assert ("ModelReady" in conditions) is stray
    assert world.observe().routes == only(ONE.name)
    world.run(Routing(stable=ONE, epoch=1))
    conditions = {one["type"] for one in world.body(SELDON_EXPERIMENT)["status"]["conditions"]}
    assert ("ModelReady" in conditions) is stray  # it stays after a good edit, too


def test_a_model_without_its_server_is_not_scheduled():
    world = SeldonWorld()
    metadata = {"namespace": NAMESPACE, "name": "m"}
    spec = {"storageUri": "s3://x", "server": "nowhere"}
    world.cluster.create(SELDON_MODEL, {"metadata": metadata, "spec": spec})
    paint(world.cluster, lambda: 0.0)
    condition = world.body(SELDON_MODEL, "m")["status"]["conditions"][0]
    assert (condition["status"], condition["message"]) == ("False", "ScheduleFailed")


def test_a_changed_model_answers_with_its_last_good_version_while_it_loads():
    world = SeldonWorld(manner=Manner(load_seconds=5.0))
    world.run(Routing(stable=ONE, epoch=1), turns=10)
    world.cluster.edit(
        SELDON_MODEL, NAMESPACE, ONE.name, lambda body: body["spec"].update(memory="1Gi")
    )
    world.paint()
    assert world.observe().ready == frozenset()
    assert world.observe().routes == only(ONE.name)


def test_nothing_is_written_twice():
    world = SeldonWorld()
    world.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=1))
    before = world.writes()
    for _ in range(5):
        world.paint()
    assert world.writes() == before
