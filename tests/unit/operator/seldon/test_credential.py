"""A Secret that is missing, and what a corrected name does, on Seldon painted."""

from dataclasses import replace

import pytest
from seldon_double.secret import SECRET
from seldon_states import Manner
from seldon_world import DEPLOYMENT, NAMESPACE, ONE, TWO, SeldonWorld, only
from sluice_operator.cluster.kind import SELDON_DEPLOYMENT, SELDON_MODEL
from sluice_operator.model import Routes, Routing
from sluice_operator.seldon.dialect import V1

ADOPTED = Routing(stable=ONE, epoch=1)
PREPARING = Routing(stable=ONE, candidate=TWO, epoch=2)
HALF = {ONE.name: 50, TWO.name: 50}


@pytest.fixture(params=["2.6.0", "2.10.2"])
def world(request):
    world = SeldonWorld(manner=Manner(version=request.param, load_seconds=2.0))
    world.run(ADOPTED)
    return world


@pytest.fixture
def world_1():
    world = SeldonWorld(dialect=V1)
    world.run(ADOPTED)
    return world


def wants(world, secret, of=TWO):
    """The spec names a model and a Secret for it."""
    world.place = replace(world.place, secret_name=secret, secret_for=of.uri)


def has(world, name, **keys):
    metadata = {"namespace": NAMESPACE, "name": name}
    world.cluster.create(SECRET, {"metadata": metadata, "stringData": keys or {"s3": "{}"}})


def secrets(world):
    found = {body["metadata"]["name"]: body["spec"] for body in world.cluster.list(SELDON_MODEL)}
    return {name: spec.get("secretName") for name, spec in found.items()}


def secrets_1(world):
    predictors = world.body(SELDON_DEPLOYMENT)["spec"]["predictors"]
    return {one["name"]: one["graph"].get("envSecretRefName") for one in predictors}


def test_a_secret_that_is_missing_fails_the_model_with_its_name(world):
    wants(world, "absent")
    seen = world.run(PREPARING)
    assert seen.failed == {TWO.name: 'ModelFailed: secrets "absent" not found'}
    assert seen.routes == only(ONE.name)


def test_a_secret_with_two_keys_fails_the_model(world):
    has(world, "double", one="{}", two="{}")
    wants(world, "double")
    assert "Secret does not have 1 key double" in world.run(PREPARING).failed[TWO.name]


def test_a_secret_that_comes_later_does_not_mend_a_failed_model(world):
    wants(world, "late")
    world.run(PREPARING)
    has(world, "late")
    assert TWO.name in world.run(PREPARING).failed


def test_a_corrected_name_goes_through_while_the_candidate_is_not_ready(world):
    has(world, "right")
    wants(world, "absent")
    world.run(PREPARING)
    wants(world, "right")
    assert TWO.name in world.run(PREPARING).ready
    assert secrets(world) == {DEPLOYMENT: None, ONE.name: None, TWO.name: "right"}


def test_another_name_waits_while_a_candidate_answers(world):
    has(world, "right")
    has(world, "other")
    wants(world, "right")
    trying = replace(PREPARING, weight=50, epoch=3)
    world.run(PREPARING)
    world.run(trying)
    wants(world, "other")
    assert world.run(trying).routes == Routes(weights=HALF)
    assert secrets(world)[TWO.name] == "right"


def test_the_secret_of_a_rejected_model_is_never_given_to_stable(world):
    wants(world, "absent")
    world.run(PREPARING)
    over = Routing(stable=ONE, epoch=3)
    seen = world.run(over, turns=12)
    assert seen.ready == {ONE.name}
    assert secrets(world) == {DEPLOYMENT: None, ONE.name: None}


def test_at_rest_stable_and_the_entry_get_another_secret(world):
    has(world, "other")
    wants(world, "other", of=ONE)
    assert world.run(ADOPTED).ready == {ONE.name}
    assert secrets(world) == {DEPLOYMENT: "other", ONE.name: "other"}


def test_a_predictor_without_its_secret_never_gets_available_and_takes_no_traffic(world_1):
    wants(world_1, "absent")
    trying = replace(PREPARING, weight=50, epoch=3)
    seen = world_1.run(trying)
    assert "no longer progressing" in seen.failed[TWO.name]
    assert seen.routes == only(ONE.name)
    assert secrets_1(world_1) == {ONE.name: None, TWO.name: "absent"}


def test_a_corrected_name_starts_the_predictor_and_leaves_stable_alone(world_1):
    wants(world_1, "absent")
    world_1.run(PREPARING)
    has(world_1, "right")
    wants(world_1, "right")
    assert TWO.name in world_1.run(PREPARING).ready
    assert secrets_1(world_1) == {ONE.name: None, TWO.name: "right"}
    wants(world_1, "other")
    world_1.run(PREPARING)
    assert secrets_1(world_1) == {ONE.name: None, TWO.name: "right"}
    world_1.run(Routing(stable=ONE, epoch=3), turns=2)
    assert secrets_1(world_1) == {ONE.name: None}
