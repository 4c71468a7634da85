import sqlite3

import pytest
from sluice_ledger.query import (
    AGREEMENT,
    CLASSES,
    COHORT,
    FIRST_ANSWERS,
    FIRST_PAIRS,
    KPI,
    LATEST_SCORES,
    NEW_ANSWERS,
    NEW_PAIRS,
    NEW_SCORES,
    WAITING_PAIRS,
    WORTH,
)
from sluice_ledger.schema import TABLES

BOUND = {
    "deployment": "d",
    "stable": "a",
    "candidate": "b",
    "revision": "a",
    "name": "n",
    "cursor": 7,
    "horizon": 9,
    "age": 3,
    "last": 99,
    "most": 50,
}
QUESTIONS = {
    "first pairs": FIRST_PAIRS,
    "new pairs": NEW_PAIRS,
    "waiting pairs": WAITING_PAIRS,
    "first answers": FIRST_ANSWERS,
    "new answers": NEW_ANSWERS,
    "kpi": KPI,
    "cohort": COHORT,
    "worth": WORTH,
    "classes": CLASSES,
    "agreement": AGREEMENT,
    **{f"latest {score}": query for score, query in LATEST_SCORES.items()},
    **{f"new {score}": query for score, query in NEW_SCORES.items()},
}


def plan_of(query: str) -> list[str]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", BOUND)]


@pytest.mark.parametrize("query", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_no_question_reads_a_whole_table(query):
    touched = [step for step in plan_of(query) if "SCAN" in step and "subquery" not in step]
    assert touched == []


def test_each_kind_of_last_arrival_is_walked_from_the_cursor_on():
    searches = [step for step in plan_of(NEW_PAIRS) if ">?" in step]
    assert len(searches) == 3


def test_every_other_step_finds_its_row_by_its_whole_key():
    steps = [step for step in plan_of(NEW_PAIRS) if step.startswith("SEARCH") and ">?" not in step]
    assert len(steps) == 6
    for step in steps:
        assert "request_id=? AND row=?" in step
        assert "revision=?" in step or "label_key" in step
