"""The same windows give the same bits: after a restart, in a batch, and around missing data."""

import json

import numpy as np
import pytest
from gate_windows import (
    arms,
    outage,
    some_arms,
    some_bins,
    some_cohorts,
    some_edges,
    some_pairs,
    some_splits,
    some_tables,
    some_worth,
)
from hypothesis import given
from hypothesis import strategies as st
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import log_e
from sluice_operator.judge.registry import family_of
from sluice_operator.judge.update import restart_safe, update, update_all
from sluice_operator.model import Pairs, Verdict, Window

RELATIVE = Test(margin=2.0, min_samples=10)
ABSOLUTE = Test(comparison="Absolute", margin=0.05, min_samples=10)
PAIRED = Test(comparison="Paired", margin=0.02, min_samples=10)
MIXTURES = (
    (RELATIVE, some_arms),
    (ABSOLUTE, some_arms),
    (PAIRED, some_pairs),
    (Test(metric="PredictionShift", comparison="Paired", margin=0.1, min_samples=10), some_pairs),
    (Test(metric="SampleRatio", comparison="Absolute", margin=1.25, min_samples=10), some_splits),
    (Test(metric="LabelCoverage", margin=1.25, min_samples=10), some_cohorts),
    (Test(metric="BusinessKPI", margin=1.1, lowest=-1.0, highest=10.0), some_worth),
)
KINDS = (
    *MIXTURES,
    (Test(metric="BusinessKPI", margin=1.1), some_worth),
    (Test(metric="LatencyExceedance", margin=1.5, min_samples=10), some_edges),
    (Test(metric="PredictionShift", margin=1.25, min_samples=10), some_tables),
    (Test(metric="FeatureDrift", comparison="Absolute", margin=1.25, min_samples=10), some_bins),
)
"""Every family of tests, with windows for it."""


@st.composite
def trials(draw, least: int = 0):
    """One kind of test, and windows for it."""
    test, windows = draw(st.sampled_from(KINDS))
    return test, draw(st.lists(windows(), min_size=least, max_size=8))


def judged(test, windows, evidence=None):
    evidence = evidence or Evidence()
    for window in windows:
        evidence = update(test, evidence, window)
    return evidence


def restarted(evidence):
    return Evidence.from_json(json.loads(json.dumps(evidence.to_json())))


@given(trials())
def test_a_restart_after_each_window_changes_no_bit(trial):
    test, windows = trial
    evidence = Evidence()
    for window in windows:
        evidence = restarted(update(test, restarted(evidence), window))
    assert evidence == judged(test, windows)


@given(trials(), st.data())
def test_missing_windows_anywhere_change_no_bit(trial, data):
    test, windows = trial
    with_gaps = [
        window
        for real in windows
        for window in [*[outage()] * data.draw(st.integers(0, 2)), real, Window(gate="any")]
    ]
    assert judged(test, with_gaps) == judged(test, windows)


@st.composite
def fleets(draw):
    """Gates of all kinds, each with something seen and one more window."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=12))
    return [
        (test, judged(test, draw(st.lists(windows(), max_size=2))), draw(windows()))
        for test, windows in kinds
    ]


@given(fleets())
def test_a_gate_has_the_same_bits_alone_and_among_many(gates):
    assert update_all(gates) == [update(*gate) for gate in gates]


@given(st.sampled_from(MIXTURES), st.data())
def test_a_row_has_the_same_bits_alone_and_in_a_batch(kind, data):
    test, some = kind
    windows = data.draw(st.lists(some(), min_size=1, max_size=8))
    family = family_of(test)
    counts = np.array([family.counts(test, window) for window in windows], dtype=np.float64)
    for side in (family.harm, family.safe):
        together = side(test, counts)
        alone = np.concatenate([side(test, row[None, :]) for row in counts])
        assert together.tobytes() == alone.tobytes()
        assert log_e(together).tobytes() == log_e(alone).tobytes()


@given(trials(), st.integers(0, 8))
def test_safety_that_begins_anew_is_that_of_the_later_windows_alone(trial, cut):
    test, windows = trial
    whole = judged(test, windows[cut:], restart_safe(judged(test, windows[:cut])))
    alone = judged(test, windows[cut:])
    assert whole.safe == alone.safe
    assert whole.safe_samples == alone.samples
    assert whole.harm == judged(test, windows).harm
    if test.kind == "FeatureDrift":
        assert whole.e_safe == pytest.approx(alone.e_safe)


@given(trials())
def test_a_verdict_is_never_taken_back(trial):
    test, windows = trial
    evidence = Evidence()
    rank = {Verdict.INCONCLUSIVE: 0, Verdict.SAFE: 1, Verdict.HARM: 2}
    for window in windows:
        later = update(test, evidence, window)
        assert rank[later.verdict] >= rank[evidence.verdict]
        evidence = later


@given(st.sampled_from(MIXTURES), st.data(), st.randoms(use_true_random=False))
def test_the_order_of_windows_does_not_matter_to_the_wealth(kind, data, chance):
    test, some = kind
    windows = data.draw(st.lists(some(), max_size=8))
    shuffled = chance.sample(windows, len(windows))
    one, other = judged(test, windows), judged(test, shuffled)
    assert one.harm == pytest.approx(other.harm, abs=1e-9)
    assert one.safe == pytest.approx(other.safe, abs=1e-9)
    assert (one.samples, one.pairs, one.candidate) == (other.samples, other.pairs, other.candidate)


@given(st.lists(some_pairs(), min_size=1, max_size=6))
def test_pairs_may_be_cut_into_windows_in_any_way(windows):
    every = [window.pairs for window in windows]
    whole = Pairs(
        worse=sum(p.worse for p in every),
        same=sum(p.same for p in every),
        better=sum(p.better for p in every),
    )
    one = judged(PAIRED, [Window(gate="accuracy", pairs=whole)])
    cut = judged(PAIRED, windows)
    assert cut.harm == pytest.approx(one.harm, abs=1e-9)
    assert cut.safe == pytest.approx(one.safe, abs=1e-9)


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_windows_with_the_same_split_of_requests_may_be_joined(stable, candidate, data):
    stable_bad, bad = data.draw(st.integers(0, stable)), data.draw(st.integers(0, candidate))
    first = arms(stable=(stable_bad, stable), candidate=(bad, candidate))
    clean = arms(stable=(0, stable), candidate=(0, candidate))
    joined = arms(stable=(stable_bad, 2 * stable), candidate=(bad, 2 * candidate))
    assert judged(RELATIVE, [first, clean]).harm == pytest.approx(
        judged(RELATIVE, [joined]).harm, abs=1e-9
    )
