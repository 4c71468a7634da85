"""Under its hypothesis no bet is expected to win: exact sums over everything one window can hold.

By Ville's inequality this is all that the error rates rest on.
"""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import FloatArray
from sluice_operator.judge.paired import PairedFamily
from sluice_operator.judge.rate import RateFamily
from sluice_operator.judge.ratio import RatioFamily

RATIO, RATE, PAIRED = RatioFamily(), RateFamily(), PairedFamily()
ROUNDING = 1e-9
requests = st.integers(0, 12)
chances = st.floats(0.0, 1.0)
margins = st.floats(1.05, 5.0)


def binomial(n: int, chance: float) -> FloatArray:
    return np.array([comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(n + 1)])


def expected(factors: FloatArray, chance: FloatArray) -> FloatArray:
    """What each alternative's bet is worth in the mean; chance: one per row of factors."""
    assert chance.sum() == pytest.approx(1.0)
    return chance @ np.exp(factors)


def two_arms(stable: int, candidate: int) -> FloatArray:
    """Every outcome of one window, with the candidate's bad count running fastest."""
    return np.array(
        [(stable, e0, candidate, e1) for e0 in range(stable + 1) for e1 in range(candidate + 1)],
        dtype=np.float64,
    )


def at_rates(stable: int, candidate: int, stable_rate: float, rate: float) -> FloatArray:
    return np.outer(binomial(stable, stable_rate), binomial(candidate, rate)).ravel()


@given(requests, requests, st.data())
def test_harm_expects_no_gain_once_the_bad_requests_are_given_and_dealt_at_random(
    stable, candidate, data
):
    bad = data.draw(st.integers(0, stable + candidate))
    mine = range(max(0, bad - stable), min(bad, candidate) + 1)
    deals = comb(stable + candidate, bad)
    chance = np.array([comb(candidate, e) * comb(stable, bad - e) / deals for e in mine])
    counts = np.array([(stable, bad - e, candidate, e) for e in mine], dtype=np.float64)
    gain = expected(RATIO.harm(Test(margin=2.0), counts), chance)
    assert gain.max() <= 1 + ROUNDING


@given(requests, requests, chances, chances)
def test_harm_expects_no_gain_from_a_candidate_that_fails_no_more_often(
    stable, candidate, stable_rate, share
):
    chance = at_rates(stable, candidate, stable_rate, stable_rate * share)
    gain = expected(RATIO.harm(Test(margin=2.0), two_arms(stable, candidate)), chance)
    assert gain.max() <= 1 + ROUNDING


@given(requests, requests, chances, chances, margins)
def test_safety_expects_no_gain_from_a_candidate_at_or_above_the_margin(
    stable, candidate, level, more, margin
):
    at_margin = level
    rate = at_margin + more * (1 - at_margin)
    chance = at_rates(stable, candidate, at_margin / margin, rate)
    gain = expected(RATIO.safe(Test(margin=margin), two_arms(stable, candidate)), chance)
    assert gain.max() <= 1 + ROUNDING


@given(st.integers(0, 40), st.floats(0.001, 0.9), chances)
def test_an_absolute_bet_expects_no_gain_on_its_side_of_the_limit(total, limit, more):
    test = Test(comparison="Absolute", margin=limit)
    counts = np.array([(total, bad) for bad in range(total + 1)], dtype=np.float64)
    below, above = limit * more, limit + more * (1 - limit)
    assert expected(RATE.harm(test, counts), binomial(total, below)).max() <= 1 + ROUNDING
    assert expected(RATE.safe(test, counts), binomial(total, above)).max() <= 1 + ROUNDING


@given(st.integers(0, 40), st.floats(0.001, 0.9))
def test_an_absolute_bet_is_exactly_fair_at_the_limit(total, limit):
    test = Test(comparison="Absolute", margin=limit)
    counts = np.array([(total, bad) for bad in range(total + 1)], dtype=np.float64)
    assert expected(RATE.harm(test, counts), binomial(total, limit)) == pytest.approx(1.0)


def all_pairs(total: int) -> FloatArray:
    return np.array(
        [(w, total - w - b, b) for w in range(total + 1) for b in range(total + 1 - w)],
        dtype=np.float64,
    )


def multinomial(counts: FloatArray, worse: float, better: float) -> FloatArray:
    same = 1 - worse - better
    return np.array(
        [
            comb(int(w + s + b), int(w)) * comb(int(s + b), int(b)) * worse**w * same**s * better**b
            for w, s, b in counts
        ]
    )


@given(st.integers(0, 8), st.floats(0.0, 0.5), st.floats(0.0, 1.0))
def test_harm_expects_no_gain_from_pairs_that_are_no_worse_in_the_mean(total, better, share):
    counts = all_pairs(total)
    gain = expected(
        PAIRED.harm(Test(comparison="Paired", margin=0.02), counts),
        multinomial(counts, better * share, better),
    )
    assert gain.max() <= 1 + ROUNDING


@given(st.integers(0, 8), st.floats(0.0, 0.25), st.floats(0.0, 0.5), st.floats(0.0, 1.0))
def test_safety_expects_no_gain_from_pairs_at_or_below_minus_the_margin(
    total, better, margin, more
):
    least_worse = better + margin
    worse = least_worse + more * (1 - better - least_worse)
    counts = all_pairs(total)
    gain = expected(
        PAIRED.safe(Test(comparison="Paired", margin=margin), counts),
        multinomial(counts, worse, better),
    )
    assert gain.max() <= 1 + ROUNDING


@given(st.integers(1, 8), st.floats(0.0, 0.25), st.floats(0.0, 0.5))
def test_a_paired_bet_is_exactly_fair_at_the_margin(total, better, margin):
    counts = all_pairs(total)
    gain = expected(
        PAIRED.safe(Test(comparison="Paired", margin=margin), counts),
        multinomial(counts, better + margin, better),
    )
    assert gain == pytest.approx(1.0)
