"""Families with two sides, and sums of worth: no bet is expected to win under its hypothesis."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sluice_operator.judge.bounded import BoundedFamily
from sluice_operator.judge.coverage import CoverageFamily
from sluice_operator.judge.disagreement import DisagreementFamily
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import HALF
from sluice_operator.judge.split import SplitFamily

ROUNDING = 1e-9
SPLIT = Test(metric="SampleRatio", comparison="Absolute", margin=1.25)
COVERAGE = Test(metric="LabelCoverage", margin=1.25)
requests = st.integers(0, 12)
chances = st.floats(0.0, 1.0)
shares = st.floats(0.01, 0.99)


def binomial(n, chance):
    return np.array([comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(n + 1)])


def gains(factors, chance):
    assert chance.sum() == pytest.approx(1.0)
    return chance @ np.exp(factors)


def splits(total, share):
    return np.array([(total - mine, mine, share) for mine in range(total + 1)], dtype=np.float64)


def with_odds(share, odds):
    return share * odds / (share * odds + 1 - share)


@given(st.integers(0, 40), shares)
def test_requests_that_are_dealt_as_wanted_are_exactly_fair(total, share):
    gain = gains(SplitFamily().harm(SPLIT, splits(total, share)), binomial(total, share))
    assert gain == pytest.approx(1.0)


@given(st.integers(0, 40), shares, st.floats(1.25, 20.0))
def test_odds_beyond_the_margin_expect_no_proof_of_their_side(total, share, odds):
    factors = SplitFamily().safe(SPLIT, splits(total, share))
    over = gains(factors[:, :HALF], binomial(total, with_odds(share, odds)))
    under = gains(factors[:, HALF:], binomial(total, with_odds(share, 1 / odds)))
    assert max(over.max(), under.max()) <= 1 + ROUNDING


def two_arms(stable, candidate):
    return np.array(
        [(stable, e0, candidate, e1) for e0 in range(stable + 1) for e1 in range(candidate + 1)],
        dtype=np.float64,
    )


def at_rates(stable, candidate, stable_rate, rate):
    return np.outer(binomial(stable, stable_rate), binomial(candidate, rate)).ravel()


@given(requests, requests, chances)
def test_the_same_coverage_expects_no_proof_of_harm_on_either_side(stable, candidate, rate):
    counts = two_arms(stable, candidate)
    chance = at_rates(stable, candidate, rate, rate)
    family = CoverageFamily()
    assert gains(family.harm(COVERAGE, counts), chance).max() <= 1 + ROUNDING
    assert gains(family.mirror(COVERAGE, counts), chance).max() <= 1 + ROUNDING


@given(requests, requests, chances, chances)
def test_coverage_beyond_the_margin_expects_no_proof_of_its_side(stable, candidate, level, more):
    factors = CoverageFamily().safe(COVERAGE, two_arms(stable, candidate))
    beyond = level + more * (1 - level)
    over = gains(factors[:, :HALF], at_rates(stable, candidate, level / 1.25, beyond))
    under = gains(factors[:, HALF:], at_rates(stable, candidate, beyond, level / 1.25))
    assert max(over.max(), under.max()) <= 1 + ROUNDING


@given(st.integers(0, 40), st.floats(0.001, 0.9), chances)
def test_disagreement_on_its_side_of_the_limit_expects_no_proof(total, limit, more):
    test = Test(metric="PredictionShift", comparison="Paired", margin=limit)
    family = DisagreementFamily()
    counts = np.array([(total, differ) for differ in range(total + 1)], dtype=np.float64)
    above = limit + more * (1 - limit)
    assert gains(family.harm(test, counts), binomial(total, limit * more)).max() <= 1 + ROUNDING
    assert gains(family.safe(test, counts), binomial(total, above)).max() <= 1 + ROUNDING


VALUES = (0.0, 0.35, 1.0)
"""What one answer can be worth, as a part of the range."""


def sums_of(answers, values):
    """Sums of worth of so many answers."""
    return np.array([sum(dealt) for dealt in product(values, repeat=answers)])


def chances_of(answers, each):
    return np.array([np.prod(dealt) for dealt in product(each, repeat=answers)])


def worths(stable, candidate):
    """Rows of counts as the family has them, stable's sums running fastest."""
    mine, theirs = sums_of(candidate, VALUES), sums_of(stable, VALUES)
    return np.array([(candidate, one, stable, other) for one in mine for other in theirs])


def laws(least):
    """Chances of each value, with a mean of at least so much of what is possible."""
    weights = st.tuples(*(st.floats(0.01, 1.0) for _ in VALUES))
    return weights.map(lambda w: np.array(w) / sum(w)).filter(lambda law: law @ VALUES >= least)


@given(st.integers(0, 3), st.integers(0, 4), laws(0.0), laws(0.0))
def test_worth_that_is_no_less_expects_no_proof_of_harm(candidate, stable, one, other):
    less, more = sorted((one, other), key=lambda law: law @ VALUES)
    test = Test(metric="BusinessKPI", margin=1.1, lowest=0.0, highest=1.0)
    chance = np.outer(chances_of(candidate, more), chances_of(stable, less)).ravel()
    gain = gains(BoundedFamily().harm(test, worths(stable, candidate)), chance)
    assert gain.max() <= 1 + ROUNDING


@pytest.mark.parametrize(("lowest", "highest"), [(0.0, 1.0), (-1.0, 1.0), (-0.2, 3.0)])
@given(st.tuples(st.integers(0, 3), st.integers(0, 4)), laws(0.2), st.floats(1.05, 2.0))
def test_worth_at_the_margin_expects_no_proof_of_safety(lowest, highest, answers, law, margin):
    candidate, stable = answers
    size = highest - lowest
    # stable's mean is `margin` times the candidate's, in real worth: what is left is worth least
    theirs = law @ VALUES * size + lowest
    part = (theirs / margin - lowest) / size / (law @ VALUES)
    if theirs <= 0:
        return
    mine = law * part + np.array([1 - part, 0.0, 0.0])
    assert mine @ VALUES * size + lowest == pytest.approx(theirs / margin)
    test = Test(metric="BusinessKPI", margin=margin, lowest=lowest, highest=highest)
    chance = np.outer(chances_of(candidate, mine), chances_of(stable, law)).ravel()
    gain = gains(BoundedFamily().safe(test, worths(stable, candidate)), chance)
    assert gain.max() <= 1 + ROUNDING
