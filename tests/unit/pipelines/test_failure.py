"""From the output of a failed step to one line for a person."""

from sluice_pipelines.failure import PipelineFailedError, reason_in

FRAMES = [
    "    Traceback (most recent call last):",
    '      File "executor.py", line 3, in <module>',
    "        run()",
]


def test_our_own_errors_speak_for_themselves():
    lines = [*FRAMES, "    sluice_components.errors.TargetError: one class only", "    "]
    assert reason_in(lines) == "one class only"


def test_a_message_of_several_lines_is_kept_whole():
    lines = [*FRAMES, "    sluice_components.errors.SourceError: no file", "    look again", "    "]
    assert reason_in(lines) == "no file look again"


def test_other_errors_are_named_with_their_kind():
    assert reason_in([*FRAMES, "    numpy.linalg.LinAlgError: singular"]) == "LinAlgError: singular"


def test_the_last_error_of_a_chain_counts():
    first = [*FRAMES, "    ValueError: deep down", "    "]
    assert reason_in([*first, *FRAMES, "    sluice_components.errors.JoinError: top"]) == "top"


def test_a_step_that_was_killed_is_quoted():
    assert "its last words: reading rows" in reason_in(["    reading rows", "", "    "])


def test_the_message_names_step_reason_and_log():
    failed = PipelineFailedError("train", "one class only", "logs/train.log")
    assert str(failed) == "train: one class only (log: logs/train.log)"
