"""How every cluster lets objects go."""

import pytest
from cluster_world import THING, ClusterWorld
from sluice_operator.cluster.kind import version_of
from sluice_operator.errors import ConflictError, InvalidError


def with_finalizer(world: ClusterWorld) -> dict:
    body = world.body(weight=1)
    body["metadata"]["finalizers"] = ["sluice.dev/x"]
    return body


def test_a_deleted_object_is_gone(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body())
    world.cluster.delete(THING, world.namespace, "churn")
    assert world.cluster.get(THING, world.namespace, "churn") is None
    assert world.cluster.list(THING, world.namespace) == ()


def test_deleting_nothing_does_nothing(world: ClusterWorld) -> None:
    world.cluster.delete(THING, world.namespace, "churn")
    world.cluster.delete(THING, world.namespace, "churn", uid="1", resource_version="2")


def test_only_the_object_that_was_meant_is_deleted(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body())
    with pytest.raises(ConflictError):
        world.cluster.delete(THING, world.namespace, "churn", uid="another")
    assert world.cluster.get(THING, world.namespace, "churn") == made
    world.cluster.delete(THING, world.namespace, "churn", uid=made["metadata"]["uid"])
    assert world.cluster.get(THING, world.namespace, "churn") is None


def test_only_the_copy_that_was_meant_is_deleted(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body())
    newer = world.cluster.apply(THING, world.body(weight=2))
    for copy, gone in ((made, False), (newer, True)):
        conditions = {"uid": copy["metadata"]["uid"], "resource_version": str(version_of(copy))}
        if gone:
            world.cluster.delete(THING, world.namespace, "churn", **conditions)
        else:
            with pytest.raises(ConflictError):
                world.cluster.delete(THING, world.namespace, "churn", **conditions)
    assert world.cluster.get(THING, world.namespace, "churn") is None


def test_a_finalizer_keeps_an_object_in_a_new_generation(world: ClusterWorld) -> None:
    world.cluster.create(THING, with_finalizer(world))
    world.cluster.delete(THING, world.namespace, "churn")
    live = world.cluster.get(THING, world.namespace, "churn")
    assert live is not None
    assert "deletionTimestamp" in live["metadata"]
    assert live["metadata"]["generation"] == 2
    world.cluster.delete(THING, world.namespace, "churn")
    assert world.cluster.get(THING, world.namespace, "churn") == live
    world.patch("churn", {"metadata": {"finalizers": None}})


def test_a_deleted_object_goes_with_its_last_finalizer(world: ClusterWorld) -> None:
    world.cluster.create(THING, with_finalizer(world))
    world.cluster.delete(THING, world.namespace, "churn")
    world.cluster.apply(THING, world.body(weight=1))
    assert world.cluster.get(THING, world.namespace, "churn") is None


def test_a_deleted_object_can_still_be_written(world: ClusterWorld) -> None:
    world.cluster.create(THING, with_finalizer(world))
    world.cluster.delete(THING, world.namespace, "churn")
    live = world.cluster.get(THING, world.namespace, "churn")
    assert live is not None
    after = world.cluster.replace_status(THING, {**live, "status": {"phase": "Terminating"}})
    assert after["status"] == {"phase": "Terminating"}
    world.patch("churn", {"metadata": {"finalizers": None}})


def test_a_deleted_object_gains_no_finalizer(world: ClusterWorld) -> None:
    world.cluster.create(THING, with_finalizer(world))
    world.cluster.delete(THING, world.namespace, "churn")
    more = with_finalizer(world)
    more["metadata"]["finalizers"].append("sluice.dev/y")
    with pytest.raises(InvalidError, match=r"metadata\.finalizers"):
        world.cluster.apply(THING, more)
    world.patch("churn", {"metadata": {"finalizers": None}})


def test_watches_are_told_of_each_change_in_order(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, with_finalizer(world))
    world.cluster.apply(THING, world.body(weight=2))
    world.cluster.delete(THING, world.namespace, "churn")
    told = world.told(version_of(made) - 1)
    assert [what for what, _ in told] == ["ADDED", "MODIFIED", "DELETED"]
    versions = [version for _, version in told]
    assert versions == sorted(set(versions))
