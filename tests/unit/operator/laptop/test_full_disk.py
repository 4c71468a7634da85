"""A full disk while the controller remembers: it goes on from memory, and catches up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import laptop_full_disk
import pytest
from laptop_simulated import revision_name
from sluice_operator.rollout.status import Outcome, Phase

V1, V2 = revision_name("v1"), revision_name("v2")


def pictures(folder, behaviour, after):
    """What was seen in the middle of a canary, when the disk was full, and later."""
    program = [sys.executable, laptop_full_disk.__file__, str(folder), behaviour, after]
    beside = str(Path(laptop_full_disk.__file__).parent)
    ran = subprocess.run(
        program,
        env={**os.environ, "PYTHONPATH": beside},  # safe paths leave the program's own folder out
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    return pictures(tmp_path_factory.mktemp("home"), "failing", "go-on")


def test_a_bad_candidate_is_taken_back_and_remembered_when_there_is_room_again(failing):
    before, full, after = failing
    assert before["weights"] == {V1: 80, V2: 20}
    assert full["weights"] == {V1: 100}
    assert full["phase"] == Phase.PROGRESSING  # on disk
    assert after["phase"] == Phase.ROLLED_BACK
    assert after["outcomes"] == [Outcome.PROMOTED, Outcome.ROLLED_BACK]


def test_nothing_is_told_before_it_is_remembered_and_then_each_thing_once(failing):
    before, full, after = failing
    assert full["told"] == before["told"]
    new = after["told"][len(before["told"]) :]
    assert new == ["StepStarted", "GateHarm", "RollingBack", "RolledBack"]


def test_the_record_has_every_decision_once_there_is_room_again(failing):
    before, full, after = failing
    assert full["decisions"] == before["decisions"]
    assert after["decisions"] > full["decisions"] + 2
    assert after["replay_is_equal"]


def test_no_half_written_file_is_left(failing):
    assert [picture["drafts"] for picture in failing] == [[], [], []]


def test_a_promotion_that_was_never_remembered_is_proven_again_after_a_restart(tmp_path):
    """The candidate keeps the weight that the disk knows of until the next process has proof."""
    _, full, restarted, after = pictures(tmp_path, "healthy", "restart")
    assert full["weights"] == {V2: 100}
    assert restarted["weights"] == {V1: 80, V2: 20}
    assert restarted["phase"] == Phase.PROGRESSING
    assert after["outcomes"] == [Outcome.PROMOTED, Outcome.PROMOTED]
    assert after["weights"] == {V2: 100}
    assert after["replay_is_equal"]
