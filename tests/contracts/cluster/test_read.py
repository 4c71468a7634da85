"""What every cluster answers when it is asked."""

import pytest
from cluster_world import ABSENT, OTHER, THING, ClusterWorld
from sluice_operator.errors import ForbiddenError, MissingKindError


def names(bodies) -> list[str]:
    return [body["metadata"]["name"] for body in bodies]


def test_there_is_nothing_at_first(world: ClusterWorld) -> None:
    assert world.cluster.get(THING, world.namespace, "churn") is None
    assert world.cluster.list(THING, world.namespace) == ()


def test_what_was_made_is_found(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body(weight=1))
    assert world.cluster.get(THING, world.namespace, "churn") == made
    assert world.cluster.list(THING, world.namespace) == (made,)


def test_objects_say_their_kind_alone_and_in_lists(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body())
    (listed,) = world.cluster.list(THING, world.namespace)
    assert (listed["apiVersion"], listed["kind"]) == ("contract.sluice.dev/v1", "Thing")


def test_kinds_do_not_mix(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body())
    assert world.cluster.get(OTHER, world.namespace, "churn") is None


def test_a_list_of_one_namespace_leaves_the_others_out(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body())
    assert world.cluster.list(THING, "elsewhere") == ()
    everywhere = world.cluster.list(THING)
    assert world.namespace in {body["metadata"]["namespace"] for body in everywhere}


def test_a_list_is_chosen_by_labels(world: ClusterWorld) -> None:
    for name, labels in (("a", {"team": "x"}), ("b", {"team": "y"}), ("c", {})):
        body = world.body(name)
        body["metadata"]["labels"] = labels
        world.cluster.create(THING, body)
    chosen = {s: names(world.cluster.list(THING, world.namespace, selector=s)) for s in SELECTORS}
    assert chosen == {"team=x": ["a"], "team": ["a", "b"], "team=z": [], "team=x,team=y": []}


SELECTORS = ("team=x", "team", "team=z", "team=x,team=y")


def test_a_list_knows_its_moment(world: ClusterWorld) -> None:
    before = world.cluster.list(THING, world.namespace).version
    made = int(world.cluster.create(THING, world.body())["metadata"]["resourceVersion"])
    assert before < made <= world.cluster.list(THING, world.namespace).version


def test_an_answer_belongs_to_whoever_asked(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body(candidates=[{"name": "a"}]))
    mine = world.cluster.get(THING, world.namespace, "churn")
    assert mine is not None
    mine["spec"]["candidates"][0]["name"] = "b"
    live = world.cluster.get(THING, world.namespace, "churn")
    assert live is not None
    assert live["spec"]["candidates"] == [{"name": "a"}]


def test_answers_carry_no_ledger_of_field_managers(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body())
    (listed,) = world.cluster.list(THING, world.namespace)
    assert "managedFields" not in made["metadata"] | listed["metadata"]


@pytest.mark.parametrize("call", ["get", "list", "create", "apply", "delete"])
def test_a_kind_that_is_not_installed_is_named(world: ClusterWorld, call: str) -> None:
    calls = {
        "get": lambda: world.cluster.get(ABSENT, world.namespace, "churn"),
        "list": lambda: world.cluster.list(ABSENT, world.namespace),
        "create": lambda: world.cluster.create(ABSENT, world.body()),
        "apply": lambda: world.cluster.apply(ABSENT, world.body()),
        "delete": lambda: world.cluster.delete(ABSENT, world.namespace, "churn"),
    }
    with pytest.raises(MissingKindError, match=r"ghosts\.contract\.sluice\.dev.*CRD"):
        calls[call]()


def test_who_has_no_rights_is_told_which(world: ClusterWorld) -> None:
    with pytest.raises(ForbiddenError, match='cannot list resource "things" in API group'):
        world.stranger.list(THING, world.namespace)
    with pytest.raises(ForbiddenError, match='cannot patch resource "things" in API group'):
        world.stranger.apply(THING, world.body())


def test_rights_can_be_asked_for(world: ClusterWorld) -> None:
    assert world.cluster.allowed("patch", THING, world.namespace)
    assert not world.stranger.allowed("patch", THING, world.namespace)
