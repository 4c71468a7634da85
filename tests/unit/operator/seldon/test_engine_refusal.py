"""What keeps the engine from writing, and how a person is told."""

import pytest
from cluster_fault import FaultPlan, FaultyCluster
from seldon_states import Manner
from seldon_world import DEPLOYMENT, NAMESPACE, ONE, THREE, TWO, SeldonWorld, only
from sluice_operator.cluster.kind import SELDON_EXPERIMENT, SELDON_MODEL
from sluice_operator.errors import UnavailableError
from sluice_operator.model import Routing
from sluice_operator.seldon.errors import ModelUnknownError, NameTakenError, StorageUnknownError

ADOPTED = Routing(stable=ONE, epoch=1)


@pytest.fixture(params=["2.6.0", "2.10.2"])
def world(request):
    return SeldonWorld(manner=Manner(version=request.param, load_seconds=2.0))


@pytest.fixture
def adopted(world):
    world.run(ADOPTED)
    return world


def candidates(world):
    spec = world.body(SELDON_EXPERIMENT)["spec"]
    return {one["name"]: one["weight"] for one in spec["candidates"]}


def test_a_name_that_belongs_to_somebody_else_is_left_alone(world):
    metadata = {"namespace": NAMESPACE, "name": DEPLOYMENT}
    world.cluster.create(SELDON_MODEL, {"metadata": metadata, "spec": {"storageUri": "s3://x"}})
    for _ in range(2):  # found out by the first write, known from the store by the next
        said = world.route(ADOPTED)
        assert "name is taken: Model shop/churn" in said
        assert said.startswith(NameTakenError.__name__)
        world.watch()
    assert world.body(SELDON_MODEL)["spec"] == {"storageUri": "s3://x"}


def test_a_name_that_was_given_back_is_used(world):
    metadata = {"namespace": NAMESPACE, "name": DEPLOYMENT}
    world.cluster.create(SELDON_MODEL, {"metadata": metadata, "spec": {"storageUri": "s3://x"}})
    assert "name is taken" in world.route(ADOPTED)
    world.cluster.delete(SELDON_MODEL, NAMESPACE, DEPLOYMENT)  # and no watch tells of it
    assert world.route(ADOPTED) == ""
    assert world.run(ADOPTED).routes == only(ONE.name)


def test_another_experiment_on_our_entry_is_named(world):
    metadata = {"namespace": NAMESPACE, "name": "by-hand"}
    spec = {"default": DEPLOYMENT, "candidates": [{"name": DEPLOYMENT, "weight": 1}]}
    world.cluster.create(SELDON_EXPERIMENT, {"metadata": metadata, "spec": spec})
    assert "Experiment shop/by-hand divides the traffic of churn already" in world.route(ADOPTED)
    assert world.names(SELDON_EXPERIMENT) == ["by-hand"]


def test_a_model_that_nobody_knows_keeps_nobody_else_from_traffic(adopted):
    def resolve(revision):
        if revision == THREE:
            raise ModelUnknownError(f"{revision.uri}: no such model")
        return revision.uri

    adopted.run(Routing(stable=ONE, candidate=TWO, weight=50, epoch=2))
    adopted.resolve = resolve
    said = adopted.route(Routing(stable=ONE, candidate=THREE, epoch=3))
    assert said == "ModelUnknownError: s3://models/c: no such model"
    assert candidates(adopted) == {DEPLOYMENT: 0, ONE.name: 100}


def test_the_revision_that_cannot_be_found_is_named(adopted):
    def resolve(revision):
        raise StorageUnknownError("the registry is away")

    adopted.resolve = resolve
    with pytest.raises(StorageUnknownError) as told:
        adopted.engine().route(DEPLOYMENT, Routing(stable=ONE, candidate=TWO, epoch=2))
    assert told.value.revision == TWO.name


def test_a_write_without_an_answer_is_told_before_all_else(adopted):
    """It may still arrive: whoever told the engine must make sure of it before deciding anew."""

    def resolve(revision):
        raise ModelUnknownError("no such model")

    adopted.run(Routing(stable=ONE, candidate=TWO, weight=50, epoch=2))
    adopted.resolve = resolve
    adopted.cluster = FaultyCluster(adopted.cluster, FaultPlan(late=1.0))
    with pytest.raises(UnavailableError):
        adopted.engine().route(DEPLOYMENT, Routing(stable=ONE, candidate=THREE, epoch=3))


def test_a_model_is_looked_up_once(adopted):
    asked = []
    adopted.resolve = lambda revision: asked.append(revision.name) or "s3://found"
    adopted.run(Routing(stable=ONE, candidate=TWO, epoch=2))
    adopted.run(Routing(stable=ONE, candidate=TWO, weight=10, epoch=3))
    assert asked == [TWO.name]
    assert adopted.body(SELDON_MODEL, TWO.name)["spec"]["storageUri"] == "s3://found"


def test_a_missing_kind_says_what_to_install(world):
    world.cluster.uninstall(SELDON_EXPERIMENT)
    assert world.route(ADOPTED) == (
        "MissingKindError: Seldon Core 2 is not installed: no kind Experiment in"
        " mlops.seldon.io/v1alpha1; install its CRDs, or set spec.backend.type to SeldonV1"
    )


def test_a_missing_right_is_named(world):
    world.cluster.forbid("create", SELDON_EXPERIMENT)
    said = world.route(ADOPTED)
    assert said.startswith("ForbiddenError: Experiment shop/churn:")
    assert "create" in said


def test_what_the_api_server_refuses_is_said_with_the_object(adopted):
    adopted.cluster._admission = lambda kind, body: "spec.candidates: too many"
    said = adopted.route(Routing(stable=ONE, candidate=TWO, epoch=2))
    assert said.startswith("InvalidError: Experiment shop/churn is refused: ")
    assert "too many" in said
