"""What Seldon accepts as an Experiment, and how it says that it does not."""

import pytest
from eventually import eventually
from seldon_double_world import SETTLE_SECONDS, SeldonWorld
from sluice_operator.cluster.kind import SELDON_EXPERIMENT, SELDON_MODEL

FEW = 20


def test_an_experiment_in_force_says_so_in_each_condition(world: SeldonWorld):
    split = world.experiment("split", {world.model("one"): 50, world.model("two"): 50})
    said = world.conditions(SELDON_EXPERIMENT, split)
    types = {"ExperimentReady", "CandidatesReady", "MirrorReady", "Ready"}
    assert {name: said[name]["status"] for name in types} == dict.fromkeys(types, "True")


def test_a_default_that_is_no_candidate_is_refused(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    world.ask_for_experiment("split", {two: 100}, default=one)
    _never_in_force(world, one, {one: 100})


def test_a_second_experiment_of_the_same_default_is_refused(world: SeldonWorld):
    one, two, three = world.model("one"), world.model("two"), world.model("three")
    world.split(one, two, 50)
    world.ask_for_experiment("second", {one: 50, three: 50}, default=one)
    _never_in_force(world, one, {one: 50, two: 50})


def test_a_model_that_is_both_candidate_and_mirror_is_refused(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    mirror = {"name": two, "percent": 100}
    world.ask_for_experiment("split", {one: 50, two: 50}, default=one, mirror=mirror)
    _never_in_force(world, one, {one: 100})


def test_an_experiment_without_candidates_and_mirror_is_refused(world: SeldonWorld):
    split = world.ask_for_experiment("split", {})
    _attended(world)
    assert not world.is_true(SELDON_EXPERIMENT, split)


def test_a_refused_change_leaves_traffic_as_it_was(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    world.split(one, two, 50)
    world.ask_for_experiment("split", {two: 100}, default=one)
    _never_in_force(world, one, {one: 50, two: 50})


def test_a_refused_change_leaves_ready_true(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    split = world.split(one, two, 50)
    world.await_ready(SELDON_EXPERIMENT, split)
    world.ask_for_experiment("split", {two: 100}, default=one)
    _attended(world)
    assert world.is_true(SELDON_EXPERIMENT, split, "ExperimentReady")
    assert world.is_true(SELDON_EXPERIMENT, split, "Ready")


def test_a_refused_change_is_told_by_a_condition_of_models_that_stays(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    split = world.split(one, two, 50)
    world.ask_for_experiment("split", {two: 100}, default=one)
    eventually(lambda: world.is_false(SELDON_EXPERIMENT, split, "ModelReady"), SETTLE_SECONDS)
    world.split(one, two, 30)
    _attended(world)
    assert world.is_false(SELDON_EXPERIMENT, split, "ModelReady")


def test_a_good_change_after_a_refused_one_is_carried_out(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    world.split(one, two, 50)
    world.ask_for_experiment("split", {two: 100}, default=one)
    world.split(one, two, 20)
    assert world.weights(one) == {one: 80, two: 20}


def test_weights_need_not_be_percents(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    world.experiment("split", {one: 1, two: 3}, default=one)
    eventually(lambda: world.weights(one) == {one: 1, two: 3}, SETTLE_SECONDS)


def test_weight_zero_is_accepted(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    split = world.split(one, two, 0)
    world.await_ready(SELDON_EXPERIMENT, split)
    assert world.weights(one) == {one: 100, two: 0}


@pytest.mark.parametrize("role", ["candidate", "mirror"])
def test_a_model_that_does_not_exist_keeps_an_experiment_out_of_force(
    world: SeldonWorld, role: str
):
    one, ghost = world.model("one"), f"{world.prefix}ghost"
    mirror = {"mirror": {"name": ghost, "percent": 50}} if role == "mirror" else {}
    weights = {one: 100} if mirror else {one: 50, ghost: 50}
    split = world.ask_for_experiment("split", weights, default=one, **mirror)
    named = "MirrorReady" if mirror else "CandidatesReady"
    eventually(lambda: world.is_false(SELDON_EXPERIMENT, split, named), SETTLE_SECONDS)
    eventually(lambda: world.is_false(SELDON_EXPERIMENT, split), SETTLE_SECONDS)
    assert world.count(FEW, one) == {one: FEW}


def test_an_experiment_whose_candidate_is_not_there_comes_into_force_with_it(world: SeldonWorld):
    one, two = world.model("one"), f"{world.prefix}two"
    split = world.ask_for_experiment("split", {one: 50, two: 50}, default=one)
    eventually(lambda: world.is_false(SELDON_EXPERIMENT, split), SETTLE_SECONDS)
    world.model("two")
    eventually(lambda: world.weights(one) == {one: 50, two: 50}, SETTLE_SECONDS)
    world.await_ready(SELDON_EXPERIMENT, split)


def test_a_deleted_experiment_gives_all_traffic_to_its_default(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    split = world.split(one, two, 50)
    with world.load(one) as answers:
        world.delete(SELDON_EXPERIMENT, split)
        eventually(lambda: world.weights(one) == {one: 100}, SETTLE_SECONDS)
        assert world.count(FEW, one) == {one: FEW}
    assert {answer.status for answer in answers} == {200}


def test_a_default_may_be_another_one_after_a_change(world: SeldonWorld):
    one, two = world.model("one"), world.model("two")
    world.split(one, two, 50)
    world.ask_for_experiment("split", {one: 50, two: 50}, default=two)
    eventually(lambda: world.weights(one) == {one: 100}, SETTLE_SECONDS)
    eventually(lambda: world.weights(two) == {one: 50, two: 50}, SETTLE_SECONDS)


def _never_in_force(world: SeldonWorld, model: str, weights: dict[str, int]) -> None:
    _attended(world)
    assert world.weights(model) == weights


def _attended(world: SeldonWorld) -> None:
    """Seldon attends to Experiments one after the other: this one comes after all before it."""
    last = world.ask_for_experiment("last", {world.model("last"): 100})
    world.await_ready(SELDON_EXPERIMENT, last)
    world.delete(SELDON_EXPERIMENT, last)
    world.delete(SELDON_MODEL, f"{world.prefix}last")
