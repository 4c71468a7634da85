"""The judge against the formulas as they are printed: 28 digits, one request after the other."""

from decimal import Decimal
from math import log

import numpy as np
import pytest
from gate_windows import some_arms, some_pairs
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update
from sluice_operator.model import Arm, Window

UPWARD = [Decimal(50) ** (Decimal(k) / 64) for k in range(1, 65)]
DOWNWARD = [Decimal(5) ** (Decimal(k) / 64 - 1) for k in range(64)]
LEAST, MOST = Decimal("0.1"), Decimal("0.8").sqrt()
STAKES = [(LEAST + (MOST - LEAST) * k / 63) ** 2 for k in range(64)]


def seen(test, windows):
    evidence = Evidence()
    for window in windows:
        evidence = update(test, evidence, window)
    return evidence


def log_mean(wealth: list[Decimal]) -> float:
    return float((sum(wealth) / len(wealth)).ln())


def bernoulli(alternative: Decimal, hypothesis: Decimal, outcomes: list[bool]) -> Decimal:
    odds = Decimal(1)
    for success in outcomes:
        above, below = (alternative, hypothesis) if success else (1 - alternative, 1 - hypothesis)
        odds *= above / below
    return odds


def share(window: Window, ratio: Decimal) -> Decimal:
    candidate = Decimal(window.candidate.total) / (window.candidate.total + window.stable.total)
    return candidate * ratio / (candidate * ratio + 1 - candidate)


def ratio_e(windows: list[Window], ratio: Decimal, tilts: list[Decimal]) -> float:
    wealth = []
    for tilt in tilts:
        product = Decimal(1)
        for window in windows:
            if not (window.candidate.total and window.stable.total):
                continue
            outcomes = [True] * window.candidate.bad + [False] * window.stable.bad
            product *= bernoulli(share(window, ratio * tilt), share(window, ratio), outcomes)
        wealth.append(product)
    return log_mean(wealth)


@given(st.lists(some_arms(most=20), min_size=1, max_size=3))
def test_the_relative_e_values_are_those_of_the_formula(windows):
    evidence = seen(Test(margin=1.5), windows)
    assert log(evidence.e_harm) == pytest.approx(ratio_e(windows, Decimal(1), UPWARD), abs=1e-9)
    assert log(evidence.e_safe) == pytest.approx(
        ratio_e(windows, Decimal("1.5"), DOWNWARD), abs=1e-9
    )


@given(st.lists(some_pairs(most=12), min_size=1, max_size=3), st.sampled_from([0, 2, 10]))
def test_the_paired_e_values_are_those_of_the_formula(windows, percent):
    margin = Decimal(percent) / 100
    evidence = seen(Test(comparison="Paired", margin=percent / 100), windows)
    results = [
        d for w in windows for d in [-1] * w.pairs.worse + [0] * w.pairs.same + [1] * w.pairs.better
    ]
    harm, safe = [], []
    for stake in STAKES:
        lose, win = Decimal(1), Decimal(1)
        for d in results:
            lose *= 1 - stake * d
            win *= 1 + stake * (d + margin)
        harm.append(lose)
        safe.append(win)
    assert log(evidence.e_harm) == pytest.approx(log_mean(harm), abs=1e-9)
    assert log(evidence.e_safe) == pytest.approx(log_mean(safe), abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([1, 5, 30]))
def test_the_absolute_e_values_are_those_of_the_formula(good, bad, percent):
    limit = Decimal(percent) / 100
    window = Window(gate="slo", candidate=Arm(total=good + bad, bad=bad))
    evidence = seen(Test(comparison="Absolute", margin=percent / 100), [window])
    outcomes = [True] * bad + [False] * good
    for tilts, e_value in ((UPWARD, evidence.e_harm), (DOWNWARD, evidence.e_safe)):
        rates = [limit * g / (limit * g + 1 - limit) for g in tilts]
        wealth = [bernoulli(rate, limit, outcomes) for rate in rates]
        assert log(e_value) == pytest.approx(log_mean(wealth), abs=1e-9)


@pytest.mark.parametrize(("good", "bad"), [(970, 30), (95, 5), (480, 20)])
def test_the_grid_is_as_good_as_the_integral_that_it_stands_for(good, bad):
    limit = 0.01
    lowest, highest = limit, 50 * limit / (50 * limit + 1 - limit)
    # mean over ln odds of p^bad (1-p)^good is a difference of incomplete beta functions
    mass = betainc(bad, good, highest) - betainc(bad, good, lowest)
    log_beta = (
        sum(np.log(np.arange(1, n)).sum() for n in (bad, good))
        - np.log(np.arange(1, good + bad)).sum()
    )
    exact = np.log(mass / log(50)) + log_beta - bad * log(limit) - good * log(1 - limit)
    window = Window(gate="slo", candidate=Arm(total=good + bad, bad=bad))
    found = seen(Test(comparison="Absolute", margin=limit), [window])
    assert log(found.e_harm) == pytest.approx(exact, abs=0.05)
