"""The double beside the contract: what others do to it, its watches and its faults."""

from datetime import UTC, datetime

import pytest
from cluster_fault import FaultPlan, FaultyCluster, Killed, Strike
from cluster_watch import Watch, WatchFaults
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_cluster import MemoryCluster
from sluice_operator.cluster.kind import LEASE, SELDON_EXPERIMENT
from sluice_operator.cluster.port import Plain
from sluice_operator.cluster.store import Store
from sluice_operator.errors import ClusterError, ForbiddenError, InvalidError, UnavailableError

KIND = SELDON_EXPERIMENT


def body(name: str = "churn", **spec: object) -> Plain:
    return {"metadata": {"namespace": "shop", "name": name}, "spec": spec}


def weight(cluster: MemoryCluster, name: str = "churn") -> object:
    live = cluster.get(KIND, "shop", name)
    return None if live is None else live["spec"].get("weight")


# what others do


def test_what_is_painted_is_status_alone() -> None:
    cluster = MemoryCluster()
    cluster.create(KIND, body(weight=1))
    painted = cluster.paint(KIND, "shop", "churn", {"ready": True})
    assert (painted["status"], painted["metadata"]["generation"]) == ({"ready": True}, 1)


def test_a_kind_that_is_uninstalled_takes_its_objects_along() -> None:
    cluster = MemoryCluster()
    cluster.create(KIND, body())
    cluster.uninstall(KIND)
    with pytest.raises(ClusterError):
        cluster.list(KIND)
    cluster.install(KIND)
    assert cluster.list(KIND) == ()


def test_a_right_can_be_taken_and_given_back() -> None:
    cluster = MemoryCluster()
    cluster.create(KIND, body())
    cluster.forbid("patch", KIND)
    with pytest.raises(ForbiddenError, match='cannot patch resource "experiments"'):
        cluster.apply(KIND, body(weight=2))
    cluster.permit("patch", KIND)
    cluster.apply(KIND, body(weight=2))


def test_admission_refuses_with_a_reason() -> None:
    cluster = MemoryCluster(
        admission=lambda _, b: "spec.weight: at most 100" if b["spec"]["weight"] > 100 else ""
    )
    cluster.create(KIND, body(weight=1))
    for write in (
        cluster.apply,
        lambda kind, b: cluster.create(kind, {**b, **body("other", **b["spec"])}),
    ):
        with pytest.raises(InvalidError, match=r"spec\.weight: at most 100"):
            write(KIND, body(weight=101))
    assert weight(cluster) == 1
    assert cluster.get(KIND, "shop", "other") is None


def test_objects_are_as_old_as_the_clock_says() -> None:
    cluster = MemoryCluster(clock=lambda: datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
    made = cluster.create(KIND, body())
    assert made["metadata"]["creationTimestamp"] == "2026-03-04T05:06:07Z"


def test_the_same_calls_make_the_same_objects() -> None:
    def history() -> object:
        cluster = MemoryCluster()
        cluster.create(KIND, body(weight=1))
        cluster.apply(KIND, body(weight=2))
        return cluster.list(KIND)

    assert history() == history()


def test_requests_are_counted() -> None:
    cluster = MemoryCluster()
    cluster.create(KIND, body())
    cluster.apply(KIND, body(weight=1))
    cluster.get(LEASE, "shop", "x")
    assert dict(cluster.requests) == {
        ("create", "experiments"): 1,
        ("patch", "experiments"): 1,
        ("get", "leases"): 1,
    }


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError):
        MemoryCluster().create(KIND, body(when=datetime(2026, 1, 1, tzinfo=UTC)))


def test_a_writer_who_changes_his_body_later_changes_nothing() -> None:
    cluster, mine = MemoryCluster(), body(candidates=[{"weight": 1}])
    cluster.create(KIND, mine)
    mine["spec"]["candidates"][0]["weight"] = 2
    live = cluster.get(KIND, "shop", "churn")
    assert live is not None
    assert live["spec"]["candidates"] == [{"weight": 1}]


# watches


def test_a_watch_tells_everything_once_and_in_order() -> None:
    cluster = MemoryCluster()
    watch = Watch(cluster, KIND)
    cluster.create(KIND, body(weight=1))
    cluster.apply(KIND, body(weight=2))
    cluster.delete(KIND, "shop", "churn")
    assert [event.what for event in watch.poll()] == ["ADDED", "MODIFIED", "DELETED"]
    assert watch.poll() == ()


def test_a_watch_of_one_namespace_is_told_of_no_other() -> None:
    cluster = MemoryCluster()
    cluster.create(KIND, {"metadata": {"namespace": "bank", "name": "a"}})
    cluster.create(KIND, body("b"))
    (event,) = Watch(cluster, KIND, "shop").poll()
    assert event.body["metadata"]["name"] == "b"


def test_a_list_that_is_behind_shows_what_was() -> None:
    cluster = MemoryCluster()
    cluster.create(KIND, body(weight=1))
    before = cluster.version
    cluster.apply(KIND, body(weight=2))
    cluster.delete(KIND, "shop", "churn")
    (then,) = cluster.listed(KIND, "shop", before)
    assert then["spec"]["weight"] == 1
    assert cluster.listed(KIND, "shop", cluster.version) == cluster.list(KIND)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    faults=st.builds(
        WatchFaults,
        lag=st.integers(0, 4),
        drop=st.floats(0, 0.5),
        duplicate=st.floats(0, 0.5),
        relist=st.floats(0, 0.5),
        stale=st.integers(0, 10),
    ),
    names=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40),
)
def test_a_store_behind_a_bad_watch_never_goes_back_and_settles_at_the_truth(
    seed, faults, names
) -> None:
    cluster, store = MemoryCluster(), Store()
    watch = Watch(cluster, KIND, faults=faults, seed=seed)
    seen: dict[str, int] = {}
    for number, (name, is_deleted) in enumerate(names):
        if is_deleted:
            cluster.delete(KIND, "shop", name)
        else:
            cluster.apply(KIND, body(name, weight=number))
        watch.feed(store)
        for held in store.all(KIND):
            version = int(held["metadata"]["resourceVersion"])
            assert version >= seen.get(held["metadata"]["name"], 0)
            seen[held["metadata"]["name"]] = version
    watch.settle(store)
    assert sorted(store.all(KIND), key=lambda b: b["metadata"]["name"]) == list(cluster.list(KIND))


# faults


def outcomes(plan: FaultPlan, calls: int = 200) -> tuple[list[str], int]:
    """What the caller was told, and how many of the calls had their effect at once."""
    cluster = MemoryCluster()
    faulty, told, effects = FaultyCluster(cluster, plan), [], 0
    for number in range(calls):
        try:
            faulty.create(KIND, body(f"m{number}"))
            told.append("ok")
        except ClusterError as error:
            told.append(type(error).__name__)
        effects += cluster.get(KIND, "shop", f"m{number}") is not None
    return told, effects


def test_without_a_plan_nothing_fails() -> None:
    assert outcomes(FaultPlan()) == (["ok"] * 200, 200)


def test_faults_follow_from_the_seed() -> None:
    plan = FaultPlan(seed=7, before=0.2, after=0.2, late=0.2)
    assert outcomes(plan) == outcomes(plan)
    assert outcomes(plan) != outcomes(FaultPlan(seed=8, before=0.2, after=0.2, late=0.2))


def test_a_fault_before_the_effect_prevents_it() -> None:
    told, effects = outcomes(FaultPlan(before=0.4))
    assert 0 < effects == told.count("ok") < 200
    assert set(told) == {"ok", "ConflictError", "UnavailableError"}


def test_a_fault_after_the_effect_does_not() -> None:
    told, effects = outcomes(FaultPlan(after=0.4))
    assert told.count("ok") < effects == 200


def test_a_late_effect_comes_after_its_caller_has_given_up() -> None:
    cluster = MemoryCluster()
    cluster.create(KIND, body(weight=1))
    faulty = FaultyCluster(cluster, FaultPlan(late=1.0))
    with pytest.raises(UnavailableError):
        faulty.apply(KIND, body(weight=2))
    assert weight(cluster) == 1
    for _ in range(5):
        faulty.get(KIND, "shop", "churn")
    assert weight(cluster) == 2


def test_an_outage_lasts_for_its_calls() -> None:
    told, effects = outcomes(FaultPlan(outages=(range(3, 6),)), calls=8)
    assert told == ["ok", "ok", *["UnavailableError"] * 3, "ok", "ok", "ok"]
    assert effects == 5


@pytest.mark.parametrize(
    ("strike", "at_once", "landed"),
    [(Strike.BEFORE, 1, 1), (Strike.AFTER, 2, 2), (Strike.LATE, 1, 2)],
)
def test_a_process_is_killed_around_its_nth_call(strike, at_once, landed) -> None:
    cluster = MemoryCluster()
    cluster.create(KIND, body(weight=1))
    faulty = FaultyCluster(cluster, FaultPlan(kill_at=2, kill=strike))
    faulty.get(KIND, "shop", "churn")
    with pytest.raises(Killed):
        faulty.apply(KIND, body(weight=2))
    assert weight(cluster) == at_once
    with pytest.raises(Killed):
        faulty.get(KIND, "shop", "churn")
    faulty.land()
    assert weight(cluster) == landed


def test_being_killed_is_nothing_that_code_can_catch() -> None:
    assert not issubclass(Killed, Exception)


def test_a_run_without_faults_says_at_how_many_calls_there_is_to_kill() -> None:
    faulty = FaultyCluster(MemoryCluster(), FaultPlan())
    faulty.create(KIND, body())
    faulty.delete(KIND, "shop", "churn")
    faulty.allowed("get", KIND)
    assert faulty.calls == 3
