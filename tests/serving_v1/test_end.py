"""Seldon's wrapper leaves its children behind; the entry point leaves nothing."""

import os
import signal

import pytest
from eventually import eventually
from ledger_content import recorded
from wrapper_process import Wrapper, running

TRIP = {"data": {"names": ["distance", "hour", "carrier"], "ndarray": [[900.0, 20, "BB"]]}}


@pytest.fixture
def wrapper(trips, tmp_path):
    with running(Wrapper(folder=tmp_path / "wrapper", package=trips["package"])) as w:
        yield w.wait_ready()


def first(wrapper, text):
    """The oldest process whose command line has the text."""
    return min(p for p in wrapper.processes() if text in wrapper.command_of(p))


def test_sigterm_leaves_no_process_and_loses_no_answer(wrapper):
    assert len(wrapper.processes()) >= 6
    for number in range(20):
        wrapper.ask(TRIP, x_request_id=f"trip-{number}").raise_for_status()
    assert wrapper.stop() == 0
    assert wrapper.processes() == []
    once = {(f"trip-{number}", 0): 1 for number in range(20)}
    assert recorded(wrapper.folder / "ledger.db") == once


def test_sigkill_leaves_no_process_either(wrapper):
    assert wrapper.stop(signal.SIGKILL) == -signal.SIGKILL

    def nobody_is_left():
        left = [wrapper.command_of(process) for process in wrapper.processes()]
        assert left == []
        return True

    eventually(nobody_is_left, within=120)


def test_when_the_worker_ends_all_end_and_say_why(wrapper):
    os.kill(first(wrapper, "mlserver start"), signal.SIGKILL)
    assert wrapper.process.wait(30) == 1
    assert wrapper.processes() == []
    reason = "the worker ended with status -9; its log says why"
    assert (wrapper.folder / "termination").read_text() == reason
    assert reason in wrapper.log
