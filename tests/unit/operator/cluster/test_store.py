"""The operator's copy of what it watches."""

import threading
from typing import Any

from sluice_operator.cluster.kind import DEPLOYMENT_LABEL, ROLLOUT_RUN, SELDON_MODEL, Kind, Object
from sluice_operator.cluster.port import Listing
from sluice_operator.cluster.store import Store


def body(name: str, version: int, namespace: str = "shop", owner: str = "", **spec: Any) -> Object:
    labels = {DEPLOYMENT_LABEL: owner} if owner else {}
    metadata = {
        "name": name,
        "namespace": namespace,
        "resourceVersion": str(version),
        "labels": labels,
    }
    return {"metadata": metadata, "spec": spec}


def names(bodies: tuple[Object, ...]) -> list[str]:
    return [found["metadata"]["name"] for found in bodies]


def test_what_was_put_is_found() -> None:
    store = Store()
    churn = body("churn", 7)
    assert store.put(SELDON_MODEL, churn)
    assert store.get(SELDON_MODEL, "shop", "churn") is churn
    assert store.get(SELDON_MODEL, "bank", "churn") is None
    assert store.get(ROLLOUT_RUN, "shop", "churn") is None


def test_an_older_or_equal_copy_changes_nothing() -> None:
    store = Store()
    newest = body("churn", 10)
    store.put(SELDON_MODEL, newest)
    assert not store.put(SELDON_MODEL, body("churn", 9))
    assert not store.put(SELDON_MODEL, body("churn", 10))
    assert store.get(SELDON_MODEL, "shop", "churn") is newest


def test_versions_compare_as_numbers() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("churn", 9))
    assert store.put(SELDON_MODEL, body("churn", 10))


def test_a_late_copy_does_not_raise_the_dead() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("churn", 5))
    assert store.drop(SELDON_MODEL, body("churn", 8))
    assert not store.put(SELDON_MODEL, body("churn", 6))
    assert store.all(SELDON_MODEL) == ()


def test_a_deletion_that_comes_first_holds_against_what_it_deleted() -> None:
    store = Store()
    assert not store.drop(SELDON_MODEL, body("churn", 8))
    assert not store.put(SELDON_MODEL, body("churn", 7))


def test_an_object_made_again_outlives_the_late_news_of_its_deletion() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("churn", 9))
    assert not store.drop(SELDON_MODEL, body("churn", 8))
    assert names(store.all(SELDON_MODEL)) == ["churn"]


def test_a_copy_we_deleted_ourselves_is_dropped_by_its_own_version() -> None:
    store = Store()
    held = body("churn", 9)
    store.put(SELDON_MODEL, held)
    assert store.drop(SELDON_MODEL, held)
    assert not store.put(SELDON_MODEL, held)


def test_objects_are_found_by_the_deployment_that_owns_them() -> None:
    store = Store()
    for name in ("churn-b", "churn-a", "fraud-a"):
        store.put(SELDON_MODEL, body(name, 1, owner=name.split("-")[0]))
    store.put(SELDON_MODEL, body("churn-a", 1, namespace="bank", owner="churn"))
    store.put(SELDON_MODEL, body("stranger", 1))
    assert names(store.owned(SELDON_MODEL, "shop", "churn")) == ["churn-a", "churn-b"]
    assert store.owned(ROLLOUT_RUN, "shop", "churn") == ()


def test_the_owner_follows_the_label() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("m", 1, owner="churn"))
    store.put(SELDON_MODEL, body("m", 2, owner="fraud"))
    assert store.owned(SELDON_MODEL, "shop", "churn") == ()
    assert names(store.owned(SELDON_MODEL, "shop", "fraud")) == ["m"]
    store.drop(SELDON_MODEL, body("m", 3))
    assert store.owned(SELDON_MODEL, "shop", "fraud") == ()


def test_an_object_whose_labels_are_null_has_no_owner() -> None:
    store = Store()
    metadata = {"name": "m", "namespace": "shop", "resourceVersion": "1", "labels": None}
    assert store.put(SELDON_MODEL, {"metadata": metadata})


def test_a_list_drops_what_it_does_not_hold() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("gone", 1, owner="churn"))
    store.put(SELDON_MODEL, body("kept", 2))
    assert store.replace_all(SELDON_MODEL, "", Listing([body("kept", 2)], version=5))
    assert names(store.all(SELDON_MODEL)) == ["kept"]
    assert store.owned(SELDON_MODEL, "shop", "churn") == ()


def test_a_list_keeps_what_is_newer_than_itself() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("just-made", 9))
    assert not store.replace_all(SELDON_MODEL, "", Listing(version=5))
    assert names(store.all(SELDON_MODEL)) == ["just-made"]


def test_a_list_of_one_namespace_leaves_the_others_alone() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("churn", 1))
    store.put(SELDON_MODEL, body("churn", 1, namespace="bank"))
    store.replace_all(SELDON_MODEL, "bank", Listing(version=5))
    assert store.get(SELDON_MODEL, "shop", "churn") is not None
    assert store.get(SELDON_MODEL, "bank", "churn") is None


def test_a_copy_that_a_list_has_shown_to_be_dead_stays_out_although_it_was_never_held() -> None:
    store = Store()
    store.replace_all(SELDON_MODEL, "shop", Listing(version=5))
    assert not store.put(SELDON_MODEL, body("ghost", 4))
    assert store.put(SELDON_MODEL, body("ghost", 4, namespace="bank"))


def test_a_list_older_than_what_is_known_takes_nothing_back() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("churn", 8))
    store.drop(SELDON_MODEL, body("gone", 9))
    stale = Listing([body("churn", 3), body("gone", 2)], version=4)
    assert not store.replace_all(SELDON_MODEL, "", stale)
    assert [found["metadata"]["resourceVersion"] for found in store.all(SELDON_MODEL)] == ["8"]


def test_only_the_newest_deletions_are_remembered() -> None:
    store = Store(tombstones=2)
    for name in ("a", "b", "c"):
        store.drop(SELDON_MODEL, body(name, 5))
    assert [store.put(SELDON_MODEL, body(name, 4)) for name in ("a", "b", "c")] == [
        True,
        False,
        False,
    ]


def test_listeners_are_told_of_news_and_of_nothing_else() -> None:
    store = Store()
    told: list[tuple[Kind, str]] = []
    store.listen(lambda kind, found: told.append((kind, found["metadata"]["resourceVersion"])))
    store.put(SELDON_MODEL, body("churn", 5))
    store.put(SELDON_MODEL, body("churn", 5))
    store.put(SELDON_MODEL, body("churn", 4))
    store.drop(SELDON_MODEL, body("churn", 6))
    store.drop(SELDON_MODEL, body("churn", 6))
    assert told == [(SELDON_MODEL, "5"), (SELDON_MODEL, "6")]


def test_a_listener_is_told_of_what_a_list_changed() -> None:
    store = Store()
    store.put(SELDON_MODEL, body("gone", 1))
    store.put(SELDON_MODEL, body("same", 2))
    told: list[str] = []
    store.listen(lambda _, found: told.append(found["metadata"]["name"]))
    store.replace_all(SELDON_MODEL, "", Listing([body("same", 2), body("new", 3)], version=4))
    assert told == ["new", "gone"]


def test_a_listener_finds_the_news_in_the_store() -> None:
    store = Store()
    found: list[Object | None] = []
    store.listen(lambda kind, _: found.append(store.get(kind, "shop", "churn")))
    churn = body("churn", 5)
    store.put(SELDON_MODEL, churn)
    assert found == [churn]


def test_many_threads_end_at_the_newest_copy() -> None:
    store = Store()

    def write(start: int) -> None:
        for version in range(start, 4001, 4):
            store.put(SELDON_MODEL, body("churn", version, owner=f"d{version % 7}"))

    threads = [threading.Thread(target=write, args=(start,)) for start in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (last,) = store.all(SELDON_MODEL)
    assert last["metadata"]["resourceVersion"] == "4000"
    owners = [name for name in range(7) if store.owned(SELDON_MODEL, "shop", f"d{name}")]
    assert owners == [4000 % 7]
