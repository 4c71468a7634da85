"""The absolute test against numbers that can be worked out on paper."""

from math import log

import pytest
from gate_windows import arms
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import problem_of, update
from sluice_operator.judge.verdict import effect_of
from sluice_operator.model import Arm, Verdict, Window

ONE_PERCENT = Test(comparison="Absolute", margin=0.01, min_samples=0)


def candidate(bad, total):
    return Window(gate="slo", candidate=Arm(bad=bad, total=total))


def test_one_error_in_one_request_is_worth_the_integral_of_the_mixture():
    seen = update(ONE_PERCENT, Evidence(), candidate(1, 1))
    # mean over ln g of g/(0.01 g + 0.99), g from 1 to 50
    assert seen.e_harm == pytest.approx(100 * log(0.5 + 0.99) / log(50), rel=0.03)


def test_three_percent_errors_are_proven_above_one_percent():
    seen = update(ONE_PERCENT, Evidence(), candidate(30, 1000))
    assert seen.verdict is Verdict.HARM


def test_a_thousand_clean_requests_are_proven_below_one_percent():
    seen = update(ONE_PERCENT, Evidence(), candidate(0, 1000))
    assert seen.verdict is Verdict.SAFE


def test_the_rate_at_the_limit_stays_undecided():
    seen = Evidence()
    for _ in range(20):
        seen = update(ONE_PERCENT, seen, candidate(1, 100))
    assert seen.verdict is Verdict.INCONCLUSIVE


def test_stable_is_not_asked_for():
    assert problem_of(ONE_PERCENT, candidate(1, 100)) == ""


def test_what_stable_did_changes_nothing():
    alone = update(ONE_PERCENT, Evidence(), candidate(3, 100))
    beside = update(ONE_PERCENT, Evidence(), arms(stable=(90, 900), candidate=(3, 100)))
    assert alone == beside


@pytest.mark.parametrize(("bad", "bound"), [(0, "lo"), (500, "hi")])
def test_a_rate_at_the_end_of_the_scale_is_bounded_on_one_side_only(bad, bound):
    effect = effect_of(ONE_PERCENT, update(ONE_PERCENT, Evidence(), candidate(bad, 500)))
    assert getattr(effect, bound) is None
    assert effect.contains(bad / 500)


def test_windows_add_up_to_the_same_wealth_however_they_are_cut():
    whole = update(ONE_PERCENT, Evidence(), candidate(7, 400))
    first = update(ONE_PERCENT, Evidence(), candidate(7, 100))
    cut = update(ONE_PERCENT, first, candidate(0, 300))
    assert cut.harm == pytest.approx(whole.harm)


def test_no_requests_leave_the_rate_unknown():
    seen = update(ONE_PERCENT, Evidence(), candidate(0, 0))
    assert (effect_of(ONE_PERCENT, seen).est, seen.e_harm) == (None, 1.0)
