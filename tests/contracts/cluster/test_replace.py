"""How every cluster replaces objects and their status."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cluster_world import THING, ClusterWorld
from sluice_operator.cluster.kind import LEASE
from sluice_operator.errors import ConflictError, MissingError, MissingKindError


def test_a_replacement_is_whole(world: ClusterWorld) -> None:
    world.cluster.create(THING, world.body(weight=1, note="a"))
    world.patch("churn", {"metadata": {"labels": {"team": "x"}}, "spec": {"mirror": {"name": "m"}}})
    live = world.cluster.get(THING, world.namespace, "churn")
    assert live is not None
    after = world.cluster.replace(THING, world.copy_of(live, weight=2))
    assert after["spec"] == {"weight": 2}
    assert "labels" not in after["metadata"]
    assert after["metadata"]["generation"] == live["metadata"]["generation"] + 1


def test_a_replacement_leaves_the_status_alone(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body(weight=1))
    painted = world.cluster.replace_status(THING, {**made, "status": {"phase": "Healthy"}})
    wanted = {**world.copy_of(painted, weight=2), "status": {"phase": "Wrong"}}
    assert world.cluster.replace(THING, wanted)["status"] == {"phase": "Healthy"}


def test_a_replacement_that_changes_nothing_is_no_write(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body(weight=1))
    assert world.cluster.replace(THING, made) == made


def test_a_replacement_of_an_older_copy_is_refused(world: ClusterWorld) -> None:
    first = world.cluster.create(THING, world.body(weight=1))
    second = world.cluster.apply(THING, world.body(weight=2))
    with pytest.raises(ConflictError):
        world.cluster.replace(THING, world.copy_of(first, weight=3))
    assert world.cluster.get(THING, world.namespace, "churn") == second


def test_of_many_who_replace_the_same_copy_one_succeeds(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body())

    def replace(number: int) -> int | None:
        try:
            world.cluster.replace(THING, world.copy_of(made, writer=number))
        except ConflictError:
            return None
        return number

    with ThreadPoolExecutor(8) as threads:
        writers = [number for number in threads.map(replace, range(8)) if number is not None]
    live = world.cluster.get(THING, world.namespace, "churn")
    assert live is not None
    assert writers == [live["spec"]["writer"]]


def test_what_is_gone_is_not_replaced(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body())
    world.cluster.delete(THING, world.namespace, "churn")
    with pytest.raises(MissingError):
        world.cluster.replace(THING, world.copy_of(made, weight=2))
    with pytest.raises(MissingError):
        world.cluster.replace_status(THING, {**made, "status": {"phase": "Healthy"}})


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_a_replacement_without_its_copy_is_a_bug(world: ClusterWorld, field: str) -> None:
    wanted = world.copy_of(world.cluster.create(THING, world.body()), weight=2)
    del wanted["metadata"][field]
    with pytest.raises(ValueError, match=f"churn: metadata.{field} is missing"):
        world.cluster.replace(THING, wanted)
    with pytest.raises(ValueError, match=f"churn: metadata.{field} is missing"):
        world.cluster.replace_status(THING, wanted)


def test_a_status_is_written_beside_the_object(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body(weight=1))
    wanted = {**world.copy_of(made, weight=9), "status": {"phase": "Healthy"}}
    after = world.cluster.replace_status(THING, wanted)
    assert (after["spec"], after["status"]) == ({"weight": 1}, {"phase": "Healthy"})
    assert after["metadata"]["generation"] == 1
    assert after["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]


def test_a_status_is_replaced_whole(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body())
    first = world.cluster.replace_status(THING, {**made, "status": {"a": {"x": 1}, "b": 2}})
    second = world.cluster.replace_status(THING, {**first, "status": {"a": {"y": 2}}})
    assert second["status"] == {"a": {"y": 2}}


def test_the_same_status_is_no_write(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body())
    first = world.cluster.replace_status(THING, {**made, "status": {"a": 1}})
    assert world.cluster.replace_status(THING, {**first, "status": {"a": 1}}) == first


@pytest.mark.parametrize("e_value", [1.25e20, 10**20, 1e300, 0.1])
def test_numbers_beyond_64_bits_are_written_back_as_they_were_read(
    world: ClusterWorld, e_value: float
) -> None:
    """The API server writes a float of up to 21 digits as an integer, and so a watch reads it."""
    made = world.cluster.create(THING, world.body())
    first = world.cluster.replace_status(THING, {**made, "status": {"eHarm": e_value}})
    again = {**first, "status": {"eHarm": first["status"]["eHarm"], "phase": "Healthy"}}
    assert world.cluster.replace_status(THING, again)["status"]["eHarm"] == e_value


def test_a_status_for_an_older_copy_is_refused(world: ClusterWorld) -> None:
    made = world.cluster.create(THING, world.body())
    world.cluster.apply(THING, world.body(weight=2))
    with pytest.raises(ConflictError):
        world.cluster.replace_status(THING, {**made, "status": {"a": 1}})


def lease(world: ClusterWorld, holder: str) -> dict:
    return {
        "metadata": {"namespace": world.namespace, "name": "sluice"},
        "spec": {"holderIdentity": holder, "leaseTransitions": 0},
    }


def test_a_lease_is_made_replaced_and_fenced(world: ClusterWorld) -> None:
    made = world.cluster.create(LEASE, lease(world, "a"))
    taken = {**made, "spec": {**made["spec"], "holderIdentity": "b"}}
    assert world.cluster.replace(LEASE, taken)["spec"]["holderIdentity"] == "b"
    with pytest.raises(ConflictError):
        world.cluster.replace(LEASE, taken)


def test_a_lease_that_is_gone_is_not_made_by_a_replacement(world: ClusterWorld) -> None:
    made = world.cluster.create(LEASE, lease(world, "a"))
    world.cluster.delete(LEASE, world.namespace, "sluice")
    with pytest.raises(ConflictError):
        world.cluster.replace(LEASE, made)
    assert world.cluster.get(LEASE, world.namespace, "sluice") is None


def test_a_kind_without_status_says_so(world: ClusterWorld) -> None:
    made = world.cluster.create(LEASE, lease(world, "a"))
    with pytest.raises(MissingKindError, match="status"):
        world.cluster.replace_status(LEASE, made)
