"""Bounds say the same as the verdicts, and hold at every look at once."""

from math import log

import numpy as np
from gate_windows import arms, some_arm, some_arms, some_pairs
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update
from sluice_operator.judge.verdict import effect_of
from sluice_operator.model import Window

RELATIVE = Test(margin=2.0)
ABSOLUTE = Test(comparison="Absolute", margin=0.05)
PAIRED = Test(comparison="Paired", margin=0.02)


def judged(test, windows):
    evidence = Evidence()
    for window in windows:
        evidence = update(test, evidence, window)
    return evidence


def clear_of(threshold: float, e_value: float) -> bool:
    """Whether rounding of the bound cannot turn the comparison."""
    return abs(log(e_value) - log(threshold)) > 0.1


@given(st.lists(some_arms(), min_size=1, max_size=4))
def test_a_ratio_is_bounded_above_one_just_when_harm_is_proven_now(windows):
    evidence = judged(RELATIVE, windows)
    if clear_of(100, evidence.e_harm):
        assert ((effect_of(RELATIVE, evidence).lo or 0) >= 1) == (evidence.e_harm > 100)


@given(some_arms())
def test_the_ratio_of_one_window_lies_within_its_bounds(window):
    effect = effect_of(RELATIVE, judged(RELATIVE, [window]))
    if effect.est is not None:
        assert effect.contains(effect.est)


@given(some_arm().filter(lambda arm: arm.total))
def test_a_rate_is_bounded_off_its_limit_just_when_a_verdict_is_proven_now(arm):
    evidence = judged(ABSOLUTE, [Window(gate="slo", candidate=arm)])
    effect = effect_of(ABSOLUTE, evidence)
    assert effect.contains(effect.est)
    if clear_of(100, evidence.e_harm):
        assert ((effect.lo or 0) > 0.05) == (evidence.e_harm > 100)
    if clear_of(20, evidence.e_safe):
        assert ((effect.hi or 1) < 0.05) == (evidence.e_safe > 20)


@given(st.lists(some_pairs(most=400), min_size=1, max_size=3).filter(lambda w: w[0].pairs.total))
def test_a_gain_is_bounded_off_its_margin_just_when_a_verdict_is_proven_now(windows):
    evidence = judged(PAIRED, windows)
    effect = effect_of(PAIRED, evidence)
    assert effect.contains(effect.est)
    if clear_of(100, evidence.e_harm):
        assert ((1 if effect.hi is None else effect.hi) < 0) == (evidence.e_harm > 100)
    if clear_of(20, evidence.e_safe):
        assert ((-1 if effect.lo is None else effect.lo) > -0.02) == (evidence.e_safe > 20)


def test_the_true_ratio_leaves_the_bounds_of_some_look_in_few_rollouts():
    rng = np.random.default_rng(11)
    rollouts, missed, true_ratio = 150, 0, 3.0
    for _ in range(rollouts):
        evidence, inside = Evidence(), True
        for _ in range(40):
            bad = rng.binomial((900, 100), (0.01, 0.01 * true_ratio)).tolist()
            window = arms(stable=(bad[0], 900), candidate=(bad[1], 100))
            evidence = update(RELATIVE, evidence, window)
            inside &= effect_of(RELATIVE, evidence).contains(true_ratio)
        missed += not inside
        assert effect_of(RELATIVE, evidence).hi < 12  # bounds that say nothing would miss nothing
    allowed = RELATIVE.alpha_harm + RELATIVE.alpha_safe
    assert missed <= binom.ppf(0.9999, rollouts, allowed)
