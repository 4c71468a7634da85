"""A database of version 1 in the middle of a rollout: no row is lost, and none counted twice."""

from datetime import UTC, datetime
from importlib.resources import files

import psycopg
import pytest
from ledger_rows import answered, happened, truth
from ledger_world import Hands, shared_postgres
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.records import Bins, CohortOutcomes, Due, KeyFigure, Score, ScoreDeciles

STABLE, CANDIDATE = "churn-a", "churn-b"
HOUR = 3600.0
_V1 = files("sluice_ledger.postgres") / "migrations" / "0001.sql"


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def old(clock: Hands) -> str:
    """An answer of each revision every minute for an hour; labels and events of the first half."""
    url = shared_postgres().database()
    day = datetime.now(UTC).date()
    with psycopg.connect(url.replace("+psycopg", "")) as raw:
        raw.execute(_V1.read_text().encode())
        raw.execute("CREATE TABLE ledger_version (version integer PRIMARY KEY)")
        raw.execute("INSERT INTO ledger_version VALUES (1)")
        for table in ("prediction", "label", "event", "subject", "paired", "arm", "kpi"):
            raw.execute(
                f"CREATE TABLE {table}_{day:%Y%m%d} PARTITION OF {table}"
                f" FOR VALUES FROM ('{day}') TO ('{day}'::date + 1)".encode()
            )
        answers = """
            INSERT INTO prediction
            SELECT %s::date, 2 * minute + other + 1, 'r' || minute, 0, 'churn',
                   CASE other WHEN 0 THEN 'churn-a' ELSE 'churn-b' END,
                   CASE other WHEN 0 THEN '1' ELSE (minute %% 2)::text END,
                   0.9, false, %s + 60 * minute
            FROM generate_series(0, 59) AS a (minute), generate_series(0, 1) AS b (other)
        """
        raw.execute(answers, (day, clock.now))
        raw.execute(
            "INSERT INTO label SELECT %s::date, 121 + m, 'r' || m, 0, '1', %s"
            " FROM generate_series(0, 29) AS a (m)",
            (day, clock.now + HOUR),
        )
        raw.execute(
            "INSERT INTO event SELECT %s::date, 151 + m, 'e' || m, 'r' || m / 2, 0, 'purchase',"
            " 1 + m %% 2, %s FROM generate_series(0, 59) AS a (m)",
            (day, clock.now + HOUR),
        )
        raw.execute("UPDATE arrival SET last = 210, day = %s", (day,))
    clock.turn(HOUR)
    return url


def due(cursor: int = 0) -> Due:
    return Due(deployment="churn", revision=CANDIDATE, maturity_seconds=2 * HOUR, cursor=cursor)


def counts(found: CohortOutcomes) -> tuple[int, int, int]:
    return found.matured, found.labelled, found.wrong


def test_what_arrived_before_the_upgrade_comes_of_age_after_it(old, clock):
    with PostgresLedger(old, clock=clock) as ledger:
        assert counts(ledger.cohort_outcomes(due())) == (0, 0, 0)
        ledger.append_labels([truth(f"r{minute}") for minute in range(60)])
        ledger.append_events([happened("late", "r1", 4.0)])
        clock.turn(1.5 * HOUR)
        half = ledger.cohort_outcomes(due())
    with PostgresLedger(old, clock=clock) as ledger:
        clock.turn(7 * HOUR)
        rest = ledger.cohort_outcomes(due(half.cursor))
        worth = ledger.worth_outcomes(due(), KeyFigure(name="purchase"))
    assert (counts(half), counts(rest)) == ((30, 30, 15), (30, 30, 15))
    assert (worth.count, worth.total) == (60, 30 * 3 + 4)
    assert worth.squares == 29 * 9 + 49


def test_time_that_rows_claim_is_never_ahead_of_the_clock(old, clock):
    with psycopg.connect(old.replace("+psycopg", "")) as raw:
        raw.execute("UPDATE prediction SET at = 9e300 WHERE request_id = 'r20'")
        raw.execute("UPDATE prediction SET at = -5 WHERE request_id = 'r40'")
    with PostgresLedger(old, clock=clock) as ledger:
        ledger.append_labels([truth("r20"), truth("r40")])
        clock.turn(9 * HOUR)
        assert counts(ledger.cohort_outcomes(due(-1))) == (60, 30, 15)


def test_a_program_of_before_that_still_runs_cannot_write_past_the_new_tables(old, clock):
    PostgresLedger(old, clock=clock).close()
    with psycopg.connect(old.replace("+psycopg", "")) as raw:
        row = (datetime.now(UTC).date(), 999, "r", 0, "churn", STABLE, "1", 0.9, False, 5.0)
        with (
            pytest.raises(psycopg.errors.BadCopyFileFormat, match="missing data"),
            raw.cursor().copy("COPY prediction FROM STDIN") as copy,
        ):
            copy.write_row(row)
    with PostgresLedger(old, clock=clock) as ledger:
        assert ledger.append_predictions([answered("r")]) == 1


def test_a_program_of_version_2_cannot_count_answers_without_their_scores(old, clock):
    PostgresLedger(old, clock=clock).close()
    with psycopg.connect(old.replace("+psycopg", "")) as raw:
        row = (datetime.now(UTC).date(), 999, "churn", STABLE, "1", 1)
        with (
            pytest.raises(psycopg.errors.BadCopyFileFormat, match="missing data"),
            raw.cursor().copy("COPY said FROM STDIN") as copy,
        ):
            copy.write_row(row)


def test_answers_that_were_counted_before_version_3_have_no_score(old, clock):
    with psycopg.connect(old.replace("+psycopg", "")) as raw:
        raw.execute((_V1.parent / "0002.sql").read_text().encode())
        raw.execute("INSERT INTO ledger_version VALUES (2)")
        day = datetime.now(UTC).date()
        raw.execute(
            f"CREATE TABLE said_{day:%Y%m%d} PARTITION OF said"
            f" FOR VALUES FROM ('{day}') TO ('{day}'::date + 1)".encode()
        )
        raw.execute("INSERT INTO said VALUES (%s, 211, 'churn', %s, '1', 60)", (day, STABLE))
        raw.execute("UPDATE arrival SET last = 211")
    with PostgresLedger(old, clock=clock) as ledger:
        ledger.append_predictions([answered(f"n{n}", said=str(n)) for n in range(10)])
        found = ledger.score_deciles("churn", STABLE, Score.NUMBER)
        counted = ledger.binned_scores("churn", STABLE, Bins(score=Score.NUMBER, edges=(4.0,)), 211)
    assert found == ScoreDeciles(edges=tuple(map(float, range(9))), scores=10, rest=60)
    assert (counted.counts, counted.rest) == ((5, 5), 0)
