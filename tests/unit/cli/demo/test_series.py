"""The course of an attempt, told by its record alone."""

import pytest
from demo_played import CANDIDATE, promoted, taken_back
from sluice_cli.demo.series import course_of, error_rates
from sluice_operator.laptop.run_record import replay
from sluice_operator.model import Arm, Window


@pytest.fixture(scope="module")
def back(tmp_path_factory):
    return course_of(list(replay(taken_back(tmp_path_factory.mktemp("bad")).record)), CANDIDATE)


def test_time_begins_with_the_attempt_and_every_series_has_every_look(back):
    assert back.at[0] == 0
    assert back.at == sorted(back.at)
    assert len(back.at) == len(back.wanted) == len(back.observed) == len(back.mirrored)


def test_what_was_wanted_and_observed_rises_and_falls_with_the_candidate(back):
    assert set(back.wanted) == {0, 20}
    assert {0, 20} <= set(back.observed)
    assert back.observed[-1] == 0


def test_the_gate_that_took_it_back_has_the_last_word(back):
    gate = back.gates["errors"]
    assert gate.e_harm[-1] >= 100 > gate.e_harm[0]
    assert len(gate.at) == len(gate.windows) == len(gate.low) == len(gate.high)
    assert "RollingBack" in [event.reason for _, event in back.events]


def test_a_candidate_that_became_stable_has_everything(tmp_path):
    course = course_of(list(replay(promoted(tmp_path).record)), CANDIDATE)
    assert course.wanted[-1] == 100
    assert "Promoted" in [event.reason for _, event in course.events]


def window(stable, candidate):
    return Window(gate="errors", stable=Arm(total=10, bad=stable), candidate=candidate)


def test_rates_are_of_the_last_windows_and_absent_where_nobody_asked():
    nobody, some = Arm(total=0, bad=0), Arm(total=4, bad=1)
    windows = [window(0, nobody), window(2, some), window(4, some)]
    stable, candidate = error_rates(windows, 2)
    assert stable == [0.0, 0.1, 0.3]
    assert candidate == [None, 0.25, 0.25]
