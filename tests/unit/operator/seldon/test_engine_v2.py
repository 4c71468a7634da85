"""Seldon Core 2 driven through the API server's port, Seldon painted."""

from dataclasses import replace

import pytest
from seldon_states import Manner
from seldon_world import DEPLOYMENT, NAMESPACE, ONE, TWO, SeldonWorld, only, revision
from sluice_operator.api.v1alpha1 import Backend, Isolation
from sluice_operator.cluster.kind import (
    DEPLOYMENT_LABEL,
    EPOCH_ANNOTATION,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
)
from sluice_operator.model import Routes, Routing
from sluice_operator.seldon.manifest import UNUSED_ANNOTATION

ADOPTED = Routing(stable=ONE, epoch=1)


@pytest.fixture(params=["2.6.0", "2.10.2"])
def world(request):
    return SeldonWorld(manner=Manner(version=request.param, load_seconds=2.0))


@pytest.fixture
def adopted(world):
    world.run(ADOPTED)
    assert world.observe().routes == only(ONE.name)
    return world


def candidates(world):
    spec = world.body(SELDON_EXPERIMENT)["spec"]
    return {one["name"]: one["weight"] for one in spec["candidates"]}


def test_the_first_model_is_adopted_with_three_objects(world):
    assert world.writes_of(ADOPTED) == 3
    world.run(ADOPTED)
    assert world.names(SELDON_MODEL) == [DEPLOYMENT, ONE.name]
    assert candidates(world) == {DEPLOYMENT: 0, ONE.name: 100}
    assert world.observe().ready == {ONE.name}


def test_the_experiment_exists_before_anybody_is_ready_and_lists_only_the_entry(world):
    world.route(ADOPTED)
    assert candidates(world) == {DEPLOYMENT: 100}


def test_a_standing_picture_costs_nothing(adopted):
    before = adopted.cluster.requests.copy()
    for _ in range(5):
        adopted.engine().route(DEPLOYMENT, ADOPTED)
        adopted.observe()
    assert adopted.cluster.requests == before


def test_a_step_costs_one_write(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, epoch=2))
    assert adopted.writes_of(Routing(stable=ONE, candidate=TWO, weight=10, epoch=3)) == 1
    adopted.paint()
    assert adopted.observe().routes == Routes(weights={ONE.name: 90, TWO.name: 10})


def test_a_candidate_that_is_not_ready_is_not_listed(adopted):
    early = Routing(stable=ONE, candidate=TWO, weight=10, epoch=2)
    adopted.route(early)
    assert candidates(adopted) == {DEPLOYMENT: 0, ONE.name: 100}
    assert adopted.run(early).routes == Routes(weights={ONE.name: 90, TWO.name: 10})


def test_a_mirror_names_the_candidate_only_as_mirror(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, epoch=2))
    seen = adopted.run(Routing(stable=ONE, candidate=TWO, mirror=20, epoch=3), turns=2)
    assert seen.routes == Routes(weights={ONE.name: 100}, mirror={TWO.name: 20})
    seen = adopted.run(Routing(stable=ONE, candidate=TWO, weight=5, epoch=4), turns=2)
    assert seen.routes == Routes(weights={ONE.name: 95, TWO.name: 5})
    assert not adopted.body(SELDON_EXPERIMENT)["spec"].get("mirror")


def test_a_retreat_takes_the_candidate_off_the_list_in_one_write(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=50, epoch=2))
    assert adopted.writes_of(Routing(stable=ONE, candidate=TWO, epoch=3)) == 1
    assert candidates(adopted) == {DEPLOYMENT: 0, ONE.name: 100}


def test_a_retreat_waits_for_nobody(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=50, epoch=2))
    adopted.painter.broken |= {ONE.name, TWO.name}
    adopted.paint()
    assert adopted.observe().ready == frozenset()
    adopted.route(Routing(stable=ONE, candidate=TWO, epoch=3))
    assert candidates(adopted) == {DEPLOYMENT: 0, ONE.name: 100}


def test_the_entry_steps_in_when_the_old_stable_cannot_take_its_traffic_back(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=100, epoch=2))
    adopted.run(Routing(stable=TWO, previous=ONE, epoch=3), turns=2)
    adopted.painter.broken.add(ONE.name)
    adopted.paint()
    adopted.route(Routing(stable=ONE, candidate=TWO, epoch=4))
    assert candidates(adopted) == {DEPLOYMENT: 100}


def test_the_entry_follows_stable_only_after_the_bake_and_not_while_traffic_moves(adopted):
    def carried():
        return adopted.body(SELDON_MODEL)["spec"]["storageUri"]

    adopted.run(Routing(stable=ONE, candidate=TWO, weight=100, epoch=2))
    assert carried() == ONE.uri
    adopted.run(Routing(stable=TWO, previous=ONE, epoch=3))
    assert carried() == ONE.uri
    adopted.run(Routing(stable=TWO, epoch=4))
    assert carried() == TWO.uri


def test_users_never_lose_their_answers_while_the_entry_follows(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=100, epoch=2))
    for _ in range(12):
        adopted.route(Routing(stable=TWO, epoch=3))
        adopted.paint(0.5)
        assert adopted.observe().routes == only(TWO.name)


def test_a_revision_is_pruned_a_while_after_its_last_route(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=2))
    over = Routing(stable=ONE, epoch=3)
    adopted.run(over, turns=2)
    assert UNUSED_ANNOTATION in adopted.body(SELDON_MODEL, TWO.name)["metadata"]["annotations"]
    adopted.run(over)
    assert adopted.names(SELDON_MODEL) == [DEPLOYMENT, ONE.name]
    assert not adopted.engine().unsettled(over)


def test_a_mark_from_the_future_is_set_anew(adopted):
    """The clock of the operator that made it was ahead."""
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=2))
    over, ahead = Routing(stable=ONE, epoch=3), 600
    adopted.seconds += ahead
    adopted.run(over, turns=2)
    assert TWO.name in adopted.names(SELDON_MODEL)
    adopted.seconds -= ahead
    adopted.run(over)
    assert adopted.names(SELDON_MODEL) == [DEPLOYMENT, ONE.name]


def test_nothing_is_pruned_while_the_router_names_it_or_cannot_be_read(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=2))
    adopted.painter.manner = Manner(load_seconds=2.0, route_seconds=60.0)
    over = Routing(stable=ONE, epoch=3)
    assert adopted.run(over).routes == Routes(weights={ONE.name: 90, TWO.name: 10})
    assert TWO.name in adopted.names(SELDON_MODEL)
    adopted.seconds += 60
    adopted.painter.unreadable = "Envoy is away"
    adopted.run(over)
    assert TWO.name in adopted.names(SELDON_MODEL)


def test_a_revision_that_is_wanted_again_loses_its_mark(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=2))
    adopted.run(Routing(stable=ONE, epoch=3), turns=2)
    seen = adopted.run(Routing(stable=ONE, candidate=TWO, epoch=4), turns=2)
    assert TWO.name in seen.ready
    assert UNUSED_ANNOTATION not in adopted.body(SELDON_MODEL, TWO.name)["metadata"]["annotations"]


def test_a_deleted_deployment_leaves_nothing_traffic_first(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=2))
    gone = Routing(epoch=3)
    assert adopted.writes_of(gone) == 1
    adopted.paint()
    assert adopted.names(SELDON_EXPERIMENT) == []
    assert adopted.names(SELDON_MODEL) == [DEPLOYMENT, ONE.name, TWO.name]
    assert adopted.run(gone).routes == Routes()
    assert adopted.names(SELDON_MODEL) == []


def test_an_experiment_edited_by_hand_is_seen_and_put_back(adopted):
    def edit(body):
        body["spec"]["candidates"][1]["weight"] = 50
        body["spec"]["candidates"].append({"name": "somebody", "weight": 50})

    adopted.cluster.edit(SELDON_EXPERIMENT, NAMESPACE, DEPLOYMENT, edit)
    adopted.paint()
    assert adopted.observe().routes == only(DEPLOYMENT)
    assert adopted.run(ADOPTED, turns=2).routes == only(ONE.name)
    assert candidates(adopted) == {DEPLOYMENT: 0, ONE.name: 100}


def test_an_experiment_deleted_by_hand_comes_back(adopted):
    adopted.cluster.delete(SELDON_EXPERIMENT, NAMESPACE, DEPLOYMENT)
    adopted.paint()
    assert adopted.run(ADOPTED, turns=3).routes == only(ONE.name)


def test_a_model_edited_by_hand_is_not_ready_until_it_is_put_back(adopted):
    adopted.cluster.edit(
        SELDON_MODEL, NAMESPACE, ONE.name, lambda body: body["spec"].update(storageUri="s3://evil")
    )
    adopted.paint()
    assert adopted.observe().ready == frozenset()
    assert adopted.run(ADOPTED).ready == {ONE.name}


def test_what_others_write_into_our_objects_stays(adopted):
    def edit(body):
        body["spec"]["resourceType"] = "model"
        body["metadata"]["annotations"]["team"] = "growth"

    adopted.cluster.edit(SELDON_EXPERIMENT, NAMESPACE, DEPLOYMENT, edit)
    adopted.paint()
    assert adopted.writes_of(ADOPTED) == 0
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=2))
    body = adopted.body(SELDON_EXPERIMENT)
    assert body["spec"]["resourceType"] == "model"
    assert body["metadata"]["annotations"]["team"] == "growth"


def test_the_same_amount_of_memory_in_other_words_is_no_difference():
    world = SeldonWorld()
    world.place = replace(world.place, memory="0.5Gi")
    world.run(ADOPTED)
    for name in (DEPLOYMENT, ONE.name):
        world.cluster.edit(
            SELDON_MODEL, NAMESPACE, name, lambda body: body["spec"].update(memory="512Mi")
        )
    world.run(ADOPTED)
    assert world.writes_of(ADOPTED) == 0


def test_a_model_that_fails_to_load_says_why(world):
    world.painter.manner = Manner(load_seconds=1.0, failing={"models/b": "digest differs"})
    world.run(ADOPTED)
    seen = world.run(Routing(stable=ONE, candidate=TWO, epoch=2))
    assert seen.failed == {TWO.name: "ModelFailed: digest differs"}
    assert seen.routes == only(ONE.name)


def test_a_candidate_of_its_own_server_keeps_it_after_its_promotion():
    world = SeldonWorld(backend=Backend(isolation=Isolation.SERVER))
    two = revision("b", "sklearn")
    world.run(ADOPTED)
    assert world.names(SELDON_SERVER) == []
    world.run(Routing(stable=ONE, candidate=two, epoch=2))
    assert world.body(SELDON_SERVER, two.name)["spec"] == {
        "serverConfig": "mlserver",
        "replicas": 1,
        "capabilities": ["sklearn"],
    }
    world.run(Routing(stable=ONE, candidate=two, weight=100, epoch=3))
    world.run(Routing(stable=two, epoch=4), turns=12)
    assert world.names(SELDON_MODEL) == [DEPLOYMENT, two.name]
    assert world.body(SELDON_MODEL, two.name)["spec"]["server"] == two.name
    assert "server" not in world.body(SELDON_MODEL)["spec"]
    assert world.names(SELDON_SERVER) == [two.name]


def test_a_server_goes_after_its_model():
    world = SeldonWorld(backend=Backend(isolation=Isolation.SERVER))
    world.run(ADOPTED)
    world.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=2))
    over = Routing(stable=ONE, epoch=3)
    world.run(over, turns=20)
    assert world.names(SELDON_MODEL) == [DEPLOYMENT, ONE.name]
    assert world.names(SELDON_SERVER) == []


def test_every_revision_is_loaded_by_the_server_that_the_spec_names():
    world = SeldonWorld(backend=Backend(server="gpu"))
    world.run(ADOPTED)
    assert {body["spec"]["server"] for body in world.cluster.list(SELDON_MODEL)} == {"gpu"}


def test_a_write_on_an_old_copy_conflicts_and_looks_again(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, epoch=2))
    adopted.cluster.paint(SELDON_EXPERIMENT, NAMESPACE, DEPLOYMENT, {"conditions": []})
    step = Routing(stable=ONE, candidate=TWO, weight=10, epoch=3)
    assert adopted.route(step).startswith("ConflictError: ")
    assert candidates(adopted) == {DEPLOYMENT: 0, ONE.name: 100}
    assert adopted.route(step) == ""
    assert candidates(adopted) == {DEPLOYMENT: 0, ONE.name: 90, TWO.name: 10}


def test_a_deposed_operator_cannot_bring_an_older_picture_back(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=50, epoch=2))
    adopted.run(Routing(stable=ONE, candidate=TWO, epoch=3), turns=2)
    said = adopted.route(Routing(stable=ONE, candidate=TWO, weight=50, epoch=2))
    assert said.startswith("ConflictError: churn: picture 2 is older than 3")
    assert adopted.observe().routes == only(ONE.name)
    assert adopted.engine().epoch == 3


def test_a_newer_picture_fences_even_where_it_cannot_be_drawn_yet(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, epoch=2), turns=1)
    adopted.route(Routing(stable=ONE, candidate=TWO, weight=10, epoch=3))
    annotations = adopted.body(SELDON_EXPERIMENT)["metadata"]["annotations"]
    assert annotations[EPOCH_ANNOTATION] == "3"
    assert candidates(adopted) == {DEPLOYMENT: 0, ONE.name: 100}


def test_a_namesake_of_a_deleted_deployment_takes_over_what_is_left(adopted):
    adopted.run(Routing(stable=ONE, epoch=9), turns=2)
    adopted.place = replace(adopted.place, owner_uid="uid-2")
    assert adopted.engine().epoch == -1
    assert adopted.run(ADOPTED).routes == only(ONE.name)
    owners = [
        body["metadata"]["ownerReferences"][0]["uid"] for body in adopted.cluster.list(SELDON_MODEL)
    ]
    assert owners == ["uid-2", "uid-2"]


def test_seldon_away_for_a_minute_loses_nothing(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, epoch=2))
    adopted.painter.away = True
    step = Routing(stable=ONE, candidate=TWO, weight=10, epoch=3)
    assert adopted.run(step, turns=60).routes == only(ONE.name)
    adopted.painter.away = False
    assert adopted.run(step, turns=2).routes == Routes(weights={ONE.name: 90, TWO.name: 10})


def test_a_router_that_cannot_be_read_is_an_error_and_not_a_report(adopted):
    adopted.painter.unreadable = "Envoy at http://mesh:9003: nonsense"
    seen = adopted.observe()
    assert seen.routes is None
    assert seen.error == "Envoy at http://mesh:9003: nonsense"
    assert seen.ready == {ONE.name}


def test_new_memory_waits_for_the_end_of_the_attempt(adopted):
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=2))
    adopted.place = replace(adopted.place, memory="2Gi", replicas=3)
    during = adopted.run(Routing(stable=ONE, candidate=TWO, weight=20, epoch=3))
    assert during.ready == {ONE.name, TWO.name}
    assert "memory" not in adopted.body(SELDON_MODEL, ONE.name)["spec"]
    adopted.run(Routing(stable=ONE, epoch=4))
    assert adopted.body(SELDON_MODEL, ONE.name)["spec"]["memory"] == "2Gi"
    assert adopted.body(SELDON_MODEL)["spec"]["replicas"] == 3


def test_every_object_says_whose_it_is(adopted):
    for kind in (SELDON_MODEL, SELDON_EXPERIMENT):
        for body in adopted.cluster.list(kind):
            labels = body["metadata"]["labels"]
            assert labels[DEPLOYMENT_LABEL] == DEPLOYMENT
            assert labels["app.kubernetes.io/managed-by"] == "sluice"
            assert body["metadata"]["ownerReferences"][0]["uid"] == "uid-1"


def test_what_is_left_to_do_is_told(adopted):
    engine = adopted.engine()
    assert engine.unsettled(ADOPTED) == ""
    preparing = Routing(stable=ONE, candidate=TWO, epoch=2)
    assert engine.unsettled(preparing) == (
        f"{TWO.name} is to be made; Experiment churn is to be written"
    )
    adopted.run(preparing, turns=2)
    assert engine.unsettled(preparing) == f"{TWO.name}: ModelProgressing"
    assert engine.unsettled(ADOPTED) == f"{TWO.name} is to be removed"
