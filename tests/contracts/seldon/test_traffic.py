"""Who answers whom."""

import pytest
from eventually import eventually
from seldon_double_world import SETTLE_SECONDS, SeldonWorld
from sluice_operator.cluster.kind import SELDON_EXPERIMENT, SELDON_MODEL

OK, NOT_FOUND = 200, 404
MANY, FEW = 300, 20
DEVIATIONS = 5
"""A share outside of so many standard deviations is met once in a million of right ones."""


@pytest.fixture
def one(world: SeldonWorld) -> str:
    return world.model("one")


@pytest.fixture
def two(world: SeldonWorld) -> str:
    return world.model("two")


def test_a_caller_may_name_the_model_in_the_path(world: SeldonWorld, one: str):
    assert world.ask(path=one).by == one


def test_a_caller_may_name_the_model_in_a_header(world: SeldonWorld, one: str):
    assert world.ask(one, path="whatever").by == one


def test_a_caller_who_names_no_known_model_gets_404(world: SeldonWorld):
    assert world.ask(path=f"{world.prefix}ghost").status == NOT_FOUND


def test_the_answer_says_which_version_gave_it(world: SeldonWorld, one: str):
    answer = world.ask(one)
    assert answer.route == f":{one}_1:"
    assert answer.body["model_name"] == f"{one}_1"


def test_shares_are_as_the_weights_say(world: SeldonWorld, one: str, two: str):
    world.split(one, two, 10)
    assert _fits(world.count(MANY, one)[two], MANY, 0.1)


def test_weights_are_shares_of_their_sum(world: SeldonWorld, one: str, two: str):
    world.experiment("split", {one: 1, two: 3}, default=one)
    eventually(lambda: world.weights(one) == {one: 1, two: 3}, SETTLE_SECONDS)
    assert _fits(world.count(MANY, one)[two], MANY, 0.75)


def test_a_candidate_of_weight_zero_answers_nobody_new(world: SeldonWorld, one: str, two: str):
    world.split(one, two, 0)
    assert world.count(MANY, one) == {one: MANY}


def test_the_default_may_have_weight_zero(world: SeldonWorld, one: str, two: str):
    world.split(one, two, 100)
    assert world.count(FEW, one) == {two: FEW}


def test_a_candidate_still_answers_who_asks_for_it_by_name(world: SeldonWorld, one: str, two: str):
    world.split(one, two, 0)
    assert world.count(FEW, two) == {two: FEW}


def test_who_sends_the_route_back_is_answered_by_the_same_model(
    world: SeldonWorld, one: str, two: str
):
    world.split(one, two, 50)
    assert world.count(FEW, one, sticky=f":{two}_1:") == {two: FEW}
    assert world.count(FEW, one, sticky=f":{one}_1:") == {one: FEW}


def test_a_sticky_caller_stays_with_a_candidate_of_weight_zero(
    world: SeldonWorld, one: str, two: str
):
    world.split(one, two, 50)
    world.split(one, two, 0)
    assert world.count(FEW, one, sticky=f":{two}_1:") == {two: FEW}


def test_a_candidate_taken_out_of_the_experiment_loses_its_sticky_callers_too(
    world: SeldonWorld, one: str, two: str
):
    world.split(one, two, 50)
    world.ask_for_experiment("split", {one: 100}, default=one)
    eventually(lambda: world.weights(one) == {one: 100}, SETTLE_SECONDS)
    assert world.count(FEW, one) == {one: FEW}
    assert world.ask(one, sticky=f":{two}_1:").status == NOT_FOUND


def test_a_model_outside_of_experiments_answers_404_to_sticky_callers(world: SeldonWorld, one: str):
    assert world.ask(one, sticky=f":{one}_1:").status == NOT_FOUND


def test_a_sticky_caller_must_name_the_model_by_header(world: SeldonWorld, one: str, two: str):
    world.split(one, two, 50)
    assert world.ask(path=one, sticky=f":{two}_1:").status == NOT_FOUND


def test_a_change_of_weights_is_in_force_soon_and_fails_no_request(
    world: SeldonWorld, one: str, two: str
):
    world.split(one, two, 0)
    with world.load(one) as answers:
        for weight in (50, 100, 10, 0):
            world.split(one, two, weight)
    assert {answer.status for answer in answers} == {OK}
    assert {answer.by for answer in answers} == {one, two}


def test_a_candidate_that_is_deleted_fails_no_request(world: SeldonWorld, one: str, two: str):
    split = world.split(one, two, 50)
    with world.load(one) as answers:
        world.delete(SELDON_MODEL, two)
        eventually(lambda: world.weights(one) == {one: 100}, SETTLE_SECONDS)
        assert world.count(FEW, one) == {one: FEW}
    assert {answer.status for answer in answers} == {OK}
    eventually(lambda: world.is_false(SELDON_EXPERIMENT, split, "CandidatesReady"), SETTLE_SECONDS)


def test_a_candidate_that_comes_back_has_its_share_again(world: SeldonWorld, one: str, two: str):
    world.split(one, two, 50)
    world.delete(SELDON_MODEL, two)
    eventually(lambda: world.weights(one) == {one: 100}, SETTLE_SECONDS)
    world.model("two")
    eventually(lambda: world.weights(one) == {one: 50, two: 50}, SETTLE_SECONDS)


def test_a_change_that_names_a_model_that_is_not_loaded_gives_all_to_the_default(
    world: SeldonWorld, one: str, two: str
):
    world.split(one, two, 50)
    ghost = f"{world.prefix}ghost"
    world.ask_for_experiment("split", {one: 10, two: 40, ghost: 50}, default=one)
    eventually(lambda: world.weights(one) == {one: 100}, SETTLE_SECONDS)
    assert world.count(FEW, one) == {one: FEW}


def test_the_experiments_own_route_is_right_at_first(world: SeldonWorld, one: str, two: str):
    split = world.experiment("split", {one: 0, two: 100}, default=one)
    assert world.count(FEW, f"{split}.experiment") == {two: FEW}


def test_the_experiments_own_route_keeps_the_past_in_2_6_0(world: SeldonWorld, one: str, two: str):
    split = world.experiment("split", {one: 0, two: 100}, default=one)
    world.split(one, two, 0)
    eventually(lambda: world.ask(f"{split}.experiment").by == one, SETTLE_SECONDS)
    answers = world.count(MANY, f"{split}.experiment")
    assert bool(answers[two]) == (world.release.name == "2.6.0")
    assert world.count(FEW, one) == {one: FEW}


def test_weights_that_are_all_zero_change_nothing_for_anybody(
    world: SeldonWorld, one: str, two: str
):
    world.split(one, two, 100)
    world.ask_for_experiment("split", {one: 0, two: 0}, default=one)
    world.ask_for_model("three", world.package("three"))
    world.await_ready(SELDON_MODEL, f"{world.prefix}three")  # its route is held back, too
    assert world.count(FEW, one) == {two: FEW}
    assert world.ask(f"{world.prefix}three").status == NOT_FOUND
    world.split(one, two, 0)
    assert world.ask(f"{world.prefix}three").status == OK


def test_a_failing_candidate_fails_its_share_of_requests(world: SeldonWorld, one: str):
    bad = world.model("bad", status=500)
    world.split(one, bad, 100)
    answer = world.ask(one)
    assert (answer.status, answer.by) == (500, bad)


def _fits(found: int, requests: int, share: float) -> bool:
    """Whether a binomial count is as expected."""
    deviation = (requests * share * (1 - share)) ** 0.5
    return abs(found - requests * share) <= DEVIATIONS * deviation
