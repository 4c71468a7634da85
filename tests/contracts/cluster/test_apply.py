"""How every cluster carries out server-side apply."""

import pytest
from cluster_world import THING, ClusterWorld
from sluice_operator.errors import ConflictError


def test_apply_makes_what_is_missing(world: ClusterWorld) -> None:
    made = world.cluster.apply(THING, world.body(weight=1))
    assert made == world.cluster.get(THING, world.namespace, "churn")
    assert made["metadata"]["generation"] == 1


def test_the_same_apply_twice_is_one_write(world: ClusterWorld) -> None:
    first = world.cluster.apply(THING, world.body(weight=1))
    assert world.cluster.apply(THING, world.body(weight=1)) == first
    assert len(world.told(version(first) - 1)) == 1


def test_apply_of_what_was_created_is_no_write(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    assert world.cluster.apply(THING, world.body(weight=1)) == first


def test_a_change_of_spec_is_a_new_generation(world: ClusterWorld) -> None:
    first = world.cluster.apply(THING, world.body(weight=1))
    second = world.cluster.apply(THING, world.copy_of(first, weight=2))
    assert second["spec"] == {"weight": 2}
    assert second["metadata"]["generation"] == 2
    assert version(second) > version(first)
    assert second["metadata"]["uid"] == first["metadata"]["uid"]


def test_a_change_of_metadata_is_no_new_generation(world: ClusterWorld) -> None:
    first = world.cluster.apply(THING, world.body(weight=1))
    wanted = world.copy_of(first, weight=1)
    wanted["metadata"]["annotations"] = {"sluice.dev/epoch": "7"}
    second = world.cluster.apply(THING, wanted)
    assert second["metadata"]["generation"] == 1
    assert version(second) > version(first)


@pytest.mark.parametrize("made_by", ["create", "apply"])
def test_what_we_leave_out_vanishes(world: ClusterWorld, made_by: str) -> None:
    body = world.body(weight=1, mirror={"name": "m", "percent": 5}, candidates=["a"])
    body["metadata"] |= {"labels": {"a": "1", "b": "2"}, "finalizers": ["sluice.dev/x"]}
    getattr(world.cluster, made_by)(THING, body)
    less = world.body(weight=1)
    less["metadata"]["labels"] = {"a": "1"}
    live = world.cluster.apply(THING, less)
    assert live["spec"] == {"weight": 1}
    assert live["metadata"]["labels"] == {"a": "1"}
    assert "finalizers" not in live["metadata"]


def test_an_object_can_lose_all_that_we_applied(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body(mirror={"name": "m"}))
    bare = {"metadata": world.body()["metadata"]}
    assert "spec" not in world.cluster.apply(THING, bare)


def test_a_list_is_replaced_whole(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body(candidates=[{"name": "a", "weight": 1}, {"name": "b"}]))
    live = world.cluster.apply(THING, world.body(candidates=[{"name": "b", "weight": 2}]))
    assert live["spec"]["candidates"] == [{"name": "b", "weight": 2}]


def test_what_others_added_stays(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body(weight=1, mirror={"name": "m"}))
    others = {
        "metadata": {"labels": {"team": "x"}},
        "spec": {"note": "hi", "mirror": {"percent": 5}},
    }
    world.patch("churn", others)
    live = world.cluster.apply(THING, world.body(weight=2))
    assert live["spec"] == {"weight": 2, "note": "hi", "mirror": {"percent": 5}}
    assert live["metadata"]["labels"] == {"team": "x"}


def test_what_others_changed_is_taken_back_by_force(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body(weight=1, candidates=["a"]))
    world.patch("churn", {"spec": {"weight": 99, "candidates": ["evil"]}})
    live = world.cluster.apply(THING, world.body(weight=1, candidates=["a"]))
    assert live["spec"] == {"weight": 1, "candidates": ["a"]}


def test_what_others_changed_stays_when_we_leave_it_out(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body(weight=1, mirror={"name": "m", "percent": 5}))
    world.patch("churn", {"spec": {"mirror": {"percent": 99}}})
    live = world.cluster.apply(THING, world.body(weight=1))
    assert live["spec"] == {"weight": 1, "mirror": {"percent": 99}}


def test_what_was_taken_back_can_be_left_out_again(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body(weight=1, note="a"))
    world.patch("churn", {"spec": {"note": "b"}})
    world.cluster.apply(THING, world.body(weight=1, note="a"))
    assert world.cluster.apply(THING, world.body(weight=1))["spec"] == {"weight": 1}


def test_a_replacement_takes_fields_out_of_apply(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    world.cluster.replace(THING, world.copy_of(first, weight=1, note="a"))
    assert world.cluster.apply(THING, world.body(weight=1))["spec"] == {"weight": 1, "note": "a"}


def test_apply_keeps_the_status(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    world.cluster.replace_status(THING, {**first, "status": {"phase": "Healthy"}})
    applied = {**world.body(weight=2), "status": {"phase": "Wrong"}}
    assert world.cluster.apply(THING, applied)["status"] == {"phase": "Healthy"}


def test_apply_to_an_older_copy_is_refused(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    second = world.cluster.apply(THING, world.body(weight=2))
    with pytest.raises(ConflictError):
        world.cluster.apply(THING, world.copy_of(first, weight=3))
    assert world.cluster.get(THING, world.namespace, "churn") == second


def test_a_late_apply_does_not_raise_the_dead(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    world.cluster.delete(THING, world.namespace, "churn")
    with pytest.raises(ConflictError):
        world.cluster.apply(THING, world.copy_of(first, weight=2))
    assert world.cluster.get(THING, world.namespace, "churn") is None


def test_a_late_apply_does_not_hit_an_object_of_the_same_name(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    world.cluster.delete(THING, world.namespace, "churn")
    second = world.cluster.create(THING, world.body(weight=9))
    with pytest.raises(ConflictError):
        world.cluster.apply(THING, world.copy_of(first, weight=2))
    assert world.cluster.get(THING, world.namespace, "churn") == second


def test_a_version_without_a_uid_is_a_bug(world: ClusterWorld) -> None:
    wanted = world.copy_of(world.cluster.create(THING, world.body()), weight=2)
    del wanted["metadata"]["uid"]
    with pytest.raises(ValueError, match=r"churn: metadata.resourceVersion without metadata.uid"):
        world.cluster.apply(THING, wanted)


def test_a_finalizer_is_added_and_taken_away_beside_everything_else(world: ClusterWorld) -> None:
    world.cluster.create(THING, {"metadata": world.body()["metadata"]})
    world.patch("churn", {"metadata": {"finalizers": ["other/x"]}, "spec": {"weight": 1}})
    mine = {"metadata": world.body()["metadata"] | {"finalizers": ["sluice.dev/x"]}}
    added = world.cluster.apply(THING, mine)
    assert set(added["metadata"]["finalizers"]) == {"other/x", "sluice.dev/x"}
    assert added["spec"] == {"weight": 1}
    without = {"metadata": world.body()["metadata"] | {"finalizers": []}}
    assert world.cluster.apply(THING, without)["metadata"]["finalizers"] == ["other/x"]
    world.patch("churn", {"metadata": {"finalizers": None}})


def version(body) -> int:
    return int(body["metadata"]["resourceVersion"])
