"""SIGKILL in the middle of writing: whoever is killed, what was promised is there, and once."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from eventually import eventually
from ledger_rows import answered, truth
from ledger_service import ServiceProcess
from ledger_world import postgres_size
from postgres_server import PostgresServer, postgres
from sluice_ledger.errors import StoreError
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.shipper import Shipper
from sluice_ledger.spool import Spool

STABLE, CANDIDATE = "churn-a", "churn-b"
BATCHES = 60
ROWS = 20


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that is ours to kill."""
    with postgres() as running:
        yield running


@pytest.fixture
def process(server: PostgresServer, tmp_path: Path) -> Iterator[ServiceProcess]:
    running = ServiceProcess(database=server.database(), folder=tmp_path)
    running.start()
    yield running
    running.kill()


class Stream:
    """Pairs on their way through a spool, and the windows that an operator sees meanwhile."""

    def __init__(self, folder: Path, process: ServiceProcess) -> None:
        self.spool = Spool(folder / "spool", segment_bytes=10_000)
        self.shipper = Shipper(self.spool, process.address.ledger)
        self.process = process
        self.cursor = self.worse = self.written = 0
        self.go_on = threading.Event()
        self.thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        """Half of the batches, and the rest when told to."""
        for batch in range(BATCHES):
            if batch == BATCHES // 2:
                self.go_on.wait()
            names = [f"{batch}-{number}" for number in range(ROWS)]
            self.spool.write([answered(name, STABLE) for name in names])
            self.spool.write([answered(name, CANDIDATE, "0") for name in names])
            self.written += 2 * ROWS

    def look(self) -> None:
        with self.process.address.ledger() as ledger:
            seen = ledger.paired_outcomes("churn", STABLE, CANDIDATE, self.cursor)
        self.cursor, self.worse = seen.cursor, self.worse + seen.worse

    def label(self) -> bool:
        """Hand in every label; once more if need be, as an importer does."""
        names = [f"{batch}-{number}" for batch in range(BATCHES) for number in range(ROWS)]
        with self.process.address.ledger() as ledger:
            try:
                ledger.append_labels([truth(name) for name in names])
            except StoreError:
                return False
        return True


@pytest.mark.parametrize("victim", ["service", "database"])
def test_nothing_is_lost_or_doubled_when_one_is_killed(process, server, tmp_path, victim):
    stream = Stream(tmp_path, process)
    stream.thread.start()
    stream.shipper.start()
    eventually(lambda: stream.shipper.state.shipped > 0)
    stream.look()

    kill, start = (
        (process.kill, process.start) if victim == "service" else (server.kill, server.start)
    )
    kill()
    stream.go_on.set()
    eventually(lambda: stream.shipper.state.failures > 0, within=60)
    start()
    eventually(stream.label, within=60)
    stream.thread.join()
    eventually(lambda: stream.shipper.state.shipped >= stream.written, within=60)
    assert stream.shipper.stop(timeout=10)
    stream.look()

    expected = BATCHES * ROWS
    assert stream.spool.segments() == ()
    assert postgres_size(process.database) == 3 * expected
    assert stream.worse == expected
    with process.address.ledger() as ledger:
        whole = ledger.paired_outcomes("churn", STABLE, CANDIDATE, 0)
    assert (whole.worse, whole.unlabelled, whole.cursor) == (expected, 0, 3 * expected)


def test_every_answer_stands_for_rows_that_a_killed_database_still_has(server):
    url = server.database()
    ledger = PostgresLedger(url)
    for round_ in range(3):
        assert ledger.append_predictions([answered(f"{round_}-{n}") for n in range(50)]) == 50
        server.kill()
        with pytest.raises(StoreError, match="cannot write"):
            ledger.append_predictions([answered("while it is away")])
        server.start()
        assert ledger.last_arrival() == postgres_size(url) == 50 * (round_ + 1)
    ledger.close()


def test_a_service_that_is_asked_to_end_answers_what_it_has_begun(process):
    blocker = psycopg.connect(process.database.replace("+psycopg", ""))
    blocker.execute("SELECT last FROM arrival FOR UPDATE")
    taken: list[int] = []

    def hand_in() -> None:
        with process.address.ledger() as ledger:
            taken.append(ledger.append_predictions([answered("r1")]))

    thread = threading.Thread(target=hand_in)
    thread.start()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(process.database.replace("+psycopg", ""), autocommit=True) as raw:
        eventually(lambda: raw.execute(waiting).fetchone() == (1,))
    ended: list[int] = []
    stopping = threading.Thread(target=lambda: ended.append(process.stop()))
    stopping.start()
    eventually(lambda: "Shutting down" in process.log() or "Waiting" in process.log())
    blocker.rollback()
    blocker.close()
    thread.join()
    stopping.join()

    assert (taken, ended) == ([1], [0])
    assert postgres_size(process.database) == 1


def test_a_server_that_does_not_sync_is_refused(server):
    url = server.database()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as raw:
        raw.execute("SELECT 1")
    server.kill()
    server.settings["fsync"] = "off"
    server.start()
    try:
        with pytest.raises(StoreError, match="fsync = off"):
            PostgresLedger(url)
    finally:
        server.kill()
        del server.settings["fsync"]
        server.start()
