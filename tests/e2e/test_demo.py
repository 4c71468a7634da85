"""The demo as a user runs it: what it promises, and what is left when it is broken off."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SLUICE = Path(sys.executable).with_name("sluice")


def run_demo(out: Path, *options: str) -> "subprocess.Popen[str]":
    command = [SLUICE, "demo", ROOT / "examples" / "flights", "--out", out, *options]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="module")
def busy() -> float:
    """How many times longer than alone everything takes beside what already runs here.

    Who shares C cores with L others at work gets C of C + L turns. A quiet machine has L near 0.
    """
    return 1 + os.getloadavg()[0] / (os.cpu_count() or 1)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, busy: float) -> Iterator[Path]:
    out = tmp_path_factory.mktemp("demo")
    demo = run_demo(out, "--port", "19100")
    said, _ = demo.communicate(timeout=800)
    assert demo.returncode == 0, said[-4000:]
    yield out
    assert left_behind(out) == []


@pytest.fixture(scope="module")
def summary(played: Path) -> Any:
    return json.loads((played / "summary.json").read_text())


def rollout(summary: Any, name: str) -> Any:
    return next(one for one in summary["rollouts"] if one["name"] == name)


def left_behind(out: Path) -> list[str]:
    """Command lines of running processes that name the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(out) in words and int(process.name) != os.getpid():
            found.append(words)
    return found


def test_the_better_candidate_is_proven_better_and_promoted(summary):
    v2 = rollout(summary, "v2")
    assert (v2["outcome"], v2["gates"]["better"], v2["peak_weight"]) == ("Promoted", "Safe", 100)


def test_the_failing_candidate_is_taken_back_within_seconds(summary):
    v3 = rollout(summary, "v3")
    assert v3["outcome"] == "RolledBack"
    assert v3["peak_weight"] == 10
    assert v3["user_errors"] > 0
    assert v3["first_bad_answer_to_zero_weight_seconds"] < 15


def test_the_quietly_worse_candidate_never_answers_a_user(summary):
    v4 = rollout(summary, "v4")
    assert v4["outcome"] == "RolledBack"
    assert (v4["peak_weight"], v4["answered_by_candidate"], v4["user_errors"]) == (0, 0, 0)


def test_nobody_but_the_candidate_fails_a_user(summary):
    assert summary["failures_outside_candidate"] == []


def test_the_demo_takes_four_minutes_at_most_where_nothing_else_is_at_work(summary, busy):
    assert summary["wall_seconds"] <= 240 * busy


def test_every_decision_replays_to_the_bit(summary):
    assert all(one["replays_identically"] for one in summary["rollouts"])


def test_the_report_stands_alone(played):
    page = (played / "report.html").read_text()
    assert page.count("<svg") == 3
    assert not re.search(r"""(src|href|url\()=?["']?https?:""", page)
