"""What is told together, and how soon it is written."""

from datetime import UTC, datetime, timedelta

import pytest
from sluice_operator.controller.memory import Book, Page
from sluice_operator.controller.scribe import alike_of, joined
from sluice_operator.model import Event

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def event(reason: str, message: str, *, warning: bool = False, after: float = 0) -> Event:
    at = NOW + timedelta(seconds=after)
    return Event(at=at, reason=reason, message=message, warning=warning)


FIRST, SECOND = event("GateSafe", "errors"), event("GateSafe", "slo", after=1)


def test_gates_that_turn_safe_together_are_told_together():
    assert joined([FIRST, SECOND]) == event("GateSafe", "errors; slo")


STEP = event("StepStarted", "Step 3")


@pytest.mark.parametrize(
    "other", [event("Promoting", "all"), event("GateSafe", "slow", warning=True)]
)
def test_what_is_something_else_is_told_by_itself(other):
    assert alike_of([FIRST, SECOND, other, FIRST]) == [FIRST, SECOND]


def test_a_step_is_told_with_the_proofs_that_opened_it():
    assert alike_of([FIRST, SECOND, STEP, STEP]) == [FIRST, SECOND, STEP, STEP]
    assert joined([FIRST, STEP]) == event("StepStarted", "errors; Step 3")


@pytest.mark.parametrize(
    ("page", "awaited"),
    [
        (Page(events=[FIRST]), False),
        (Page(decisions=[(1, {"at": "now"})], checkpoint=True), False),
        (Page(events=[FIRST, event("GateHarm", "errors", warning=True)]), True),
        (Page(actions=[({}, {"state": "Done"})]), True),
        (Page(events=[event("RolloutStarted", "Attempt 2")]), True),
    ],
    ids=["event", "record", "warning", "action", "attempt"],
)
def test_warnings_results_and_beginnings_are_written_at_once(page, awaited):
    book = Book()
    book.note(page)
    assert book.is_awaited is awaited


@pytest.mark.parametrize(
    ("events", "patient"),
    [([FIRST], True), ([FIRST, SECOND], True), ([FIRST, STEP], False), ([], False)],
    ids=["proof", "proofs", "step", "checkpoint"],
)
def test_proofs_wait_for_the_step_that_they_open(events, patient):
    book = Book()
    book.note(Page(events=events, checkpoint=True))
    assert book.is_patient is patient
