import pytest
from sluice_operator.serving.log import reason_in


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("one\ntwo\n\n", "two"),
        (
            "Traceback:\n  File x\nsluice.DigestError: model.pkl differs\nbye\n",
            "sluice.DigestError: model.pkl differs",
        ),
        ("\x1b[31m2026 [critical] cannot bind\x1b[0m\nexiting\n", "2026 [critical] cannot bind"),
        ("ValueError: first\nKeyError: 'second'\n", "KeyError: 'second'"),
    ],
)
def test_the_reason_is_the_last_line_that_names_an_error(tmp_path, text, reason):
    (tmp_path / "log").write_text(text)
    assert reason_in(tmp_path / "log") == reason


def test_the_reason_is_looked_for_in_the_last_run_only(tmp_path):
    (tmp_path / "log").write_text("ValueError: old\nall is well\n")
    assert reason_in(tmp_path / "log", start=len("ValueError: old\n")) == "all is well"


def test_a_log_that_is_gone_is_said_to_be(tmp_path):
    assert "cannot be read" in reason_in(tmp_path / "log")
