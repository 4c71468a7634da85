import sqlite3
import subprocess
import sys
import textwrap
import threading

import pytest
from ledger_rows import answered
from sluice_ledger.errors import LedgerError, StoreError
from sluice_ledger.records import PairedOutcomes
from sluice_ledger.store import SqliteLedger
from sluice_ledger.url import open_ledger, url_of

STABLE, CANDIDATE = "churn-a", "churn-b"


def pairs(ledger: SqliteLedger, cursor: int = 0) -> PairedOutcomes:
    return ledger.paired_outcomes("churn", STABLE, CANDIDATE, cursor)


def pair(request: str, stable: str, candidate: str) -> tuple:
    return answered(request, STABLE, stable), answered(request, CANDIDATE, candidate)


def test_several_writers_and_openers_do_not_disturb_each_other(tmp_path):
    def write(writer: int) -> None:
        with SqliteLedger(tmp_path / "ledger.db") as own:
            for number in range(20):
                own.append_predictions(pair(f"{writer}-{number}", "1", "0"))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with SqliteLedger(tmp_path / "ledger.db") as reader:
        assert pairs(reader).unlabelled == 80
        assert pairs(reader).cursor == 160


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be read as one " * 30)
    with pytest.raises(StoreError, match=r"notes.txt: cannot open: file is not a database"):
        SqliteLedger(path)


def test_a_ledger_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "ledger.db"
    SqliteLedger(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="version 99"):
        SqliteLedger(path)


def test_a_database_of_something_else_is_refused(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE someone_elses (x)")
    with pytest.raises(StoreError, match="pass another file"):
        SqliteLedger(path)


def test_a_full_disk_loses_nothing_and_is_over_when_there_is_space(tmp_path):
    """The limit on file size stands for the disk; SQLite meets it in its own writes."""
    program = """
        import resource, sys
        from pathlib import Path
        from ledger_rows import answered
        from sluice_ledger.errors import StoreError
        from sluice_ledger.store import SqliteLedger
        ledger = SqliteLedger(Path(sys.argv[1]))
        ledger.append_predictions([answered("before")])
        size = 40_000 + Path(sys.argv[1] + "-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        rows = [answered(f"r{n}") for n in range(5000)]
        try:
            ledger.append_predictions(rows)
        except StoreError as refused:
            print(refused)
        print(ledger.arm_outcomes("churn", "churn-a", 0).cursor)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        print(ledger.append_predictions(rows))
    """
    path = tmp_path / "ledger.db"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "tests/support"},
    )
    message, cursor_while_full, taken_later = done.stdout.splitlines()

    assert "ledger.db: cannot write" in message
    assert "bytes free" in message
    assert (cursor_while_full, taken_later) == ("1", "5000")
    with SqliteLedger(path) as after:
        assert pairs(after).cursor == 5001


def test_a_closed_ledger_says_so(tmp_path):
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ledger.close()
    with pytest.raises(StoreError, match="closed"):
        pairs(ledger)


def test_a_url_opens_the_file_that_it_names(tmp_path):
    with SqliteLedger(tmp_path / "a.db") as first:
        first.append_predictions([answered("r1")])
    second = open_ledger(url_of(tmp_path / "a.db"))
    assert second.append_predictions([answered("r1")]) == 0
    second.close()


@pytest.mark.parametrize("url", ["", "ledger.db", "sqlite:///", "postgresql://x/y"])
def test_a_url_of_another_kind_is_refused_with_an_example(url):
    with pytest.raises(LedgerError, match=r"write for example sqlite:///ledger.db"):
        open_ledger(url)
