"""A file of version 1 in the middle of a rollout: no row is lost, and none counted twice."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from ledger_rows import answered, happened, truth
from ledger_version_1 import VERSION_1
from sluice_ledger.errors import StoreError
from sluice_ledger.records import CohortOutcomes, Conflicts, Due, PairedOutcomes
from sluice_ledger.store import SqliteLedger

STABLE, CANDIDATE = "churn-a", "churn-b"
BEGIN = 1_000_000.0
HOUR = 3600.0


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An answer of each revision every minute for an hour; the labels of the first half."""
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.executescript(VERSION_1)
        for minute in range(60):
            for by, said in ((STABLE, "1"), (CANDIDATE, str(minute % 2))):
                values = (f"r{minute}", 0, "churn", by, said, 0.9, 0, BEGIN + 60 * minute)
                raw.execute(
                    "INSERT INTO prediction"
                    " VALUES ((SELECT last + 1 FROM arrival), ?, ?, ?, ?, ?, ?, ?, ?)",
                    values,
                )
                raw.execute("UPDATE arrival SET last = last + 1")
        for minute in range(30):
            raw.execute(
                "INSERT INTO label VALUES ((SELECT last + 1 FROM arrival), ?, 0, '1', ?)",
                (f"r{minute}", BEGIN + HOUR),
            )
            raw.execute("UPDATE arrival SET last = last + 1")
        raw.execute("INSERT INTO conflict VALUES ('label', 'r1', 0, '', '1', '0', 5.0)")
    return path


def due(cursor: int = 0) -> Due:
    return Due(deployment="churn", revision=CANDIDATE, maturity_seconds=2 * HOUR, cursor=cursor)


def counts(found: CohortOutcomes) -> tuple[int, int, int]:
    return found.matured, found.labelled, found.wrong


def test_pairs_go_on_from_the_cursor_of_before(old):
    with SqliteLedger(old, lambda: BEGIN + HOUR) as ledger:
        assert ledger.paired_outcomes("churn", STABLE, CANDIDATE, 150) == PairedOutcomes(
            worse=0, same=0, better=0, unlabelled=30, cursor=150
        )
        whole = ledger.paired_outcomes("churn", STABLE, CANDIDATE, 0)
        assert (whole.worse, whole.same, whole.better) == (15, 15, 0)
        assert ledger.append_predictions([answered("r1", STABLE), answered("new", STABLE)]) == 1
        assert ledger.last_arrival() == 151
        assert ledger.conflicts() == Conflicts(predictions=0, labels=1)


def test_what_arrived_before_the_upgrade_comes_of_age_after_it(old):
    now = [BEGIN + HOUR]
    with SqliteLedger(old, lambda: now[0]) as ledger:
        assert counts(ledger.cohort_outcomes(due())) == (0, 0, 0)
        ledger.append_labels([truth(f"r{minute}") for minute in range(30, 60)])
        now[0] = BEGIN + 2.5 * HOUR
        half = ledger.cohort_outcomes(due())
        now[0] = BEGIN + 9 * HOUR
        rest = ledger.cohort_outcomes(due(half.cursor))
    assert counts(half) == (30, 30, 15)
    assert counts(rest) == (30, 30, 15)


def test_time_that_rows_claim_is_never_ahead_of_the_clock(old):
    with closing(sqlite3.connect(old)) as raw, raw:
        raw.execute("UPDATE prediction SET at = 9e300 WHERE request_id = 'r20'")
        raw.execute("UPDATE prediction SET at = -5 WHERE request_id = 'r40'")
    now = [BEGIN + HOUR]
    with SqliteLedger(old, lambda: now[0]) as ledger:
        now[0] = BEGIN + 9 * HOUR
        assert counts(ledger.cohort_outcomes(due())) == (60, 30, 15)


def test_events_follow_answers_of_before_the_upgrade(old):
    with SqliteLedger(old, lambda: BEGIN + HOUR) as ledger:
        ledger.append_events([happened("e", "r1", 2.0)])
        assert ledger.kpi_outcomes("churn", STABLE, "purchase", 0).total == 2.0


def test_a_program_of_before_writes_nothing_past_the_new_tables(old):
    """It would number rows that no tick knows; its spool keeps them instead."""
    with closing(sqlite3.connect(old, isolation_level=None)) as before:
        before.execute("SELECT last FROM arrival").fetchone()
        SqliteLedger(old, lambda: BEGIN + HOUR).close()
        with pytest.raises(sqlite3.OperationalError, match="no such table: arrival"):
            before.execute("SELECT last FROM arrival").fetchone()


def test_an_upgrade_that_breaks_off_leaves_the_old_version(old):
    with closing(sqlite3.connect(old)) as raw, raw:
        raw.execute("CREATE TABLE moment (odd)")
    with pytest.raises(StoreError, match="cannot open"):
        SqliteLedger(old)
    with closing(sqlite3.connect(old)) as raw:
        assert raw.execute("SELECT last FROM arrival").fetchone() == (150,)
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)


def test_an_upgraded_file_has_the_tables_of_a_new_one(old, tmp_path):
    def tables(path: Path) -> dict[str, str]:
        SqliteLedger(path).close()
        with closing(sqlite3.connect(path)) as raw:
            found = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL")
            return {name: " ".join(sql.replace('"', "").split()) for name, sql in found}

    assert tables(old) == tables(tmp_path / "new.db")
