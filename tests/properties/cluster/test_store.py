"""Whatever a watch does with its events, the store follows one truth, forwards."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from sluice_operator.cluster.kind import SELDON_MODEL, Object
from sluice_operator.cluster.port import Listing
from sluice_operator.cluster.store import Store

KEYS = [("bank", "a"), ("shop", "a"), ("shop", "b")]


def body(key: tuple[str, str], version: int) -> Object:
    return {
        "metadata": {"namespace": key[0], "name": key[1], "resourceVersion": str(version)},
    }


@dataclass
class Truth:
    """What happened on the API server: one fact for each version."""

    facts: list[tuple[tuple[str, str], bool]]
    """Object, and whether it was written (or deleted) at version 1, 2, 3 …"""

    def copy(self, version: int) -> tuple[tuple[str, str], bool, Object]:
        key, written = self.facts[version - 1]
        return key, written, body(key, version)

    def listed(self, namespace: str, version: int) -> Listing:
        alive = {key: at for key in KEYS if (at := self.alive(key, version))}
        chosen = [body(key, at) for key, at in alive.items() if namespace in {"", key[0]}]
        return Listing(chosen, version=version)

    def alive(self, key: tuple[str, str], version: int) -> int:
        """Version of the object at that moment; 0 when there is none."""
        last = max((n + 1 for n in range(version) if self.facts[n][0] == key), default=0)
        return last if last and self.facts[last - 1][1] else 0


@dataclass
class Model:
    """For each object the newest moment that anything was told of."""

    told: dict[tuple[str, str], int] = field(default_factory=lambda: dict.fromkeys(KEYS, 0))

    def tell(self, key: tuple[str, str], version: int) -> None:
        self.told[key] = max(self.told[key], version)


events = st.tuples(st.just("event"), st.just(""), st.integers(1, 40))
lists = st.tuples(st.just("list"), st.sampled_from(["", "bank", "shop"]), st.integers(1, 40))
truths = st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), min_size=1, max_size=40).map(
    Truth
)


def deliver(store: Store, model: Model, truth: Truth, step: tuple[str, str, int]) -> None:
    what, namespace, wanted = step
    version = min(wanted, len(truth.facts))
    if what == "list":
        store.replace_all(SELDON_MODEL, namespace, truth.listed(namespace, version))
        for key in KEYS:
            if namespace in {"", key[0]}:
                model.tell(key, version)
        return
    key, written, copy = truth.copy(version)
    (store.put if written else store.drop)(SELDON_MODEL, copy)
    model.tell(key, version)


def versions(store: Store) -> dict[tuple[str, str], int]:
    held = {key: store.get(SELDON_MODEL, *key) for key in KEYS}
    return {key: int(b["metadata"]["resourceVersion"]) if b else 0 for key, b in held.items()}


@settings(max_examples=400, deadline=None)
@given(truth=truths, steps=st.lists(events | lists, max_size=60))
def test_the_store_shows_each_object_as_of_the_newest_moment_told(truth, steps) -> None:
    store, model = Store(), Model()
    for step in steps:
        deliver(store, model, truth, step)
        assert versions(store) == {key: truth.alive(key, model.told[key]) for key in KEYS}


@settings(max_examples=200, deadline=None)
@given(truth=truths, steps=st.lists(events | lists, max_size=60))
def test_after_a_fresh_list_the_store_is_the_truth_even_without_a_memory_of_deletions(
    truth, steps
) -> None:
    store = Store(tombstones=0)
    for step in steps:
        deliver(store, Model(), truth, step)
    now = len(truth.facts)
    store.replace_all(SELDON_MODEL, "", truth.listed("", now))
    for step in steps:
        deliver(store, Model(), truth, step)
    assert versions(store) == {key: truth.alive(key, now) for key in KEYS}
