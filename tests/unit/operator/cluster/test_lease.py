"""Who leads, told as stories in simulated time."""

import pytest
from cluster_election import NAME, NAMESPACE, Candidate, Election, Weather
from memory_cluster import MemoryCluster
from sluice_operator.cluster.kind import LEASE, Kind, Object
from sluice_operator.cluster.lease import Elector, Sight, holder_of


def settled(*rates: float, seed: int = 0) -> tuple[Election, Candidate]:
    """An election with a leader."""
    election = Election(*rates, seed=seed)
    election.run(3)
    assert election.leader is not None
    return election, election.leader


def since(election: Election, start: float) -> list[tuple[float, str]]:
    return [(when - start, name) for when, name in election.leaders if when > start]


def test_the_first_to_come_leads() -> None:
    election, leader = settled(1.0, 1.0, 1.0)
    election.run(120)
    assert [name for _, name in election.leaders] == [leader.name]


def test_a_leader_renews_every_five_seconds_and_a_standby_looks_each_second() -> None:
    election, _ = settled(1.0, 1.0)
    before = election.cluster.requests.copy()
    election.run(100)
    after = election.cluster.requests
    assert 19 <= after["update", "leases"] - before["update", "leases"] <= 21
    assert 95 <= after["get", "leases"] - before["get", "leases"] <= 101


@pytest.mark.parametrize("seed", range(20))
def test_after_a_crash_another_leads_within_seventeen_seconds(seed: int) -> None:
    election, leader = settled(1.0, 1.0, seed=seed)
    election.run(20 + seed / 3)
    start = election.now
    election.kill(leader)
    election.run(30)
    (gone, nobody), (taken, successor) = since(election, start)
    assert (gone, nobody) == (0, "") or nobody == ""
    assert successor not in {"", leader.name}
    assert 10 <= taken <= 17


@pytest.mark.parametrize("seed", range(20))
def test_after_a_graceful_stop_another_leads_within_two_seconds(seed: int) -> None:
    election, leader = settled(1.0, 1.0, 1.0, seed=seed)
    election.run(20 + seed / 3)
    start = election.now
    leader.elector.release()
    election.run(10)
    taken = [when for when, name in since(election, start) if name not in {"", leader.name}]
    assert taken[0] <= 2


def test_who_has_released_never_leads_again() -> None:
    election, leader = settled(1.0)
    leader.elector.release()
    election.run(60)
    assert election.leader is None
    assert holder_of(election.lease()) == ""


def test_a_leader_that_is_cut_off_stops_before_another_begins() -> None:
    election, leader = settled(1.0, 1.0)
    leader.is_cut_off = True
    election.run(40)
    names = [name for _, name in election.leaders]
    (successor,) = {c.name for c in election.candidates} - {leader.name}
    assert names == [leader.name, "", successor]
    leader.is_cut_off = False
    election.run(60)
    assert election.leaders[-1][1] == successor


def test_a_lost_answer_costs_no_leadership() -> None:
    election, leader = settled(1.0, 1.0)
    election.weather = Weather(lost=1.0)
    election.run(4)
    election.weather = Weather()
    election.run(60)
    assert [name for _, name in election.leaders] == [leader.name]


def test_a_short_outage_of_the_api_server_costs_no_leadership() -> None:
    election, leader = settled(1.0, 1.0)
    election.run(7)
    election.weather = Weather(refused=1.0)
    election.run(4)
    election.weather = Weather()
    election.run(60)
    assert {name for _, name in election.leaders} == {leader.name}


def test_after_a_long_outage_somebody_leads_again() -> None:
    election, _ = settled(1.0, 1.0)
    election.weather = Weather(refused=1.0)
    election.run(120)
    assert election.leader is None
    election.weather = Weather()
    election.run(20)
    assert election.leader is not None


def test_each_change_of_the_leader_is_counted() -> None:
    election, first = settled(1.0, 1.0)
    assert election.lease()["spec"]["leaseTransitions"] == 0
    first.elector.release()
    election.kill(first)
    election.run(5)
    assert election.leader is not None
    election.kill(election.leader)
    election.join()
    election.run(30)
    spec = election.lease()["spec"]
    assert spec["leaseTransitions"] == 2
    assert spec["holderIdentity"] == election.leader.elector.identity
    assert spec["renewTime"] >= spec["acquireTime"]


def test_a_standby_that_slept_looks_before_it_takes() -> None:
    election, leader = settled(1.0, 1.0)
    (standby,) = set(map(id, election.candidates)) - {id(leader)}
    sleeper = next(c for c in election.candidates if id(c) == standby)
    sleeper.ahead += 3600
    election.run(60)
    assert [name for _, name in election.leaders] == [leader.name]


def test_a_leader_that_slept_does_not_lead_when_it_wakes() -> None:
    election, leader = settled(1.0)
    leader.ahead += 3600
    assert not leader.elector.is_leading
    election.run(3)
    assert leader.elector.is_leading


def test_a_lease_that_somebody_deletes_is_made_anew_by_its_leader() -> None:
    election, leader = settled(1.0, 1.0, 1.0)
    election.cluster.delete(LEASE, NAMESPACE, NAME)
    election.run(60)
    assert [name for _, name in election.leaders] == [leader.name]
    assert holder_of(election.lease()) == leader.elector.identity


def test_a_lease_that_is_deleted_after_a_crash_is_missed_for_its_time() -> None:
    election, leader = settled(1.0, 1.0)
    election.kill(leader)
    election.cluster.delete(LEASE, NAMESPACE, NAME)
    start = election.now
    election.run(30)
    assert since(election, start)[-1][0] >= 15


def test_a_namesake_does_not_lead_in_its_place() -> None:
    cluster, now = MemoryCluster(), [100.0]
    one, other = (Elector(cluster, "sluice", "operator", "pod-1", lambda: now[0]) for _ in "ab")
    assert one.step()
    assert not other.step()
    assert one.identity.startswith("pod-1_")


def test_a_lease_with_a_longer_duration_is_respected() -> None:
    spec = {"holderIdentity": "another", "leaseDurationSeconds": 60}
    lease = {"metadata": {"resourceVersion": "7"}, "spec": spec}
    for seconds, may in ((16.0, False), (59.0, False), (60.0, True)):
        assert Sight(lease=lease, unchanged_seconds=seconds).may_be_taken() is may


def test_a_lease_made_by_others_without_a_spec_can_be_taken() -> None:
    cluster, now = MemoryCluster(), [100.0]
    cluster.create(LEASE, {"metadata": {"namespace": "sluice", "name": "operator"}})
    elector = Elector(cluster, "sluice", "operator", "pod-1", lambda: now[0])
    assert elector.step()


def test_leading_ends_by_itself_ten_seconds_after_the_last_renewal() -> None:
    cluster, now = MemoryCluster(), [100.0]
    elector = Elector(cluster, "sluice", "operator", "pod-1", lambda: now[0])
    elector.step()
    now[0] += 9.9
    assert elector.is_leading
    now[0] += 0.1
    assert not elector.is_leading


class SlowCluster(MemoryCluster):
    """Time passes between a write's effect and its answer."""

    def __init__(self, now: list[float]) -> None:
        super().__init__()
        self._now = now

    def create(self, kind: Kind, body: Object) -> Object:
        made = super().create(kind, body)
        self._now[0] += 6
        return made


def test_leading_is_counted_from_when_the_renewal_was_sent() -> None:
    now = [100.0]
    elector = Elector(SlowCluster(now), "sluice", "operator", "pod-1", lambda: now[0])
    assert elector.step()
    now[0] = 109.9
    assert elector.is_leading
    now[0] = 110.0
    assert not elector.is_leading
