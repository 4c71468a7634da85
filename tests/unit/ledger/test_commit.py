"""Requests that wait at the same time share a commit, on a real database that is held up."""

from collections.abc import Iterator

import psycopg
import pytest
from eventually import eventually
from ledger_rows import answered
from ledger_world import new_database
from sluice_ledger.arrival import Arrivals
from sluice_ledger.errors import StoreError
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.server.commit import Committer
from sluice_ledger.server.metric import Metrics


class World:
    """A committer, and the lock of another writer that it waits for."""

    def __init__(self, most_records: int) -> None:
        url = new_database()
        self.ledger = PostgresLedger(url)
        self.metrics = Metrics()
        self.committer = Committer(lambda: self.ledger, most_records, self.metrics)
        self.blocker = psycopg.connect(url.replace("+psycopg", ""))

    def hold(self) -> None:
        self.blocker.execute("SELECT last FROM arrival FOR UPDATE")

    def commits(self) -> float:
        found = self.metrics.registry.get_sample_value("sluice_ledger_commit_records_count")
        assert found is not None
        return found


@pytest.fixture
def world() -> Iterator[World]:
    made = World(most_records=4)
    yield made
    made.blocker.close()
    made.ledger.close()


def piece(*names: str) -> Arrivals:
    return Arrivals(predictions=tuple(answered(name) for name in names))


def test_what_waits_goes_into_as_few_commits_as_the_limit_allows(world):
    waiting = [world.committer.submit(piece(f"{n}-a", f"{n}-b")) for n in range(6)]
    world.committer.start()
    assert [one.result(30).new for one in waiting] == [2] * 6
    assert world.commits() == 3
    world.committer.close()


def test_who_went_away_before_the_commit_holds_nobody_up(world):
    gone, waiting = world.committer.submit(piece("gone")), world.committer.submit(piece("here"))
    assert gone.cancel()
    world.committer.start()
    assert waiting.result(30).new == 1
    assert world.ledger.last_arrival() == 1
    world.committer.close()


def test_who_goes_away_during_the_commit_is_written_all_the_same(world):
    world.hold()
    waiting = world.committer.submit(piece("r1"))
    world.committer.start()
    eventually(waiting.running)
    assert not waiting.cancel()
    world.blocker.rollback()
    assert waiting.result(30).new == 1
    assert world.committer.submit(piece("r2")).result(30).new == 1
    world.committer.close()


def test_at_the_end_all_that_waits_is_written_and_nothing_more_is_taken(world):
    waiting = [world.committer.submit(piece(f"r{number}")) for number in range(9)]
    world.committer.start()
    world.committer.close()
    assert all(one.done() for one in waiting)
    assert world.ledger.last_arrival() == 9
    with pytest.raises(StoreError, match="about to end"):
        world.committer.submit(piece("late")).result(1)
