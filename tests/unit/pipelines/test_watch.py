"""The steps as read from Kubeflow's log; the local run in tests/pipelines reads the real one."""

import io

from sluice_pipelines.step import StepState
from sluice_pipelines.watch import StepWatch, upstream_of

TASKS = {
    "register": frozenset({"package"}),
    "ingest": frozenset(),
    "train": frozenset({"ingest"}),
    "package": frozenset({"train"}),
}
CYAN, RESET = "\x1b[96m", "\x1b[0m"


def started(name: str) -> str:
    return f"11:15:26.760 - INFO - Executing task {CYAN}'{name}'{RESET}\n"


def ended(name: str, status: str = "SUCCESS", level: str = "INFO") -> str:
    head = f"11:15:28.760 - {level} - Task {CYAN}'{name}'{RESET}"
    return f"{head} finished with status {CYAN}{status}{RESET}\n"


def watching() -> tuple[StepWatch, io.StringIO, list[tuple[str, ...]]]:
    seen: list[tuple[str, ...]] = []
    log = io.StringIO()
    watch = StepWatch(
        upstream_of(TASKS), log, lambda steps: seen.append(tuple(s.state for s in steps))
    )
    return watch, log, seen


def test_steps_stand_in_an_order_in_which_they_can_run():
    assert list(upstream_of(TASKS)) == ["ingest", "train", "package", "register"]
    assert upstream_of(TASKS)["package"] == {"ingest", "train"}


def test_every_change_of_a_step_is_reported_once():
    watch, _, seen = watching()
    watch.write(started("ingest") + ended("ingest"))
    assert seen == [
        ("running", "waiting", "waiting", "waiting"),
        ("done", "waiting", "waiting", "waiting"),
    ]


def test_text_that_comes_in_pieces_is_put_together():
    watch, _, _ = watching()
    for character in started("ingest"):
        watch.write(character)
    assert watch.steps[0].state is StepState.RUNNING


def test_what_did_not_run_before_a_step_was_reused():
    watch, _, _ = watching()
    watch.write(started("package"))
    assert [s.state for s in watch.steps] == ["reused", "reused", "running", "waiting"]


def test_what_did_not_run_at_all_was_reused():
    watch, _, _ = watching()
    watch.finish()
    assert {s.state for s in watch.steps} == {StepState.REUSED}


def test_a_failed_step_is_named_with_its_last_lines():
    watch, _, _ = watching()
    watch.write(started("ingest") + "    boom\n" + ended("ingest", "FAILURE", "ERROR"))
    assert watch.failed == "ingest"
    assert "    boom" in watch.tail


def test_the_log_holds_everything_without_colours():
    watch, log, _ = watching()
    watch.write(started("ingest") + "    words of the step\n")
    assert (
        log.getvalue() == "11:15:26.760 - INFO - Executing task 'ingest'\n    words of the step\n"
    )


def test_a_step_that_was_interrupted_has_failed():
    watch, _, _ = watching()
    watch.write(started("ingest"))
    watch.interrupt()
    assert watch.failed == "ingest"


def test_a_step_that_says_so_itself_changes_nothing():
    watch, _, _ = watching()
    watch.write("    I am Executing task 'train', I believe\n")
    assert {s.state for s in watch.steps} == {StepState.WAITING}
