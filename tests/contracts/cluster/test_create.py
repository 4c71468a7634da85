"""How every cluster makes objects."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cluster_world import OTHER, THING, ClusterWorld
from sluice_operator.cluster.kind import version_of
from sluice_operator.errors import ExistsError


def test_a_new_object_is_numbered(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body(weight=1))
    assert made["spec"] == {"weight": 1}
    assert made["metadata"]["generation"] == 1
    assert {"uid", "resourceVersion", "creationTimestamp"} <= made["metadata"].keys()


def test_versions_grow_over_all_kinds(world: ClusterWorld) -> None:
    kinds = (THING, OTHER, THING, OTHER)
    made = [world.cluster.create(kind, world.body(f"m{n}")) for n, kind in enumerate(kinds)]
    versions = [version_of(body) for body in made]
    assert versions == sorted(set(versions))


def test_a_new_object_has_no_status_yet(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, {**world.body(), "status": {"phase": "Healthy"}})
    assert "status" not in made


def test_a_name_is_given_once(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    with pytest.raises(ExistsError):
        world.cluster.create(THING, world.body(weight=2))
    assert world.cluster.get(THING, world.namespace, "churn") == first


def test_a_deleted_object_can_be_made_again_from_its_copy(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    world.cluster.delete(THING, world.namespace, "churn")
    second = world.cluster.create(THING, first)
    assert second["spec"] == first["spec"]
    assert second["metadata"]["uid"] != first["metadata"]["uid"]


def test_of_many_who_make_the_same_object_one_succeeds(world: ClusterWorld) -> None:
    def make(number: int) -> int | None:
        try:
            world.cluster.create(THING, world.body(writer=number))
        except ExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as threads:
        makers = [number for number in threads.map(make, range(8)) if number is not None]
    live = world.cluster.get(THING, world.namespace, "churn")
    assert live is not None
    assert makers == [live["spec"]["writer"]]


def test_owners_and_finalizers_are_kept(world: ClusterWorld) -> None:
    body = world.body()
    owner = {"apiVersion": "v1", "kind": "K", "name": "n", "uid": "1-2", "controller": True}
    body["metadata"] |= {"finalizers": ["sluice.dev/x"], "ownerReferences": [owner]}
    made = world.cluster.create(THING, body)
    assert made["metadata"]["finalizers"] == ["sluice.dev/x"]
    assert made["metadata"]["ownerReferences"] == [owner]
    world.patch("churn", {"metadata": {"finalizers": None}})
