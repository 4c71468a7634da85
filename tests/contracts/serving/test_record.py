"""No answer waits for the ledger, and none that was given is lost."""

import json
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
from eventually import eventually
from ledger_content import recorded
from loan_requests import one_loan, request_of
from packages import LOAN_COLUMNS, loans

ROWS = loans(1000, seed=12)[[column.name for column in LOAN_COLUMNS.columns]]
KILL_SECONDS = 0.5


def ask(server, ids, most_seconds=2.0):
    """Send one request per id; all are answered, each within the time."""
    for request_id in ids:
        response = server.infer(one_loan(id=request_id))
        assert response.status_code == httpx.codes.OK, response.text
        assert response.elapsed.total_seconds() < most_seconds


def once(ids):
    """A ledger that has row 0 of each request once."""
    return Counter({(request_id, 0): 1 for request_id in ids})


def ids_of(name, count):
    return [f"{name}-{number}" for number in range(count)]


def test_a_locked_ledger_costs_no_request_and_loses_no_record(tmp_path, package, server_of):
    server = server_of(package).start().wait_ready()
    ledger = tmp_path / "ledger.db"
    ask(server, ids_of("before", 20))
    eventually(lambda: recorded(ledger) == once(ids_of("before", 20)))
    lock = sqlite3.connect(ledger, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    ask(server, ids_of("locked", 50))
    eventually(lambda: server.metric("sluice_ledger_waiting") == 0)
    lock.execute("ROLLBACK")
    lock.close()
    ask(server, ids_of("after", 20))
    everything = [*ids_of("before", 20), *ids_of("locked", 50), *ids_of("after", 20)]
    eventually(lambda: recorded(ledger) == once(everything), within=30)
    assert server.metric("sluice_ledger_dropped_total") == 0


def test_a_ledger_that_is_away_is_shipped_to_once_it_returns(tmp_path, package, server_of):
    away = tmp_path / "away"
    away.write_text("a file where the folder of the ledger should be")
    server = server_of(package, ledger=f"sqlite:///{away}/ledger.db").start().wait_ready()
    ask(server, ids_of("away", 50))
    eventually(lambda: server.metric("sluice_ledger_ship_errors") > 0)
    away.unlink()
    away.mkdir()
    eventually(lambda: recorded(away / "ledger.db") == once(ids_of("away", 50)), within=30)
    eventually(lambda: not list((tmp_path / "spool").iterdir()))
    assert server.metric("sluice_ledger_dropped_total") == 0


def test_the_next_process_ships_what_the_last_one_left(tmp_path, package, server_of):
    away = tmp_path / "away"
    away.write_text("a file where the folder of the ledger should be")
    url = f"sqlite:///{away}/ledger.db"
    first = server_of(package, ledger=url).start().wait_ready()
    ask(first, ids_of("left", 30))
    assert first.stop() == 0
    away.unlink()
    away.mkdir()
    server_of(package, ledger=url).start().wait_ready()
    eventually(lambda: recorded(away / "ledger.db") == once(ids_of("left", 30)), within=30)


class Load:
    """A client that asks without pause until nobody answers, and knows what was answered."""

    def __init__(self, server):
        self.server = server
        self.answered: list[str] = []
        self.answered_at: list[float] = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        with httpx.Client(base_url=f"http://127.0.0.1:{self.server.http}") as client:
            for number in range(100_000):
                body = one_loan(id=f"load-{number}")
                try:
                    response = client.post("/v2/models/loans/infer", json=body)
                except httpx.TransportError:
                    return
                if response.status_code != httpx.codes.OK:
                    return
                self.answered_at.append(time.monotonic())
                self.answered.append(f"load-{number}")

    def wait_for(self, requests):
        eventually(lambda: len(self.answered) >= requests, within=60)
        return self


def test_what_was_answered_before_sigterm_is_recorded(tmp_path, package, server_of):
    server = server_of(package).start().wait_ready()
    load = Load(server).wait_for(100)
    assert server.stop(signal.SIGTERM) == 0
    load.thread.join(30)
    found = recorded(tmp_path / "ledger.db")
    assert set(once(load.answered)) <= set(found)
    assert set(found.values()) == {1}


def test_sigkill_takes_no_more_than_the_newest_answers(tmp_path, package, server_of):
    server = server_of(package).start().wait_ready()
    load = Load(server).wait_for(100)
    killed_at = time.monotonic()
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    load.thread.join(30)
    server_of(package).start().wait_ready()
    found = eventually(lambda: settled(tmp_path / "ledger.db", tmp_path / "spool"), within=30)
    assert set(found.values()) == {1}
    kept = [request_id in {r for r, _ in found} for request_id in load.answered]
    lost = len(kept) - sum(kept)
    assert kept == [True] * sum(kept) + [False] * lost, "only the newest may be missing"
    # 50 ms between writes, and one write; a busy machine schedules neither at once
    assert all(killed_at - at < KILL_SECONDS for at in load.answered_at[len(kept) - lost :])


def settled(ledger: Path, spool: Path):
    """What the ledger holds once the spool is empty."""
    return recorded(ledger) if not list(spool.iterdir()) else None


LIMITED = (
    "import os, resource, sys; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


def test_a_full_disk_costs_no_request_and_the_loss_is_counted(tmp_path, package, server_of):
    limits = [sys.executable, "-c", LIMITED]
    server = server_of(package, limits=limits).start().wait_ready()
    body = json.dumps(request_of(ROWS))
    for _ in range(60):
        response = server.client.post("/v2/models/loans/infer", content=body)
        assert response.status_code == httpx.codes.OK
    assert server.metric("sluice_ledger_spool_errors_total") >= 1
    assert server.metric("sluice_ledger_waiting") == 50_000
    assert server.metric("sluice_ledger_dropped_total") == 10_000
    assert "Could not spool predictions" in server.log
    ask(server, ids_of("still", 5))
