"""Seldon Core 1 driven through the API server's port, Seldon painted."""

from dataclasses import replace

import pytest
from seldon_states import Manner
from seldon_world import DEPLOYMENT, NAMESPACE, ONE, TWO, SeldonWorld, only
from sluice_operator.api.v1alpha1 import Backend, Ingress
from sluice_operator.cluster.kind import (
    EPOCH_ANNOTATION,
    SELDON_DEPLOYMENT,
    VIRTUAL_SERVICE,
)
from sluice_operator.model import Routes, Routing
from sluice_operator.seldon.dialect import V1

ADOPTED = Routing(stable=ONE, epoch=1)
PREPARING = Routing(stable=ONE, candidate=TWO, epoch=2)


@pytest.fixture
def world():
    return SeldonWorld(dialect=V1)


@pytest.fixture
def adopted(world):
    world.run(ADOPTED)
    return world


def predictors(world):
    return {one["name"]: one for one in world.body(SELDON_DEPLOYMENT)["spec"]["predictors"]}


def traffic(world):
    return {name: one.get("traffic", 0) for name, one in predictors(world).items()}


def test_the_first_model_is_one_predictor_with_everything(world):
    assert world.writes_of(ADOPTED) == 1
    assert world.run(ADOPTED).routes == only(ONE.name)
    assert traffic(world) == {ONE.name: 100}
    assert predictors(world)[ONE.name] == {
        "name": ONE.name,
        "traffic": 100,
        "replicas": 1,
        "labels": {"version": ONE.name},
        "graph": {
            "name": "model",
            "type": "MODEL",
            "implementation": "SLUICE_SERVER",
            "modelUri": ONE.uri,
            "parameters": [
                {"name": "deployment", "value": DEPLOYMENT, "type": "STRING"},
                {"name": "revision", "value": ONE.name, "type": "STRING"},
            ],
        },
    }


def test_a_standing_picture_costs_nothing(adopted):
    before = adopted.cluster.requests.copy()
    for _ in range(5):
        adopted.engine().route(DEPLOYMENT, ADOPTED)
        adopted.observe()
    assert adopted.cluster.requests == before


def test_a_candidate_starts_without_traffic_and_gets_it_once_it_answers(adopted):
    early = Routing(stable=ONE, candidate=TWO, weight=10, epoch=2)
    adopted.route(early)
    assert traffic(adopted) == {ONE.name: 100, TWO.name: 0}
    assert adopted.run(early).routes == Routes(weights={ONE.name: 90, TWO.name: 10})


def test_a_step_costs_one_write(adopted):
    adopted.run(PREPARING)
    assert adopted.writes_of(replace(PREPARING, weight=10, epoch=3)) == 1


def test_a_shadow_always_says_how_much(adopted):
    adopted.run(PREPARING)
    seen = adopted.run(replace(PREPARING, mirror=20, epoch=3), turns=2)
    assert seen.routes == Routes(weights={ONE.name: 100}, mirror={TWO.name: 20})
    shadow = predictors(adopted)[TWO.name]
    assert (shadow["shadow"], shadow["traffic"]) == (True, 20)
    adopted.run(replace(PREPARING, epoch=4), turns=2)
    assert "shadow" not in predictors(adopted)[TWO.name]
    assert traffic(adopted) == {ONE.name: 100, TWO.name: 0}


def test_a_candidate_that_answers_keeps_its_predictor_without_traffic(adopted):
    adopted.run(replace(PREPARING, weight=50))
    seen = adopted.run(replace(PREPARING, epoch=3), turns=2)
    assert seen.routes == only(ONE.name)
    assert TWO.name in seen.ready


def test_a_candidate_that_died_loses_its_predictor_or_seldon_would_move_no_traffic(adopted):
    adopted.run(replace(PREPARING, weight=50))
    adopted.painter.manner = Manner(load_seconds=2.0, failing={"models/b": "crash loop"})
    adopted.paint()
    retreat = replace(PREPARING, epoch=3)
    assert adopted.run(retreat, turns=2).routes == only(ONE.name)
    assert traffic(adopted) == {ONE.name: 100}
    before = adopted.writes()
    adopted.run(retreat)  # and it is not started again while the retreat is told
    assert adopted.writes() == before


def test_a_rejected_candidate_is_started_again_by_its_next_attempt(adopted):
    adopted.run(replace(PREPARING, weight=50))
    adopted.painter.manner = Manner(load_seconds=2.0, failing={"models/b": "crash loop"})
    adopted.paint()
    adopted.run(replace(PREPARING, epoch=3), turns=2)
    adopted.run(Routing(stable=ONE, epoch=4), turns=2)
    adopted.painter.manner = Manner(load_seconds=2.0)
    assert TWO.name in adopted.run(replace(PREPARING, epoch=5)).ready


def test_a_candidate_that_kubernetes_gave_up_has_failed(adopted):
    adopted.painter.manner = Manner(load_seconds=1.0, failing={"models/b": "crash loop"})
    seen = adopted.run(PREPARING)
    assert list(seen.failed) == [TWO.name]
    assert "no longer progressing" in seen.failed[TWO.name]
    assert ONE.name in seen.ready


def test_the_old_stable_stays_warm_until_the_bake_ends(adopted):
    adopted.run(replace(PREPARING, weight=100))
    seen = adopted.run(Routing(stable=TWO, previous=ONE, epoch=3), turns=2)
    assert seen.routes == only(TWO.name)
    assert seen.ready == {ONE.name, TWO.name}
    back = adopted.run(Routing(stable=ONE, candidate=TWO, epoch=4), turns=2)
    assert back.routes == only(ONE.name)


def test_a_deleted_deployment_leaves_nothing(adopted):
    assert adopted.run(Routing(epoch=2), turns=2).routes == Routes()
    assert adopted.names(SELDON_DEPLOYMENT) == []
    assert adopted.names(VIRTUAL_SERVICE) == []


def test_a_weight_edited_by_hand_is_seen_and_put_back(adopted):
    adopted.run(replace(PREPARING, weight=10))

    def edit(body):
        for one, share in zip(body["spec"]["predictors"], (60, 40), strict=True):
            one["traffic"] = share

    adopted.cluster.edit(SELDON_DEPLOYMENT, NAMESPACE, DEPLOYMENT, edit)
    adopted.paint()
    assert adopted.observe().routes == Routes(weights={ONE.name: 60, TWO.name: 40})
    seen = adopted.run(replace(PREPARING, weight=10), turns=2)
    assert seen.routes == Routes(weights={ONE.name: 90, TWO.name: 10})


def test_what_seldons_webhook_fills_in_stays(adopted):
    def default(body):
        for one in body["spec"]["predictors"]:
            container = {"name": "model", "image": "sluice:1"}
            one["componentSpecs"] = [{"spec": {"containers": [container]}}]
            one["graph"]["endpoint"] = {"httpPort": 9000, "type": "REST"}

    adopted.cluster.edit(SELDON_DEPLOYMENT, NAMESPACE, DEPLOYMENT, default)
    adopted.watch()
    assert adopted.writes_of(ADOPTED) == 0
    adopted.place = replace(adopted.place, memory="1Gi")
    assert adopted.writes_of(ADOPTED) == 1
    container = predictors(adopted)[ONE.name]["componentSpecs"][0]["spec"]["containers"][0]
    assert container["image"] == "sluice:1"
    assert container["resources"]["limits"] == {"memory": "1Gi"}
    adopted.watch()
    assert adopted.writes_of(ADOPTED) == 0


def test_a_late_operator_conflicts_and_an_older_picture_is_refused(adopted):
    adopted.run(PREPARING)
    adopted.cluster.paint(SELDON_DEPLOYMENT, NAMESPACE, DEPLOYMENT, {"state": "Creating"})
    assert adopted.route(replace(PREPARING, weight=10, epoch=3)).startswith("ConflictError")
    adopted.run(replace(PREPARING, weight=10, epoch=3), turns=1)
    assert "picture 2 is older than 3" in adopted.route(PREPARING)
    annotations = adopted.body(SELDON_DEPLOYMENT)["metadata"]["annotations"]
    assert annotations[EPOCH_ANNOTATION] == "3"


def test_ambassador_is_refused_where_it_would_divide_evenly():
    world = SeldonWorld(dialect=V1, backend=Backend(ingress=Ingress.AMBASSADOR))
    assert world.route(ADOPTED) == ""
    said = world.route(PREPARING)
    assert said.startswith("UnsupportedRoutingError: backend.ingress: Ambassador cannot keep")
    assert TWO.name in said
    assert traffic(world) == {ONE.name: 100}


def test_a_missing_kind_says_what_to_install(world):
    world.cluster.uninstall(SELDON_DEPLOYMENT)
    assert "Seldon Core 1 is not installed: no kind SeldonDeployment" in world.route(ADOPTED)


def test_long_names_are_found_under_their_digests():
    name = "a-deployment-with-quite-a-long-name-of-45-xxx"
    world = SeldonWorld(dialect=V1)
    world.place = replace(world.place, deployment=name)
    long = replace(ONE, name=f"{name}-aaaaaaaa")
    for _ in range(5):
        world.engine().route(name, Routing(stable=long, epoch=1))
        world.paint()
    seen = world.engine().observe(name)
    assert seen.ready == {long.name}
    assert seen.routes == only(long.name)


def test_who_keeps_the_traffic_until_stable_can_take_it_keeps_all_of_it(adopted):
    adopted.cluster.edit(
        SELDON_DEPLOYMENT,
        NAMESPACE,
        DEPLOYMENT,
        lambda body: body["spec"]["predictors"][0].update(traffic=7),
    )
    adopted.watch()
    other = Routing(stable=TWO, epoch=2)
    adopted.route(other)
    assert traffic(adopted) == {TWO.name: 0, ONE.name: 100}
    adopted.run(other)
    assert traffic(adopted) == {TWO.name: 100}
