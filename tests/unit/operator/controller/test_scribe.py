"""What is told together, and how soon it is written."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from memory_cluster import MemoryCluster
from operator_world import KEY, NAME, NAMESPACE
from sluice_operator.api.run import RunStatus
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, ROLLOUT_RUN
from sluice_operator.cluster.store import Store
from sluice_operator.controller.memory import Book, Memory, Page
from sluice_operator.controller.scribe import (
    FIRST_DECISIONS,
    MOST_CHARACTERS,
    MOST_DECISIONS,
    Scribe,
    alike_of,
    joined,
)
from sluice_operator.model import Event, Revision
from sluice_operator.rollout.status import Phase, Status

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


def record_of(entries: list[dict]) -> dict:
    """Status of a RolloutRun after these decisions, written in three parts."""
    cluster, store = MemoryCluster(), Store()
    metadata = {"name": NAME, "namespace": NAMESPACE}
    store.put(MODEL_DEPLOYMENT, cluster.create(MODEL_DEPLOYMENT, {"metadata": metadata}))
    judged = Revision(name=f"{NAME}-1", uri="s3://models/1")
    status = Status(deployment=NAME, phase=Phase.PROGRESSING, attempt=2, candidate=judged)
    memory = Memory(uid="1", status=status, saved=status, known={})
    scribe = Scribe(cluster, store, lambda key: memory)
    part = len(entries) // 3
    for begin in (0, part, 2 * part):
        memory.book.note(Page(decisions=[(2, entry) for entry in entries[begin : begin + part]]))
        assert scribe.write(KEY) is None
    return cluster.get(ROLLOUT_RUN, NAMESPACE, f"{NAME}-2")["status"]


def entry(number: int, **more: object) -> dict:
    return {"at": "2026-03-01T12:00:00Z", "reason": f"r{number}", **more}


def test_a_long_record_says_how_much_of_its_middle_is_left_out():
    shown = record_of([entry(number) for number in range(450)])
    reasons = [entry["reason"] for entry in shown["decisions"]]
    kept = (*range(FIRST_DECISIONS), *range(450 - MOST_DECISIONS + FIRST_DECISIONS, 450))
    assert reasons == [f"r{number}" for number in kept]
    assert RunStatus.model_validate(shown, strict=False).omitted == 450 - MOST_DECISIONS


def test_of_long_decisions_fewer_are_kept():
    gates = [{"name": f"gate-{number}", "source": "x" * 600} for number in range(32)]
    shown = record_of([entry(number, gates=gates) for number in range(90)])
    kept = [entry["reason"] for entry in shown["decisions"]]
    assert 300_000 < len(json.dumps(shown["decisions"])) <= MOST_CHARACTERS
    assert kept[:FIRST_DECISIONS] == [f"r{number}" for number in range(FIRST_DECISIONS)]
    assert (kept[-1], len(kept) + shown["omitted"]) == ("r89", 90)


@pytest.mark.parametrize(
    ("events", "patient"),
    [([FIRST], True), ([FIRST, SECOND], True), ([FIRST, STEP], False), ([], False)],
    ids=["proof", "proofs", "step", "checkpoint"],
)
def test_proofs_wait_for_the_step_that_they_open(events, patient):
    book = Book()
    book.note(Page(events=events, checkpoint=True))
    assert book.is_patient is patient
