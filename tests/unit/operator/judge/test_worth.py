"""Key figures: the mean worth of an answer, with bounds and without."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from gate_windows import arms, worth
from scipy.integrate import quad
from scipy.stats import norm
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.tailed import TUNED, log_mixture
from sluice_operator.judge.update import problem_of, restart_safe, update
from sluice_operator.judge.verdict import effect_of, explain
from sluice_operator.model import Moments, Verdict, Window

BOUNDED = Test(metric="BusinessKPI order after 1d", margin=1.2, lowest=0.0, highest=10.0)
TAILED = Test(metric="BusinessKPI order after 1d", margin=1.2)


def seen(test, *windows, times=1):
    evidence = Evidence()
    for window in windows * times:
        evidence = update(test, evidence, window)
    return evidence


def shop(buyers, value=10.0, count=1000):
    """A thousand answers of stable, one in ten of which is an order; so many of the candidate."""
    return worth([10.0] * 100 + [0.0] * 900, [value] * buyers + [0.0] * (count - buyers))


@pytest.mark.parametrize("test", [BOUNDED, TAILED], ids=["bounded", "tailed"])
def test_a_candidate_that_brings_less_is_harm(test):
    evidence = seen(test, shop(70), times=8)
    assert evidence.verdict is Verdict.HARM
    effect = effect_of(test, evidence)
    assert effect.est == pytest.approx(0.7)
    assert effect.lo < 0.7 < effect.hi < 1


@pytest.mark.parametrize("test", [BOUNDED, TAILED], ids=["bounded", "tailed"])
def test_a_candidate_that_brings_as_much_becomes_safe(test):
    evidence = seen(test, shop(100), times=12)
    assert evidence.verdict is Verdict.SAFE
    assert explain(test, evidence).startswith(
        "worth of an answer, order after 1d: 1 of 12,000 vs 1 of 12,000; ratio 1 ["
    )


@pytest.mark.parametrize("test", [BOUNDED, TAILED], ids=["bounded", "tailed"])
def test_what_both_lose_at_the_same_time_is_no_harm(test):
    lull = worth([10.0] * 10 + [0.0] * 990, [10.0] + [0.0] * 99)
    busy = worth([10.0] * 100 + [0.0] * 900, [10.0] * 100 + [0.0] * 900)
    assert seen(test, busy, lull, times=20).e_harm_max < 2


def test_the_bounded_test_is_that_of_error_rates_with_the_roles_swapped():
    swapped = update(Test(margin=1.2), Evidence(), arms(stable=(70, 1000), candidate=(100, 1000)))
    evidence = seen(BOUNDED, shop(70))
    assert (evidence.harm, evidence.safe) == (swapped.harm, swapped.safe)


def test_answers_that_may_cost_something_make_safety_harder_to_prove():
    costly = replace(BOUNDED, lowest=-2.0)
    assert seen(costly, shop(100), times=12).e_safe < seen(BOUNDED, shop(100), times=12).e_safe


def test_without_bounds_nothing_is_said_before_the_mean_leans_on_enough():
    evidence = seen(TAILED, shop(1, 5000.0), times=20)
    assert (evidence.e_harm, evidence.e_safe) == (1.0, 1.0)


def test_without_bounds_safety_begins_anew_and_harm_goes_on():
    before = restart_safe(seen(TAILED, shop(100), times=12))
    after = update(TAILED, before, shop(100))
    assert before.e_safe == 1.0
    assert after.safe_spread == seen(TAILED, shop(100)).spread
    assert after.spread == pytest.approx(seen(TAILED, shop(100), times=13).spread)


@pytest.mark.parametrize("gain", [-40.0, -1.0, 0.0, 3.0, 90.0])
def test_the_mixture_is_the_integral_that_it_stands_for(gain):
    variance, size = 300.0, 5000.0
    precision = variance * TUNED / size

    def weighed(bet):
        prior = 2 * norm.pdf(bet, scale=precision**-0.5)
        return prior * np.exp(bet * gain - bet**2 * variance / 2)

    exact, _ = quad(weighed, 0, inf)
    found = log_mixture(np.array([gain]), np.array([variance]), size)[0]
    assert found == pytest.approx(np.log(exact), abs=1e-6)


@pytest.mark.parametrize(
    ("window", "problem"),
    [
        (Window(gate="kpi"), "no sums of worth"),
        (worth([11.0] * 3, [1.0]), "impossible worth of stable: 33 in 3 answers"),
        (worth([1.0], [-3.0]), "impossible worth of candidate: -3 in 1 answers"),
        (
            Window(gate="kpi", worth=(Moments(count=1, total=inf, squares=1.0),) * 2),
            "impossible worth of stable: inf in 1 answers",
        ),
    ],
)
def test_sums_that_cannot_be_true_say_why_and_change_nothing(window, problem):
    assert problem_of(BOUNDED, window) == problem
    assert update(BOUNDED, Evidence(), window) == Evidence()


def test_no_answers_yet_are_told_without_numbers_that_do_not_exist():
    assert explain(TAILED, Evidence()).startswith(
        "worth of an answer, order after 1d: no answers yet; inconclusive"
    )
