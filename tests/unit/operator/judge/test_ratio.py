"""The relative test against numbers that can be worked out on paper."""

from math import log

import pytest
from gate_windows import arms
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update
from sluice_operator.judge.verdict import effect_of
from sluice_operator.model import Verdict

TWICE = Test(margin=2.0, min_samples=0)


def test_one_error_on_the_candidate_of_equal_arms_is_worth_the_integral_of_the_mixture():
    seen = update(TWICE, Evidence(), arms(stable=(0, 100), candidate=(1, 100)))
    # mean over ln r of 2r/(1+r), r from 1 to 50
    assert seen.e_harm == pytest.approx(2 * log(51 / 2) / log(50), rel=0.01)


def test_one_error_on_stable_of_equal_arms_counts_for_safety():
    seen = update(TWICE, Evidence(), arms(stable=(1, 100), candidate=(0, 100)))
    # at the margin a third of the errors is stable's; with ratio r it is 1/(1+r)
    exact = (3 * log(2 / 0.4) - 3 * log((1 + 2) / (1 + 0.4))) / log(5)
    assert seen.e_safe == pytest.approx(exact, rel=0.01)


def test_ten_times_the_errors_at_twenty_requests_a_second_is_harm_after_two_looks():
    seen = Evidence()
    for _ in range(2):
        seen = update(TWICE, seen, arms(stable=(5, 900), candidate=(5, 100)))
    assert seen.verdict is Verdict.HARM


def test_equal_rates_become_safe_and_never_harm():
    seen = Evidence()
    for _ in range(30):
        seen = update(TWICE, seen, arms(stable=(9, 900), candidate=(1, 100)))
    assert seen.verdict is Verdict.SAFE


def test_an_incident_that_hits_both_revisions_is_no_harm():
    seen = Evidence()
    for _ in range(24):
        seen = update(TWICE, seen, arms(stable=(450, 900), candidate=(50, 100)))
    assert seen.e_harm_max < 2


def test_windows_without_errors_are_seen_but_say_nothing_about_the_ratio():
    seen = update(TWICE, Evidence(), arms(stable=(0, 900), candidate=(0, 100)))
    assert (seen.e_harm, seen.e_safe, seen.samples, seen.windows) == (1.0, 1.0, 100, 1)


@pytest.mark.parametrize(
    "window",
    [
        arms(stable=(0, 0), candidate=(7, 10)),
        arms(stable=(7, 10), candidate=(0, 0)),
        arms(stable=(0, 0), candidate=(0, 0)),
    ],
    ids=["candidate alone", "stable alone", "nobody"],
)
def test_a_window_with_traffic_on_one_side_says_nothing_about_the_ratio(window):
    seen = update(TWICE, Evidence(), window)
    assert (seen.harm, seen.safe) == (Evidence().harm, Evidence().safe)


def test_swapping_the_revisions_mirrors_the_likelihood_of_each_ratio():
    one = update(TWICE, Evidence(), arms(stable=(3, 700), candidate=(8, 50)))
    other = update(TWICE, Evidence(), arms(stable=(8, 50), candidate=(3, 700)))
    assert one.below == pytest.approx(other.harm)


def test_the_estimate_of_one_window_is_the_plain_ratio_of_rates():
    seen = update(TWICE, Evidence(), arms(stable=(9, 3600), candidate=(12, 400)))
    assert effect_of(TWICE, seen).est == pytest.approx(12.0)


def test_the_estimate_is_not_fooled_by_an_incident_at_low_weight():
    quiet = arms(stable=(5, 1000), candidate=(5, 1000))
    incident_before_the_step = arms(stable=(495, 990), candidate=(5, 10))
    seen = update(TWICE, update(TWICE, Evidence(), incident_before_the_step), quiet)
    assert effect_of(TWICE, seen).est == pytest.approx(1.0)


def test_without_an_error_on_stable_there_is_a_lower_bound_but_no_estimate():
    seen = update(TWICE, Evidence(), arms(stable=(0, 900), candidate=(6, 100)))
    assert (effect_of(TWICE, seen).est, effect_of(TWICE, seen).hi) == (None, None)
    # the grid's last ratio against which all that are greater reach 100
    assert effect_of(TWICE, seen).lo == pytest.approx(50 ** (23 / 64))


def test_overwhelming_evidence_stays_a_finite_number():
    seen = Evidence()
    for _ in range(3):
        seen = update(TWICE, seen, arms(stable=(0, 10**6), candidate=(10**6, 10**6)))
    assert seen.e_harm == pytest.approx(1e300)


def test_margin_one_asks_for_proof_of_fewer_errors():
    better = Test(margin=1.0, min_samples=0)
    seen = Evidence()
    for _ in range(20):
        seen = update(better, seen, arms(stable=(20, 500), candidate=(5, 500)))
    assert seen.verdict is Verdict.SAFE
