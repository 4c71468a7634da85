"""What is promised of the store on PostgreSQL alone: days, erasure, questions without scans."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest
from ledger_rows import answered, happened, truth
from ledger_world import new_database, postgres_size, shared_postgres
from sluice_ledger.arrival import About, Arrivals, digest_of
from sluice_ledger.errors import LedgerError, RefusedError, StoreError
from sluice_ledger.postgres import question, score_question
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.records import Conflicts
from sluice_ledger.url import open_ledger

STABLE, CANDIDATE = "churn-a", "churn-b"
FIRST_DAY = date(2026, 3, 1)


class Days:
    """A calendar that a test turns."""

    def __init__(self) -> None:
        self.today = FIRST_DAY

    def __call__(self) -> date:
        return self.today

    def turn(self, days: int = 1) -> None:
        self.today += timedelta(days=days)


@pytest.fixture
def database() -> str:
    return new_database()


@pytest.fixture
def calendar() -> Days:
    return Days()


@pytest.fixture
def ledger(database: str, calendar: Days) -> Iterator[PostgresLedger]:
    """Its template was made before the calendar begins, so that no partition is there yet."""
    raw(database, "UPDATE arrival SET day = '2000-01-01'")
    with PostgresLedger(database, today=calendar) as opened:
        yield opened


def raw(database: str, query: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(query.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def partitions(database: str) -> list[str]:
    """Of predictions, and of the days that the calendar of these tests has."""
    found = raw(
        database,
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'prediction'::regclass",
    )
    return sorted(str(name) for (name,) in found if "_202603" in str(name))


def unlabelled(ledger: PostgresLedger) -> int:
    return ledger.paired_outcomes("churn", STABLE, CANDIDATE, 0).unlabelled


def test_partitions_are_there_some_days_ahead(ledger, database):
    assert partitions(database) == [f"prediction_2026030{day}" for day in (1, 2, 3, 4)]


def test_a_day_that_nobody_prepared_is_made_by_whoever_writes_first(ledger, database, calendar):
    calendar.turn(9)
    assert ledger.append_predictions([answered("r1")]) == 1
    assert "prediction_20260310" in partitions(database)


def test_a_record_is_known_on_all_days_that_are_kept(ledger, calendar):
    ledger.append_predictions([answered("r1", said="1")])
    ledger.append_labels([truth("r1", "1")])
    calendar.turn(5)

    assert ledger.append_predictions([answered("r1", said="1", at=9e9)]) == 0
    assert ledger.append_labels([truth("r1", "0")]) == 0
    assert ledger.conflicts() == Conflicts(predictions=0, labels=1)


def test_a_label_finds_an_answer_of_another_day(ledger, calendar):
    ledger.append_predictions([answered("r1", STABLE)])
    calendar.turn()
    ledger.append_predictions([answered("r1", CANDIDATE, "0")])
    calendar.turn(3)
    ledger.append_labels([truth("r1")])
    assert ledger.paired_outcomes("churn", STABLE, CANDIDATE, 0).worse == 1


def test_a_clock_that_goes_back_does_not_reopen_a_day(ledger, database, calendar):
    calendar.turn(2)
    ledger.append_predictions([answered("r1")])
    calendar.turn(-2)
    ledger.append_predictions([answered("r2")])
    assert raw(database, "SELECT DISTINCT day FROM prediction") == [(FIRST_DAY + timedelta(2),)]


def test_days_whose_time_is_over_are_dropped_whole(ledger, database, calendar):
    for number in range(4):
        ledger.append_predictions([answered(f"r{number}")])
        calendar.turn()

    dropped = [day for day in ledger.keep(days=2) if day >= FIRST_DAY]

    assert dropped == [FIRST_DAY, FIRST_DAY + timedelta(1)]
    assert postgres_size(database) == 2
    assert "prediction_20260301" not in partitions(database)
    assert "prediction_20260308" in partitions(database)


def test_what_gates_have_counted_outlives_the_rows_that_it_came_from(ledger, calendar):
    ledger.append_predictions([answered("r1", STABLE), answered("r1", CANDIDATE, "0")])
    calendar.turn()
    ledger.append_labels([truth("r1")])
    calendar.turn(2)
    ledger.keep(days=2)
    assert ledger.paired_outcomes("churn", STABLE, CANDIDATE, 0).worse == 1


def test_pairs_of_a_day_that_is_gone_wait_no_more(ledger, calendar):
    ledger.append_predictions([answered("r1", STABLE), answered("r2", STABLE)])
    ledger.append_predictions([answered("r1", CANDIDATE)])
    calendar.turn()
    ledger.append_predictions([answered("r2", CANDIDATE)])
    ledger.append_predictions([answered("r3", by) for by in (STABLE, CANDIDATE)])
    assert unlabelled(ledger) == 3

    ledger.keep(days=0)
    assert unlabelled(ledger) == 1

    ledger.append_labels([truth(name) for name in ("r1", "r2", "r3")])
    assert unlabelled(ledger) == 0


def about(subject: str, *requests: str) -> Arrivals:
    digest = digest_of(subject)
    return Arrivals(subjects=tuple(About(request_id=one, subject=digest) for one in requests))


def test_an_erased_subject_leaves_nothing_but_counts(ledger, database):
    requests = ("r1", "r2", "r3")
    ledger.append_predictions([answered(r, by) for r in requests for by in (STABLE, CANDIDATE)])
    ledger.append_predictions([answered("r1", STABLE, "0")])
    ledger.append_labels([truth("r1")])
    ledger.append_events([happened("e1", "r1")])
    ledger.append([about("ann", "r1", "r2"), about("bob", "r3")])

    gone = ledger.erase("ann")

    assert (gone.requests, gone.predictions, gone.labels, gone.events) == (2, 4, 1, 1)
    assert raw(database, "SELECT DISTINCT request_id FROM prediction") == [("r3",)]
    assert ledger.conflicts() == Conflicts(predictions=0, labels=0)
    assert ledger.paired_outcomes("churn", STABLE, CANDIDATE, 0).same == 1
    assert unlabelled(ledger) == 1
    assert ledger.erase("ann").requests == 0


def test_what_arrives_late_about_an_erased_subject_is_not_kept(ledger, database):
    ledger.append_predictions([answered("r1")])
    ledger.append([about("ann", "r1")])
    ledger.erase("ann")

    late = Arrivals(predictions=(answered("r1"), answered("r2")), labels=(truth("r1"),))
    (taken,) = ledger.append([late])

    assert (taken.new, taken.erased) == (1, 2)
    assert raw(database, "SELECT request_id FROM prediction") == [("r2",)]


def test_the_key_of_a_subject_is_nowhere_to_be_read(ledger, database):
    ledger.append_predictions([answered("r1")])
    ledger.append([about("ann@example.org", "r1")])
    found = raw(database, "SELECT encode(subject, 'escape') FROM subject")
    assert len(found) == 1
    assert "ann" not in str(found)


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"request": "with\x00nul"}, "request_id: holds the character NUL"),
        ({"request": ""}, "request_id"),
        ({"request": "r" * 257}, "request_id"),
        ({"request": "\ud800"}, "request_id"),
        ({"request": "\U0001f600" * 129}, "request_id: is longer than 512 bytes"),
        ({"request": "r", "row": -1}, "row"),
        ({"request": "r", "row": 2**31}, "row"),
        ({"request": "r", "at": float("nan")}, "at"),
        ({"request": "r", "confidence": float("inf")}, "confidence"),
        ({"request": "r", "said": "x" * 1025}, "prediction"),
        ({"request": "r", "mirrored": "no"}, "mirrored"),
    ],
)
def test_a_record_that_can_never_be_kept_does_not_hold_up_the_others(ledger, broken, field):
    rows = [answered("before"), answered(**broken), answered("after")]
    with pytest.raises(RefusedError, match=field) as refused:
        ledger.append_predictions(rows)
    assert [one.index for one in refused.value.refusals] == [1]
    assert ledger.last_arrival() == 2


def test_the_longest_names_of_all_fit_into_every_index(ledger):
    names = [f"{number}" + "\U0001f600" * 127 for number in range(4)]
    ledger.append_predictions(
        [answered(names[0], by, "x" * 1024, deployment=names[1]) for by in names[2:]]
    )
    ledger.append_predictions([answered(names[0], names[2], "y" * 1024, deployment=names[1])])
    ledger.append_labels([truth(names[0])])
    ledger.append_events([happened(names[0], names[0], name=names[1])])
    assert ledger.paired_outcomes(names[1], names[2], names[3], 0).same == 1
    assert ledger.kpi_outcomes(names[1], names[2], names[1], 0).count == 1


QUESTIONS = {
    "pairs": question.PAIRS,
    "waiting": question.WAITING_PAIRS,
    "answers": question.ANSWERS,
    "kpi": question.KPI,
    "cohort": question.COHORT,
    "worth": question.WORTH,
    "classes": question.CLASSES,
    "agreement": question.AGREEMENT,
    "since": score_question.SINCE,
    **{f"latest {score}": query for score, query in score_question.LATEST.items()},
    **{f"binned {score}": query for score, query in score_question.BINNED.items()},
}


@pytest.mark.parametrize("query", QUESTIONS)
def test_no_question_of_a_gate_reads_a_prediction_or_scans_a_table(ledger, database, query):
    text = QUESTIONS[query]
    values = {"deployment": "d", "first": "a", "second": "b", "revision": "a", "name": "n"}
    numbers = {"cursor": "7", "horizon": "9", "age": "3", "lowest": "0", "highest": "1"}
    numbers |= {"most": "9", "since": "7", "falling": "'{-1,-2}'"}
    for name, value in {**{k: f"'{v}'" for k, v in values.items()}, **numbers}.items():
        text = text.replace(f":{name}", value)
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = [line for (line,) in connection.execute(f"EXPLAIN {text}".encode())]
    assert not [line for line in plan if "Seq Scan" in line or " on prediction" in line], plan
    assert [line for line in plan if "Index Cond" in line]


def test_a_ledger_of_a_newer_version_is_refused(ledger, database):
    raw(database, "INSERT INTO ledger_version VALUES (99)")
    with pytest.raises(StoreError, match="version 99"):
        PostgresLedger(database)


def test_several_programs_that_start_at_once_make_the_tables_once():
    url = shared_postgres().database()
    problems: list[Exception] = []

    def start() -> None:
        try:
            PostgresLedger(url).close()
        except LedgerError as broken:
            problems.append(broken)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert raw(url, "SELECT version FROM ledger_version") == [(1,), (2,), (3,)]


def test_a_database_that_is_away_is_an_error_without_the_password():
    url = "postgresql+psycopg://sluice:secret@127.0.0.1:1/ledger"
    with pytest.raises(StoreError, match=r"cannot open: .*[Cc]onnection refused") as refused:
        open_ledger(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://", "postgresql+psycopg://h:x/y", "ftp://a", "sqlite:///", ""]
)
def test_a_url_of_no_ledger_says_what_one_looks_like(url):
    with pytest.raises(LedgerError):
        open_ledger(url)
