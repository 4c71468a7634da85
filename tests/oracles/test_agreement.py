"""The judge beside what others have published: equal where the method is, near where it is not."""

from math import log

import numpy as np
import pytest
from confseq.betting import betting_mart
from confseq.boundaries import bernoulli_confidence_interval, normal_log_mixture
from savvi.multinomial import Multinomial
from scipy.stats import beta, binom, hypergeom
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import BETS, HARM_TILTS, log_e
from sluice_operator.judge.paired import PairedFamily
from sluice_operator.judge.ratio import ratio_factors
from sluice_operator.judge.tailed import TUNED, log_mixture
from sluice_operator.judge.update import update
from sluice_operator.judge.verdict import effect_of
from sluice_operator.model import Arm, Pairs, Window
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import proportion_confint

RNG = np.random.default_rng(3)


def arms(stable, candidate, share=None):
    one, other = Arm(total=stable[1], bad=stable[0]), Arm(total=candidate[1], bad=candidate[0])
    return Window(gate="any", stable=one, candidate=other, share=share)


def seen(test, *windows):
    evidence = Evidence()
    for window in windows:
        evidence = update(test, evidence, window)
    return evidence


@pytest.mark.parametrize("score", [-3.0, 0.0, 1.5, 4.0, 9.0])
@pytest.mark.parametrize("size", [200.0, 1e4, 1e6])
def test_the_mixture_of_key_figures_is_that_of_confseq(score, size):
    variance = 2.5 * size
    gain = score * variance**0.5
    precision = variance * TUNED / size
    # confseq is told where it should be best, and finds the precision by itself
    wanted = 2 * log(1 / (2 * 0.05)) + log(1 + 2 * log(1 / (2 * 0.05)))
    theirs = normal_log_mixture(gain, variance, precision * wanted, 0.05, is_one_sided=True)
    ours = log_mixture(np.array([gain]), np.array([variance]), size)[0]
    assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("place", [0, 20, 40, 63])
@pytest.mark.parametrize("margin", [0.0, 0.02, 0.1])
def test_each_bet_on_pairs_is_the_betting_martingale_of_confseq(place, margin):
    results = RNG.choice([-1, 0, 0, 0, 1], 60)
    theirs = betting_mart(
        (results + 1) / 2,
        (1 - margin) / 2,
        lambdas_fn_positive=lambda x, m: np.full(len(x), 2 * BETS[place]),
        theta=1,
        trunc_scale=1,
    )[-1]
    counts = np.array([[(results == kind).sum() for kind in (-1, 0, 1)]], dtype=float)
    test = Test(comparison="Paired", margin=margin)
    assert PairedFamily().safe(test, counts)[0, place] == pytest.approx(log(theirs), abs=1e-9)


@pytest.mark.parametrize(("bad", "total"), [(30, 1000), (300, 10_000), (5, 2000)])
def test_bounds_of_a_rate_are_near_those_of_confseq_and_wider_than_for_one_look(bad, total):
    test = Test(comparison="Absolute", margin=0.02, alpha_harm=0.025, alpha_safe=0.025)
    effect = effect_of(test, seen(test, arms((0, 0), (bad, total))))
    low, high = bernoulli_confidence_interval(bad, total, 0.05, total)
    # both are right; ours is made for rates and ratios of them, theirs for bounded values
    assert effect.hi - effect.lo < 1.25 * (high - low)
    once_low, once_high = proportion_confint(bad, total, alpha=0.05, method="beta")
    assert effect.lo < once_low < once_high < effect.hi
    assert once_low == pytest.approx(beta.ppf(0.025, bad, total - bad + 1))


def test_the_estimate_over_windows_is_the_pooled_risk_ratio_of_statsmodels():
    windows = [arms((9, 900), (3, 100)), arms((40, 450), (70, 450)), arms((1, 90), (0, 10))]
    tables = [
        [
            [w.candidate.bad, w.candidate.total - w.candidate.bad],
            [w.stable.bad, w.stable.total - w.stable.bad],
        ]
        for w in windows
    ]
    strata = StratifiedTable([np.array(each, dtype=float) for each in tables])
    ours = effect_of(Test(margin=2.0), seen(Test(margin=2.0), *windows)).est
    assert ours == pytest.approx(strata.riskratio_pooled)


def first_look(log_e_values, alpha):
    hits = np.flatnonzero(np.asarray(log_e_values) >= -log(alpha))
    return int(hits[0]) + 1 if hits.size else None


@pytest.mark.parametrize(("got", "within"), [(0.12, 1.15), (0.11, 1.15), (0.15, 1.3)])
def test_a_wrong_share_of_requests_is_found_as_soon_as_by_savvi(got, within):
    test = Test(metric="SampleRatio", comparison="Absolute", margin=1.25, alpha_harm=0.001)
    ours, theirs = [], []
    for run in range(12):
        rng = np.random.default_rng([7, run])
        evidence, other, mine, his = Evidence(), Multinomial(0.001, np.array([0.9, 0.1])), [], []
        for _ in range(600):
            candidate = int(rng.binomial(50, got))
            evidence = update(test, evidence, arms((0, 50 - candidate), (0, candidate), 10))
            other.update(np.array([50 - candidate, candidate]))
            mine.append(log(evidence.e_harm))
            his.append(log(other.odds))
        ours.append(first_look(mine, 0.001) or 600)
        theirs.append(first_look(his, 0.001) or 600)
    assert np.median(ours) <= within * np.median(theirs)


def test_a_greater_share_of_errors_is_found_as_soon_as_by_savvi():
    ours, theirs = [], []
    for run in range(12):
        rng = np.random.default_rng([8, run])
        evidence, other, mine, his = Evidence(), Multinomial(0.01, np.array([0.9, 0.1])), [], []
        for _ in range(120):
            bad = (int(rng.binomial(900, 0.005)), int(rng.binomial(100, 0.02)))
            evidence = update(Test(margin=2.0), evidence, arms((bad[0], 900), (bad[1], 100)))
            other.update(np.array(bad))
            mine.append(log(evidence.e_harm))
            his.append(log(other.odds))
        ours.append(first_look(mine, 0.01) or 120)
        theirs.append(first_look(his, 0.01) or 120)
    assert np.median(ours) <= np.median(theirs)


@pytest.mark.parametrize("bad", [3, 12, 30])
def test_no_bet_is_expected_to_win_by_the_hypergeometric_law_of_scipy(bad):
    stable, candidate = 60, 20
    mine = np.arange(min(bad, candidate) + 1)
    counts = np.array([(stable, bad - e, candidate, e) for e in mine], dtype=float)
    chance = hypergeom.pmf(mine, stable + candidate, bad, candidate)
    assert chance.sum() == pytest.approx(1)
    assert (chance @ np.exp(ratio_factors(counts, 1.0, HARM_TILTS))).max() <= 1 + 1e-9


def test_given_the_errors_of_a_window_a_bet_is_the_likelihood_ratio_of_scipys_binomials():
    counts = np.array([(900, 5, 100, 3)], dtype=float)
    for ratio, ours in zip(HARM_TILTS, ratio_factors(counts, 1.0, HARM_TILTS)[0], strict=True):
        theta = 100 * ratio / (100 * ratio + 900)
        assert ours == pytest.approx(binom.logpmf(3, 8, theta) - binom.logpmf(3, 8, 0.1))


def test_pairs_are_proven_with_as_few_labels_as_by_a_test_of_one_look_times_four():
    test = Test(comparison="Paired", margin=0.02)
    pairs = Pairs(worse=25, same=950, better=25)
    evidence = seen(test, Window(gate="any", pairs=pairs))
    # a plain z-test of 1,000 pairs at one look
    z = 0.02 * 1000 / 50**0.5
    assert 0 < log(evidence.e_safe) < z**2 / 2
    assert log(evidence.e_safe) > z**2 / 2 - log(4)
    assert log_e(np.array([evidence.safe]))[0] == pytest.approx(log(evidence.e_safe))
