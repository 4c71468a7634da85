"""Sluice's engine on Seldon, from the first revision to the deletion."""

from collections.abc import Callable, Iterator

import pytest
from eventually import eventually
from seldon_double.double import SeldonDouble
from seldon_double_engine import Driven
from seldon_double_world import BACK_SECONDS, GIVE_UP_SECONDS, SETTLE_SECONDS, SeldonWorld
from sluice_operator.api.v1alpha1 import Backend, Isolation
from sluice_operator.cluster.kind import SELDON_EXPERIMENT, SELDON_MODEL, SELDON_SERVER
from sluice_operator.errors import ConflictError
from sluice_operator.model import Routes, Routing

OK, NOT_FOUND = 200, 404
MANY, FEW = 300, 20
DEVIATIONS = 5
REQUESTS = "seldon_model_infer_total"


@pytest.fixture
def driven(world: SeldonWorld) -> Iterator[Driven]:
    driven = Driven(world=world)
    yield driven
    driven.report.close()


def test_users_of_the_deployment_are_answered_by_its_first_revision(driven: Driven):
    one = driven.revision("a")
    driven.settle(Routing(stable=one))
    assert driven.world.count(FEW, driven.name) == {one.name: FEW}
    assert driven.world.ask(path=driven.name).by == one.name


def test_a_candidate_gets_its_share_and_the_report_is_as_wanted(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=25))
    found, expected = driven.world.count(MANY, driven.name)[two.name], MANY * 0.25
    assert abs(found - expected) <= DEVIATIONS * (expected * 0.75) ** 0.5


def test_moving_the_weight_fails_no_request(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    with driven.world.load(driven.name) as answers:
        for weight in (5, 50, 100, 20):
            driven.settle(Routing(stable=one, candidate=two, weight=weight))
    assert {answer.status for answer in answers} == {OK}


def test_a_retreat_leaves_the_candidate_without_any_route(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=50))
    pinned = f":{two.name}_1:"
    assert driven.world.ask(driven.name, sticky=pinned).by == two.name
    driven.settle(Routing(stable=one, candidate=two))
    assert driven.world.count(FEW, driven.name) == {one.name: FEW}
    assert driven.world.ask(driven.name, sticky=pinned).status == NOT_FOUND


def test_a_retreat_fails_no_request_of_those_who_are_not_pinned(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=50))
    with driven.world.load(driven.name) as answers:
        driven.settle(Routing(stable=one))
        eventually(lambda: not _left(driven, Routing(stable=one), two.name), SETTLE_SECONDS)
    assert {answer.status for answer in answers} == {OK}


def test_a_mirrored_candidate_gets_copies_and_answers_nobody(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, mirror=100))
    assert driven.world.count(FEW, driven.name) == {one.name: FEW}
    eventually(lambda: driven.world.metric(REQUESTS, model_internal=f"{two.name}_1") == FEW)


def test_a_candidate_that_is_not_ready_gets_no_traffic(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b", load_seconds=3)
    driven.settle(Routing(stable=one))
    wanted = Routing(stable=one, candidate=two, weight=50, epoch=driven.epoch + 1)
    seen = driven.tell(wanted)
    assert two.name not in seen.ready
    assert two.name not in driven.experiment()
    assert driven.world.count(FEW, driven.name) == {one.name: FEW}
    driven.settle(wanted)


def test_a_candidate_that_cannot_be_loaded_is_reported_as_failed(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b", load_error="the file is broken")
    driven.settle(Routing(stable=one))
    wanted = Routing(stable=one, candidate=two, weight=50, epoch=driven.epoch + 1)
    eventually(lambda: two.name in driven.tell(wanted).failed, GIVE_UP_SECONDS, every=0.2)
    assert driven.world.count(FEW, driven.name) == {one.name: FEW}


def test_a_promotion_fails_no_request_and_ends_with_the_new_revision_alone(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    with driven.world.load(driven.name) as answers:
        driven.settle(Routing(stable=one, candidate=two, weight=50))
        driven.settle(Routing(stable=one, candidate=two, weight=100))
        driven.settle(Routing(stable=two, previous=one))
        driven.settle(Routing(stable=two))
        eventually(lambda: not _left(driven, Routing(stable=two), one.name), SETTLE_SECONDS)
        eventually(lambda: _entry_uri(driven) == two.uri, SETTLE_SECONDS)
        driven.settle(Routing(stable=two))
    assert {answer.status for answer in answers} == {OK}
    assert driven.world.count(FEW, driven.name) == {two.name: FEW}


def test_what_seldon_falls_back_to_is_reported(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=50))
    driven.world.delete(SELDON_MODEL, two.name)
    fallback = Routes(weights={driven.name: 100})
    eventually(lambda: driven.engine.observe(driven.name).routes == fallback, SETTLE_SECONDS)
    assert driven.world.ask(driven.name).status == OK
    driven.settle(Routing(stable=one, candidate=two, weight=50))


@pytest.mark.parametrize("edit", ["weights", "mirror", "default"])
def test_an_experiment_edited_by_hand_is_put_back(driven: Driven, edit: str):
    one, two = driven.revision("a"), driven.revision("b")
    wanted = Routing(stable=one, candidate=two, weight=10)
    driven.settle(Routing(stable=one))
    driven.settle(wanted)
    driven.world.edit(SELDON_EXPERIMENT, driven.name, _edits(driven, one.name)[edit])
    driven.settle(wanted)
    assert driven.experiment() == {driven.name: 0, one.name: 90, two.name: 10}


def test_a_third_revision_in_the_middle_takes_the_seconds_place(driven: Driven):
    one, two, three = (driven.revision(letter) for letter in "abc")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=50))
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=three, weight=50))
    assert set(driven.world.count(FEW * 2, driven.name)) == {one.name, three.name}


def test_a_picture_of_the_past_is_refused(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=50))
    driven.watch()
    with pytest.raises(ConflictError):
        driven.engine.route(driven.name, Routing(stable=one, epoch=1))


def test_a_deleted_deployment_leaves_nothing_behind(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=50))
    gone = Routing(epoch=driven.epoch + 1)
    eventually(lambda: not _left(driven, gone), SETTLE_SECONDS, every=0.1)
    assert driven.world.ask(driven.name).status == NOT_FOUND
    assert driven.experiment() == {}


def test_a_standing_picture_is_written_once(driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    wanted = Routing(stable=one, candidate=two, weight=50)
    driven.settle(Routing(stable=one))
    driven.settle(wanted)
    before = _versions(driven)
    for _ in range(5):
        driven.tell(wanted)
    assert _versions(driven) == before


def test_weights_move_again_once_the_scheduler_is_back(scheduler: SeldonWorld, driven: Driven):
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=50))
    scheduler.stop_scheduler()
    wanted = Routing(stable=one, candidate=two, weight=20, epoch=driven.epoch + 1)
    seen = driven.tell(wanted)
    assert seen.routes is None or seen.routes.weights[two.name] == 50
    scheduler.start_scheduler()
    driven.settle(wanted, BACK_SECONDS)


def test_a_candidate_in_isolation_has_a_server_to_itself(world: SeldonWorld, double: SeldonDouble):
    driven = Driven(world=world, backend=Backend(isolation=Isolation.SERVER))
    one, two = driven.revision("a"), driven.revision("b")
    driven.settle(Routing(stable=one))
    driven.settle(Routing(stable=one, candidate=two, weight=50))
    assert world.cluster.get(SELDON_SERVER, world.namespace, two.name) is not None
    world.count(FEW, driven.name)
    eventually(lambda: world.metric(REQUESTS, server=two.name) > 0)
    driven.settle(Routing(stable=one))
    eventually(lambda: not _serves(driven, Routing(stable=one), two.name), SETTLE_SECONDS)
    driven.report.close()


def _left(driven: Driven, wanted: Routing, model: str = "") -> bool:
    """Whether a Model, or any at all, is still there after one more turn."""
    driven.tell(wanted)
    found = driven.models()
    return model in found if model else bool(found)


def _serves(driven: Driven, wanted: Routing, server: str) -> bool:
    """Whether a Server is still there after one more turn."""
    driven.tell(wanted)
    world = driven.world
    return world.cluster.get(SELDON_SERVER, world.namespace, server) is not None


def _entry_uri(driven: Driven) -> str:
    body = driven.world.cluster.get(SELDON_MODEL, driven.world.namespace, driven.name)
    return str(body["spec"]["storageUri"]) if body else ""


def _edits(driven: Driven, stable: str) -> dict[str, Callable[[dict], None]]:
    """What somebody might do to an Experiment, by its name."""

    def weights(body: dict) -> None:
        body["spec"]["candidates"][-1]["weight"] = 70

    def mirror(body: dict) -> None:
        last = body["spec"]["candidates"].pop()
        body["spec"]["mirror"] = {"name": last["name"], "percent": 100}

    def default(body: dict) -> None:
        body["spec"]["default"] = stable

    return {"weights": weights, "mirror": mirror, "default": default}


def _versions(driven: Driven) -> dict[str, str]:
    driven.watch()
    owned = [
        b for kind in V2_KINDS for b in driven.world.cluster.list(kind, driven.world.namespace)
    ]
    mine = [body["metadata"] for body in owned if body["metadata"]["name"].startswith(driven.name)]
    return {f"{m['name']}-{m['uid']}": m["resourceVersion"] for m in mine}


V2_KINDS = (SELDON_MODEL, SELDON_EXPERIMENT)
