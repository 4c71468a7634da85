"""The paired test against numbers that can be worked out on paper."""

import pytest
from gate_windows import pairs
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import BETS
from sluice_operator.judge.update import update
from sluice_operator.judge.verdict import effect_of
from sluice_operator.model import Verdict

TWO_POINTS = Test(metric="Accuracy", comparison="Paired", margin=0.02, min_samples=0)
BETTER = Test(metric="Accuracy", comparison="Paired", margin=0.0, min_samples=0)


def seen_pairs(test, *windows):
    seen = Evidence()
    for window in windows:
        seen = update(test, seen, window)
    return seen


def test_stakes_reach_from_a_hundredth_to_four_fifths():
    assert (BETS[0], BETS[-1]) == (pytest.approx(0.01), pytest.approx(0.8))


def test_one_worse_pair_pays_the_stake_to_harm():
    assert seen_pairs(TWO_POINTS, pairs(1, 0, 0)).e_harm == pytest.approx(1 + BETS.mean())


def test_one_better_pair_costs_harm_its_stake():
    assert seen_pairs(TWO_POINTS, pairs(0, 0, 1)).e_harm == pytest.approx(1 - BETS.mean())


def test_worse_and_better_together_cost_the_square_of_the_stake():
    assert seen_pairs(TWO_POINTS, pairs(1, 0, 1)).e_harm == pytest.approx(1 - (BETS**2).mean())


def test_a_pair_without_difference_pays_safety_the_margin():
    seen = seen_pairs(TWO_POINTS, pairs(0, 1, 0))
    assert (seen.e_harm, seen.e_safe) == (1.0, pytest.approx(1 + 0.02 * BETS.mean()))


def test_a_candidate_that_loses_three_points_is_harmful():
    assert seen_pairs(TWO_POINTS, pairs(64, 1520, 16)).verdict is Verdict.HARM


def test_a_candidate_that_loses_nothing_is_safe_at_two_points():
    assert seen_pairs(TWO_POINTS, pairs(40, 1520, 40)).verdict is Verdict.SAFE


def test_a_candidate_at_the_margin_stays_undecided_about_safety():
    assert seen_pairs(TWO_POINTS, pairs(14, 380, 6)).e_safe < 2


def test_margin_zero_calls_safe_only_what_is_better():
    assert seen_pairs(BETTER, pairs(40, 1520, 40)).verdict is Verdict.INCONCLUSIVE
    assert seen_pairs(BETTER, pairs(16, 1520, 64)).verdict is Verdict.SAFE


def test_at_margin_zero_better_is_harm_mirrored_to_the_bit():
    assert seen_pairs(BETTER, pairs(3, 90, 11)).safe == seen_pairs(BETTER, pairs(11, 90, 3)).harm


def test_pairs_that_wait_for_labels_are_shown_but_never_judged():
    waiting = seen_pairs(TWO_POINTS, pairs(1, 10, 2, unlabelled=500))
    assert (waiting.harm, waiting.samples) == (seen_pairs(TWO_POINTS, pairs(1, 10, 2)).harm, 13)
    assert waiting.pairs.unlabelled == 500


def test_what_still_waits_is_as_of_the_last_window():
    seen = seen_pairs(TWO_POINTS, pairs(0, 1, 0, unlabelled=9), pairs(0, 1, 0, unlabelled=4))
    assert seen.pairs.unlabelled == 4


def test_the_gain_lies_within_its_bounds():
    effect = effect_of(TWO_POINTS, seen_pairs(TWO_POINTS, pairs(30, 920, 50)))
    assert effect.est == pytest.approx(0.02)
    assert -0.01 < effect.lo < effect.est < effect.hi < 0.06
