"""Simulated rollouts, looked at 360 times each: the promised error rates hold, and a test that
is not made for many looks breaks them on the same traffic."""

import numpy as np
import pytest
from scipy.stats import binom, norm
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import POINTS, FloatArray, log_e, proven
from sluice_operator.judge.paired import PairedFamily
from sluice_operator.judge.ratio import RatioFamily

TEST = Test(margin=2.0, alpha_harm=0.01, alpha_safe=0.05)
RATIO = RatioFamily()
PAIRED = PairedFamily()
ROLLOUTS = 400
LOOKS = 360
SURELY = 0.9999


def most(alpha: float) -> float:
    """More false proofs than this come about once in ten thousand if the rate is kept."""
    return binom.ppf(SURELY, ROLLOUTS, alpha)


def traffic(seed: int, ratio: float, *, uneven: bool = False) -> FloatArray:
    """Ten candidate and ninety stable requests a look; shape (looks, rollouts, 4)."""
    rng = np.random.default_rng(seed)
    looks = np.arange(LOOKS)[:, None]
    load = 1 + 0.5 * np.sin(2 * np.pi * looks / LOOKS) if uneven else np.ones((LOOKS, 1))
    begin = rng.integers(0, LOOKS - 24, ROLLOUTS)
    incident = (begin <= looks) & (looks < begin + 24) & uneven
    rate = 0.005 * load * np.where(incident, 10, 1)
    stable = rng.poisson(90 * load, (LOOKS, ROLLOUTS))
    candidate = rng.poisson(10 * load, (LOOKS, ROLLOUTS))
    bad = rng.binomial(candidate, rate * ratio)
    return np.stack((stable, rng.binomial(stable, rate), candidate, bad), axis=-1).astype(float)


def ever_proven(looks, factors, alpha: float) -> int:
    """Rollouts with a proof at any look."""
    wealth = np.zeros((ROLLOUTS, POINTS))
    ever = np.zeros(ROLLOUTS, dtype=bool)
    for counts in looks:
        wealth += factors(counts)
        ever |= proven(log_e(wealth), alpha)
    return int(ever.sum())


@pytest.mark.parametrize("uneven", [False, True], ids=["flat", "daily load and an incident"])
def test_a_healthy_candidate_is_called_harmful_no_more_often_than_promised(uneven):
    looks = traffic(21, 1.0, uneven=uneven)
    false = ever_proven(looks, lambda c: RATIO.harm(TEST, c), TEST.alpha_harm)
    assert false <= most(TEST.alpha_harm)


def test_a_candidate_at_the_margin_is_called_safe_no_more_often_than_promised():
    looks = traffic(22, TEST.margin)
    false = ever_proven(looks, lambda c: RATIO.safe(TEST, c), TEST.alpha_safe)
    assert false <= most(TEST.alpha_safe)


def test_a_candidate_with_ten_times_the_errors_is_always_found():
    looks = traffic(23, 10.0)
    assert ever_proven(looks, lambda c: RATIO.harm(TEST, c), TEST.alpha_harm) == ROLLOUTS


def test_a_plain_test_at_each_look_breaks_the_promise_on_the_same_traffic():
    totals = traffic(21, 1.0).cumsum(axis=0)
    stable, stable_bad, candidate, bad = np.moveaxis(totals, -1, 0)
    share = candidate / (candidate + stable)
    errors = bad + stable_bad
    spread = np.sqrt(np.maximum(errors * share * (1 - share), 1e-9))
    harmful = (bad - errors * share) / spread > norm.isf(TEST.alpha_harm)
    assert harmful.any(axis=0).sum() > most(TEST.alpha_harm)


@pytest.mark.parametrize(("side", "loss"), [("harm", 0.0), ("safe", 0.02)])
def test_pairs_without_reason_are_decided_no_more_often_than_promised(side, loss):
    test = Test(comparison="Paired", margin=0.02)
    alpha = test.alpha_harm if side == "harm" else test.alpha_safe
    chances = [(0.05 + loss) / 2, 0.95, (0.05 - loss) / 2]
    looks = np.random.default_rng(24).multinomial(10, chances, (300, ROLLOUTS)).astype(float)
    factors = getattr(PAIRED, side)
    assert ever_proven(looks, lambda c: factors(test, c), alpha) <= most(alpha)
