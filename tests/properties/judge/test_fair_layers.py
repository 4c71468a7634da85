"""Families that keep many proofs: no bet is expected to win, summed exactly over whole rollouts.

Each rollout has a few windows of a few requests, so that all it can hold is gone through one by
one, by the very function that is called in a cluster.
"""

from itertools import product
from math import prod

import pytest
from gate_windows import bins, edges, table
from hypothesis import given, settings
from hypothesis import strategies as st
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update

ROUNDING = 1e-9
SHIFT = Test(metric="PredictionShift", margin=1.25)
DRIFT = Test(metric="FeatureDrift", comparison="Absolute", margin=1.25)
EDGES = Test(metric="LatencyExceedance", margin=1.5)
few = settings(max_examples=4)


def counts_of(total, kinds):
    """All ways in which so many requests fall into so many kinds."""
    return {
        tuple(deal.count(kind) for kind in range(kinds))
        for deal in product(range(kinds), repeat=total)
    }


def chance_of(counts, chances):
    ways, left = 1.0, sum(counts)
    for count in counts:
        for k in range(count):
            ways *= (left - k) / (k + 1)
        left -= count
    return ways * prod(chance**count for chance, count in zip(chances, counts, strict=True))


def expected(test, outcomes, windows):
    """Mean of both e-values after so many windows, each with the same possible outcomes."""

    def after(evidence, left):
        if not left:
            return evidence.e_harm, evidence.e_safe
        harm = safe = 0.0
        for chance, window in outcomes:
            one, other = after(update(test, evidence, window), left - 1)
            harm, safe = harm + chance * one, safe + chance * other
        return harm, safe

    return after(Evidence(), windows)


def classes(stable, mine, requests):
    """What a window of so many requests of each revision can hold."""
    kinds = len(stable)
    return [
        (chance_of(one, stable) * chance_of(other, mine), table("abc"[:kinds], one, other))
        for one in counts_of(requests, kinds)
        for other in counts_of(requests, kinds)
    ]


@few
@given(st.floats(0.02, 0.98), st.floats(-1, 1))
def test_a_class_within_the_margin_expects_no_proof_of_harm(share, lean):
    room = min(share * (SHIFT.margin - 1), 1 - share - (1 - share) / SHIFT.margin)
    less = min(share - share / SHIFT.margin, (1 - share) * (SHIFT.margin - 1))
    mine = share + (lean * room if lean > 0 else lean * less)
    outcomes = classes((share, 1 - share), (mine, 1 - mine), 2)
    assert sum(chance for chance, _ in outcomes) == pytest.approx(1.0)
    assert expected(SHIFT, outcomes, 3)[0] <= 1 + ROUNDING


def test_a_class_that_appears_late_expects_no_proof_of_harm():
    rare = (0.9, 0.08, 0.02)
    assert expected(SHIFT, classes(rare, rare, 1), 4)[0] <= 1 + ROUNDING


@few
@given(st.floats(0.05, 0.6), st.floats(0, 1), st.booleans())
def test_a_class_at_the_margin_or_beyond_expects_no_proof_of_safety(share, more, fuller):
    beyond = share * SHIFT.margin + more * (1 - share * SHIFT.margin)
    stable, mine = (share, beyond) if fuller else (beyond, share)
    outcomes = classes((stable, 1 - stable), (mine, 1 - mine), 2)
    assert expected(SHIFT, outcomes, 3)[1] <= 1 + ROUNDING


def rows(shares, profile, count):
    """What a window of so many rows can hold; the second field always has the same bin."""
    names = [*(f"age|{place}" for place in range(len(profile))), "city|b", "city|s"]
    known = dict(zip(names, (*profile, 0.5, 0.5), strict=True))
    return [
        (
            chance_of(counts, shares) * 0.5**count * chance_of(other, (1, 1)),
            bins(dict(zip(names, (*counts, *other), strict=True)), known),
        )
        for counts in counts_of(count, len(profile))
        for other in counts_of(count, 2)
    ]


@few
@given(st.floats(0.05, 0.95), st.floats(0, 1))
def test_rows_within_the_margin_of_the_profile_expect_no_proof_of_harm(share, lean):
    least = max(share / DRIFT.margin, 1 - (1 - share) * DRIFT.margin)
    most = min(share * DRIFT.margin, 1 - (1 - share) / DRIFT.margin)
    mine = least + lean * (most - least)
    outcomes = rows((mine, 1 - mine), (share, 1 - share), 2)
    assert sum(chance for chance, _ in outcomes) == pytest.approx(1.0)
    assert expected(DRIFT, outcomes, 2)[0] <= 1 + ROUNDING


@few
@given(st.floats(0.05, 0.7), st.floats(0, 1))
def test_rows_beyond_the_margin_expect_no_proof_of_safety(share, more):
    mine = share * DRIFT.margin + more * (1 - share * DRIFT.margin)
    outcomes = rows((mine, 1 - mine), (share, 1 - share), 2)
    assert expected(DRIFT, outcomes, 2)[1] <= 1 + ROUNDING


def slow(stable, mine, requests):
    """Requests that are fast, over the low edge, over the main one, over the high one."""

    def nested(kinds):
        _, low, main, high = kinds
        return (main + high, high, low + main + high), requests

    return [
        (chance_of(one, stable) * chance_of(other, mine), edges("mhl", nested(one), nested(other)))
        for one in counts_of(requests, 4)
        for other in counts_of(requests, 4)
    ]


@settings(max_examples=2)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_candidate_that_is_slower_at_no_edge_expects_no_proof_of_harm(a, b, c):
    low, main, high = 0.4, 0.2, 0.1
    mine_low = 0.7 * a
    mine_main = min(mine_low, 0.3) * b
    mine_high = min(mine_main, high) * c
    stable = (1 - low - main - high, low, main, high)
    mine = (1 - mine_low, mine_low - mine_main, mine_main - mine_high, mine_high)
    outcomes = slow(stable, mine, 2)
    assert sum(chance for chance, _ in outcomes) == pytest.approx(1.0)
    assert expected(EDGES, outcomes, 2)[0] <= 1 + ROUNDING
