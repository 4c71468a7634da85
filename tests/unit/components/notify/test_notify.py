"""How the end of a run is told: a webhook that listens, one that is broken, and an Event."""

from datetime import UTC, datetime

import pytest
from sluice_components.notify.stage import WEBHOOK, Ending, ending_of, event_of, notify_plain, post
from webhook import listener

FAILED = {
    "state": "FAILED",
    "error_message": "Task train failed.",
    "pipeline_job_resource_name": "run-7",
}


def test_a_webhook_hears_how_the_run_ended(monkeypatch) -> None:
    with listener(204) as (address, heard):
        monkeypatch.setenv(WEBHOOK, address)
        assert notify_plain("train-tumours", FAILED, event=True) == "webhook: HTTP 204"
    assert heard == [
        {
            "pipeline": "train-tumours",
            "run": "run-7",
            "state": "FAILED",
            "message": "Task train failed.",
            "text": "train-tumours: failed: Task train failed.",
        }
    ]


def test_a_webhook_that_stumbles_is_tried_again() -> None:
    with listener(500, 200) as (address, heard):
        assert post(address, ending_of("p", FAILED)) == "webhook: HTTP 200"
    assert len(heard) == 2


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/s3cret", "file:///etc/s3cret", "s3cret:x"])
def test_a_webhook_that_is_broken_fails_nothing_and_stays_secret(address) -> None:
    said = post(address, ending_of("p", FAILED), pause_seconds=0)
    assert WEBHOOK in said
    assert "s3cret" not in said


def test_where_nobody_asked_nobody_is_told(monkeypatch) -> None:
    monkeypatch.delenv(WEBHOOK, raising=False)
    assert notify_plain("p", {"state": "SUCCEEDED"}, event=False) == "nobody asked to be told"


def test_an_event_says_whether_it_went_well() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    well = event_of(Ending(pipeline="p", run="r", state="SUCCEEDED"), "ml", now)
    assert (well["reason"], well["type"]) == ("TrainingSucceeded", "Normal")
    assert well["note"] == "p: succeeded (r)"
    long = event_of(Ending(pipeline="p", run="r", state="FAILED", message="é" * 2000), "ml", now)
    assert len(long["note"].encode()) <= 1024


@pytest.mark.parametrize(
    ("told", "state", "reason"),
    [
        ("SUCCEEDED", "SUCCEEDED", "TrainingSucceeded"),
        ("COMPLETE", "SUCCEEDED", "TrainingSucceeded"),
        ("CACHED", "SUCCEEDED", "TrainingSucceeded"),
        ("FAILED", "FAILED", "TrainingFailed"),
        ("CANCELED", "CANCELLED", "TrainingFailed"),
        ("RUNNING", "STOPPED", "TrainingStopped"),
        ("", "UNKNOWN", "TrainingFailed"),
    ],
)
def test_the_states_of_the_back_end_are_understood(told, state, reason) -> None:
    ending = ending_of("p", {"state": told})
    assert ending.state == state
    event = event_of(ending, "ml", datetime(2026, 1, 2, tzinfo=UTC))
    assert event["reason"] == reason
    assert (event["type"] == "Normal") == (state == "SUCCEEDED")
