"""What breaks the promise: each assumption of `docs/statistics.md`, and what happens without it.

Nothing here is a fault to be mended in the tests of the judge. Whoever counts must see to it, and
whoever reads a verdict should know.
"""

import numpy as np
import pytest
from scipy.stats import binom
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import POINTS, log_e, proven
from sluice_operator.judge.paired import PairedFamily
from sluice_operator.judge.ratio import RatioFamily
from sluice_operator.judge.split import SplitFamily

TEST = Test(margin=2.0, alpha_harm=0.01, alpha_safe=0.05)
RATIO = RatioFamily()
ROLLOUTS, LOOKS = 400, 240
REQUESTS = (900, 100)
RATE = 0.005


def share_proven(looks, factors, alpha):
    """Share of the rollouts with a proof at any look."""
    wealth = np.zeros((ROLLOUTS, POINTS))
    ever = np.zeros(ROLLOUTS, dtype=bool)
    for counts in looks:
        wealth += factors(TEST, counts.astype(float))
        ever |= proven(log_e(wealth), alpha)
    return ever.mean()


def most(alpha):
    """A greater share comes about once in ten thousand while the promise is kept."""
    return binom.ppf(0.9999, ROLLOUTS, alpha) / ROLLOUTS


def false_harm(looks):
    return share_proven(looks, RATIO.harm, TEST.alpha_harm)


def arms(stable, candidate):
    return np.stack((*stable, *candidate), axis=1)


def bursts(rng, *, shared):
    """Ten requests fail together: of either revision as it happens, or all of one of them."""
    for _ in range(LOOKS):
        if shared:
            hit = 10 * rng.poisson(sum(REQUESTS) * RATE / 10, ROLLOUTS)
            mine = rng.hypergeometric(hit, sum(REQUESTS) - hit, REQUESTS[1])
            bad = (hit - mine, mine)
        else:
            bad = tuple(10 * rng.poisson(total * RATE / 10, ROLLOUTS) for total in REQUESTS)
        yield arms(
            *zip(np.broadcast_to(np.array(REQUESTS)[:, None], (2, ROLLOUTS)), bad, strict=True)
        )


def test_failures_that_come_in_bursts_do_no_harm_while_requests_are_dealt_at_random():
    assert false_harm(bursts(np.random.default_rng(1), shared=True)) <= most(0.01)


def test_bursts_that_hit_one_revision_alone_break_the_promise():
    assert false_harm(bursts(np.random.default_rng(1), shared=False)) > 10 * TEST.alpha_harm


def retries(rng, *, dealt):
    """A failed request is tried again twice and fails again: anywhere, or where it was."""
    for _ in range(LOOKS):
        first = [rng.binomial(total, RATE, ROLLOUTS) for total in REQUESTS]
        again = [2 * bad for bad in first]
        if dealt:
            mine = rng.binomial(sum(again), REQUESTS[1] / sum(REQUESTS))
            again = [sum(again) - mine, mine]
        totals = [total + more for total, more in zip(REQUESTS, again, strict=True)]
        bad = [one + more for one, more in zip(first, again, strict=True)]
        yield arms(*zip(totals, bad, strict=True))


def test_retries_that_are_dealt_anew_do_no_harm():
    assert false_harm(retries(np.random.default_rng(2), dealt=True)) <= most(0.01)


def test_retries_on_the_same_revision_break_the_promise():
    assert false_harm(retries(np.random.default_rng(2), dealt=False)) > 3 * TEST.alpha_harm


def shift_within(rng, *, apart):
    """Half of each window at 5 % weight in peace, half at 50 % with ten times the errors."""
    halves = (((950, 50), RATE), ((500, 500), 10 * RATE))
    for _ in range(LOOKS):
        counted = [
            np.stack((np.full(ROLLOUTS, total), rng.binomial(total, rate, ROLLOUTS)), axis=1)
            for totals, rate in halves
            for total in totals
        ]
        calm, hit = np.hstack(counted[:2]), np.hstack(counted[2:])
        yield from (calm, hit) if apart else (calm + hit,)


def test_weight_and_level_may_both_change_between_windows():
    assert false_harm(shift_within(np.random.default_rng(3), apart=True)) <= most(0.01)


def test_weight_and_level_that_change_together_within_a_window_break_the_promise():
    assert false_harm(shift_within(np.random.default_rng(3), apart=False)) == 1.0


def test_requests_that_are_sent_by_another_rule_than_the_weight_are_a_wrong_share():
    split = Test(metric="SampleRatio", comparison="Absolute", margin=1.25, alpha_harm=0.001)
    rng = np.random.default_rng(4)
    looks = [
        # one client in a hundred keeps asking the candidate twice, whatever the weight is
        np.stack((1000 - mine, mine, np.full(ROLLOUTS, 0.1)), axis=1)
        for mine in rng.binomial(1000, 0.1 + 0.02, (60, ROLLOUTS))
    ]
    harm = SplitFamily().harm
    assert share_proven(looks, lambda _, counts: harm(split, counts), 0.001) == 1.0


@pytest.mark.parametrize(("swing", "breaks"), [(0.0, False), (0.4, True)])
def test_pairs_whose_mean_wanders_around_the_margin_are_not_covered(swing, breaks):
    test = Test(comparison="Paired", margin=0.02)
    rng, family = np.random.default_rng(5), PairedFamily()

    def looks():
        for look in range(LOOKS):
            # much better first, then as much worse: in the mean at the margin all the same
            loss = 0.02 - swing / 10 if look < LOOKS // 2 else 0.02 + swing / 10
            worse, better = (0.2 + loss) / 2, (0.2 - loss) / 2
            yield rng.multinomial(10, (worse, 0.8, better), ROLLOUTS)

    false = share_proven(looks(), lambda _, counts: family.safe(test, counts), test.alpha_safe)
    assert (false > most(test.alpha_safe)) == breaks


def test_labels_that_come_sooner_to_right_answers_hide_a_loss():
    """Half of the wrong answers never get a label from the candidate's users."""
    rng = np.random.default_rng(6)

    def looks():
        for _ in range(LOOKS):
            wrong = rng.binomial(900, 0.1, ROLLOUTS), rng.binomial(100, 0.2, ROLLOUTS)
            seen = rng.binomial(wrong[1], 0.5)
            yield arms((np.full(ROLLOUTS, 900), wrong[0]), (100 - wrong[1] + seen, seen))

    # twice as often wrong, and called safe at margin 2; the gate of coverage is there to see it
    assert share_proven(looks(), RATIO.safe, TEST.alpha_safe) == 1.0
