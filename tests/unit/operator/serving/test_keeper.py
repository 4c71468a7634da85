import os
import signal
import threading
from pathlib import Path

import pytest
from eventually import eventually
from sluice_operator.serving.keeper import MISSES_HUNG, MISSES_UNREADY, Health, Keeper, Kept
from sluice_operator.serving.process import Process

READY, SILENT = Health(ready=True), Health(ready=False)


def after(*healths: Health, kept: Kept | None = None) -> Kept:
    kept = kept or Kept().launched(pid=7)
    for health in healths:
        kept = kept.asked(health)
    return kept


def test_a_program_is_ready_when_it_says_so():
    assert after(SILENT, READY).ready


def test_one_missed_question_does_not_make_a_program_unready():
    assert after(READY, *[SILENT] * (MISSES_UNREADY - 1)).ready
    assert not after(READY, *[SILENT] * MISSES_UNREADY).ready
    assert after(*[READY, SILENT] * 10).ready


def test_only_a_program_that_answered_before_is_hung():
    silence = [SILENT] * MISSES_HUNG
    assert after(READY, *silence).hung
    assert not after(*silence).hung
    restarted = after(READY).ended("killed").launched(pid=8)
    assert not after(*silence, kept=restarted).hung


def test_a_refusal_is_a_failure_until_the_program_is_ready():
    refused = after(Health(ready=False, refused="digest differs"))
    assert refused.failed == "digest differs"
    assert after(SILENT, kept=refused).failed == "digest differs"
    assert after(READY, kept=refused).failed == ""


def test_three_endings_without_being_ready_are_a_crash_loop():
    kept = Kept()
    for _ in range(2):
        kept = kept.launched(pid=7).ended("ended with code 1: no memory")
        assert kept.failed == ""
    kept = kept.launched(pid=7).ended("ended with code 1: no memory")
    assert kept.failed == "crash loop, 3 starts failed; the last ended with code 1: no memory"


def test_a_program_that_was_ready_once_is_never_given_up():
    kept = after(READY)
    for _ in range(10):
        kept = kept.ended("killed").launched(pid=8)
    assert (kept.failed, kept.ends) == ("", 10)


def test_waits_between_starts_double_up_to_ten_seconds_and_begin_anew_after_success():
    kept, waits = Kept(), []
    for _ in range(8):
        kept = kept.launched(pid=7).ended("x")
        waits.append(kept.backoff_seconds)
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 10, 10]
    assert after(READY, kept=kept.launched(pid=9)).backoff_seconds == 0


class Sleeper:
    """A program that is ready at once, or ends at once."""

    def __init__(self, log: Path, *command: str) -> None:
        self.log, self.command = log, command

    def launch(self) -> Process:
        return Process(self.command, self.log)

    def health(self) -> Health:
        return READY


def test_a_kept_program_is_started_again_with_its_ending_remembered(tmp_path):
    changes = threading.Semaphore(0)
    command = ("/bin/sh", "-c", "echo 'IOError: no such thing'; exit 3")
    keeper = Keeper("brief", Sleeper(tmp_path / "log", *command), changes.release)
    keeper.start()
    eventually(lambda: keeper.kept.ends >= 2)
    keeper.stop()
    keeper.join()
    assert keeper.gone
    assert "ended with code 3: IOError: no such thing" in keeper.kept.last_end
    assert changes.acquire(blocking=False)


def test_a_program_that_does_not_listen_is_ended_when_its_grace_is_over(tmp_path):
    command = ("/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
    process = Process(command, tmp_path / "log")
    eventually(lambda: (tmp_path / "log").read_text() == "deaf\n")
    process.close(grace_seconds=0.3)
    assert "killed by SIGKILL" in process.why_ended()


def test_a_second_ctrl_c_cuts_the_grace_short(tmp_path, impatience):
    command = ("/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
    process = Process(command, tmp_path / "log")
    eventually(lambda: (tmp_path / "log").read_text() == "deaf\n")
    impatience.start()
    with pytest.raises(KeyboardInterrupt):
        process.close(grace_seconds=200)
    assert "killed by SIGKILL" in process.why_ended()


@pytest.fixture
def impatience():
    """After a moment, what Ctrl-C does happens to the main thread."""
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1))
    yield timer
    timer.join()
    signal.signal(signal.SIGUSR1, before)


def test_what_a_program_has_started_ends_with_it(tmp_path):
    command = ("/bin/sh", "-c", "sleep 600 & echo $!; wait")
    process = Process(command, tmp_path / "log")
    child = int(eventually((tmp_path / "log").read_text))
    process.close(grace_seconds=5)
    eventually(lambda: "Z" in _state(child) or not _state(child))


def test_a_program_that_cannot_be_started_is_a_crash_with_a_reason(tmp_path):
    keeper = Keeper("nothing", Sleeper(tmp_path / "log", "/no/such/program"), lambda: None)
    keeper.start()
    eventually(lambda: keeper.kept.ends)
    keeper.stop()
    keeper.join()
    assert "/no/such/program: No such file or directory" in keeper.kept.last_end


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
