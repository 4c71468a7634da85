"""What Seldon makes of a Model."""

from eventually import eventually
from seldon_double_world import GIVE_UP_SECONDS, SETTLE_SECONDS, SeldonWorld
from sluice_operator.cluster.kind import EPOCH_ANNOTATION, SELDON_EXPERIMENT, SELDON_MODEL

OK, NOT_FOUND = 200, 404


def test_a_model_that_is_ready_answers_under_its_own_name(world: SeldonWorld):
    one = world.model("one")
    answer = world.ask(one)
    assert (answer.status, answer.by) == (OK, one)


def test_a_ready_model_says_model_available(world: SeldonWorld):
    said = world.conditions(SELDON_MODEL, world.model("one"))
    assert said["ModelReady"]["status"] == said["Ready"]["status"] == "True"
    assert said["ModelReady"]["message"] == "ModelAvailable"


def test_a_model_that_needs_what_no_server_offers_is_not_ready(world: SeldonWorld):
    one = world.ask_for_model("one", world.package("one"), requirements=["abacus"])
    eventually(lambda: _message(world, one) == "ScheduleFailed", SETTLE_SECONDS)
    assert world.is_false(SELDON_MODEL, one)
    assert world.ask(one).status == NOT_FOUND


def test_only_2_6_0_says_what_it_is_that_no_server_offers(world: SeldonWorld):
    one = world.ask_for_model("one", world.package("one"), requirements=["abacus"])
    eventually(lambda: world.is_false(SELDON_MODEL, one), SETTLE_SECONDS)
    named = "abacus" in world.conditions(SELDON_MODEL, one)["ModelReady"]["reason"]
    assert named == (world.release.name == "2.6.0")


def test_a_model_that_cannot_be_loaded_fails_and_has_no_route(world: SeldonWorld):
    one = world.ask_for_model("one", world.package("one", load_error="the file is broken"))
    eventually(lambda: _message(world, one) == "ModelFailed", GIVE_UP_SECONDS)
    assert world.is_false(SELDON_MODEL, one)
    assert world.ask(one).status == NOT_FOUND


def test_a_uri_that_does_not_exist_fails_the_model(world: SeldonWorld):
    one = world.ask_for_model("one", str(world.folder / "nowhere"))
    eventually(lambda: _message(world, one) == "ModelFailed", GIVE_UP_SECONDS)
    assert world.ask(one).status == NOT_FOUND


def test_a_secret_that_does_not_exist_fails_the_model_and_is_named(world: SeldonWorld):
    missing = f"{world.prefix}missing"
    one = world.ask_for_model("one", world.package("one"), secretName=missing)
    eventually(lambda: _message(world, one) == "ModelFailed", SETTLE_SECONDS)
    assert _reason(world, one) == f'secrets "{missing}" not found'
    assert world.ask(one).status == NOT_FOUND


def test_a_secret_must_have_one_key(world: SeldonWorld):
    both = world.secret("both", one="{}", two="{}")
    one = world.ask_for_model("one", world.package("one"), secretName=both)
    eventually(lambda: _message(world, one) == "ModelFailed", SETTLE_SECONDS)
    assert _reason(world, one) == f"Secret does not have 1 key {both}"


def test_a_failed_model_waits_for_a_change_and_not_for_its_secret(world: SeldonWorld):
    one = world.ask_for_model("one", world.package("one"), secretName=f"{world.prefix}late")
    eventually(lambda: _message(world, one) == "ModelFailed", SETTLE_SECONDS)
    world.secret("late")
    world.model("another")  # Seldon has attended to something later by then
    assert _message(world, one) == "ModelFailed"
    other = world.secret("other")
    world.edit(SELDON_MODEL, one, lambda body: body["spec"].update(secretName=other))
    world.await_ready(SELDON_MODEL, one)
    eventually(lambda: world.ask(one).status == OK, SETTLE_SECONDS)


def test_a_new_package_becomes_a_new_version_and_fails_no_request(world: SeldonWorld):
    one = world.model("one")
    assert world.ask(one).route == f":{one}_1:"
    with world.load(one) as answers:
        _renew(world, one, world.package("other"))
        eventually(lambda: world.ask(one).route == f":{one}_2:", SETTLE_SECONDS)
    assert {answer.status for answer in answers} == {OK}


def test_a_new_package_that_cannot_be_loaded_leaves_the_old_version_in_charge(world: SeldonWorld):
    one = world.model("one")
    _renew(world, one, world.package("bad", load_error="the file is broken"))
    eventually(lambda: world.is_false(SELDON_MODEL, one), SETTLE_SECONDS)
    assert world.ask(one).route == f":{one}_1:"


def test_the_old_version_is_unloaded_unless_2_6_0_divides_its_route(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    world.split(one, two, 50)
    _renew(world, one, world.package("other"))
    eventually(lambda: f":{one}_2:" in str(world.route(f"{one}_http")), SETTLE_SECONDS)
    world.await_ready(SELDON_MODEL, one)
    kept = float(world.release.name == "2.6.0")
    eventually(lambda: _loaded(world, f"{one}_1") == kept, SETTLE_SECONDS)
    world.ask_for_experiment("split", {one: 100}, default=one)
    eventually(lambda: _loaded(world, f"{one}_1") == 0, SETTLE_SECONDS)


def test_versions_begin_at_one_again_when_a_model_is_created_anew(world: SeldonWorld):
    one = world.model("one")
    _renew(world, one, world.package("other"))
    eventually(lambda: world.ask(one).route == f":{one}_2:", SETTLE_SECONDS)
    world.delete(SELDON_MODEL, one)
    world.model("one")
    eventually(lambda: world.ask(one).route == f":{one}_1:", SETTLE_SECONDS)


def test_models_and_experiments_bear_seldons_finalizers(world: SeldonWorld):
    one = world.model("one")
    split = world.experiment("split", {one: 100}, default=one)
    bodies = [(SELDON_MODEL, one), (SELDON_EXPERIMENT, split)]
    found = [world.cluster.get(kind, world.namespace, name) for kind, name in bodies]
    finalizers = [body["metadata"]["finalizers"] for body in found if body]
    assert finalizers == [["seldon.model.finalizer"], ["seldon.experiment.finalizer"]]


def test_a_deleted_model_is_gone_and_answers_404(world: SeldonWorld):
    one = world.model("one")
    world.delete(SELDON_MODEL, one)
    eventually(lambda: world.ask(one).status == NOT_FOUND, SETTLE_SECONDS)


def test_a_model_whose_labels_change_stays_the_same_version(world: SeldonWorld):
    one = world.model("one")
    labels = {"metadata": {"labels": {"team": "risk"}}}
    world.edit(SELDON_MODEL, one, lambda body: body["metadata"].update(labels["metadata"]))
    world.edit(SELDON_MODEL, one, _numbered)
    world.model("another")  # Seldon has attended to something later by then
    assert world.ask(one).route == f":{one}_1:"


def test_no_status_says_of_which_generation_it_speaks(world: SeldonWorld):
    one = world.model("one")
    split = world.experiment("split", {one: 100}, default=one)
    for kind, name in ((SELDON_MODEL, one), (SELDON_EXPERIMENT, split)):
        body = world.cluster.get(kind, world.namespace, name) or {}
        assert "observedGeneration" not in body["status"]


def _message(world: SeldonWorld, model: str) -> str:
    return world.conditions(SELDON_MODEL, model).get("ModelReady", {}).get("message", "")


def _reason(world: SeldonWorld, model: str) -> str:
    return world.conditions(SELDON_MODEL, model)["ModelReady"]["reason"]


def _loaded(world: SeldonWorld, internal: str) -> float:
    return world.metric("seldon_loaded_model_gauge", model_internal=internal)


def _renew(world: SeldonWorld, model: str, uri: str) -> None:
    world.edit(SELDON_MODEL, model, lambda body: body["spec"].update(storageUri=uri))


def _numbered(body: dict) -> None:
    body["metadata"].setdefault("annotations", {})[EPOCH_ANNOTATION] = "7"
