"""Latches, restarts and missing data."""

import pytest
from gate_windows import arms, outage, pairs
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import problem_of, restart_safe, update
from sluice_operator.judge.verdict import verdict_of
from sluice_operator.model import Arm, Pairs, Verdict, Window

TWICE = Test(margin=2.0, min_samples=0)
GOOD = arms(stable=(180, 18_000), candidate=(20, 2_000))
BAD = arms(stable=(10, 1_800), candidate=(20, 200))


def test_nothing_is_proven_in_the_beginning():
    assert verdict_of(Evidence()) is Verdict.INCONCLUSIVE


def test_harm_once_proven_stays_whatever_comes():
    seen = update(TWICE, Evidence(), BAD)
    for _ in range(50):
        seen = update(TWICE, seen, arms(stable=(200, 1_800), candidate=(0, 200)))
    assert (seen.verdict, seen.e_harm < 1) == (Verdict.HARM, True)


def test_safety_once_proven_stays_while_its_evidence_fades():
    seen = update(TWICE, Evidence(), GOOD)
    faded = update(TWICE, seen, arms(stable=(5, 900), candidate=(2, 100)))
    assert faded.e_safe < seen.e_safe
    assert (seen.verdict, faded.verdict) == (Verdict.SAFE, Verdict.SAFE)


def test_harm_after_safety_is_harm():
    seen = update(TWICE, update(TWICE, Evidence(), GOOD), BAD)
    for _ in range(5):
        seen = update(TWICE, seen, BAD)
    assert seen.verdict is Verdict.HARM


def test_harm_wins_when_both_are_proven_in_one_window():
    between = arms(stable=(9_000, 900_000), candidate=(1_300, 100_000))
    seen = update(TWICE, Evidence(), between)
    assert min(seen.e_harm, seen.e_safe) > 100
    assert seen.verdict is Verdict.HARM


def test_the_largest_values_are_remembered():
    high = update(TWICE, Evidence(), BAD)
    low = update(TWICE, high, arms(stable=(200, 1_800), candidate=(0, 200)))
    assert low.e_harm_max == high.e_harm > low.e_harm


def test_too_few_samples_hold_back_safety_until_there_are_enough():
    patient = Test(margin=2.0, min_samples=4_000)
    early = update(patient, Evidence(), GOOD)
    assert (early.e_safe > 20, early.verdict) == (True, Verdict.INCONCLUSIVE)
    assert update(patient, early, GOOD).verdict is Verdict.SAFE


def test_too_few_samples_do_not_hold_back_harm():
    patient = Test(margin=2.0, min_samples=4_000)
    assert update(patient, Evidence(), BAD).verdict is Verdict.HARM


def test_a_new_step_proves_safety_anew_and_keeps_what_is_known_of_harm():
    seen = update(TWICE, Evidence(), GOOD)
    anew = restart_safe(seen)
    assert (anew.verdict, anew.e_safe, anew.e_safe_max) == (Verdict.INCONCLUSIVE, 1.0, 1.0)
    assert (anew.safe, anew.safe_samples) == (Evidence().safe, 0)
    assert (anew.harm, anew.e_harm, anew.samples) == (seen.harm, seen.e_harm, 2_000)


def test_a_new_step_does_not_forget_harm():
    assert restart_safe(update(TWICE, Evidence(), BAD)).verdict is Verdict.HARM


def test_samples_of_the_step_before_do_not_count_for_the_next_proof_of_safety():
    patient = Test(margin=2.0, min_samples=3_000)
    after = update(patient, restart_safe(update(patient, Evidence(), GOOD)), GOOD)
    assert (after.samples, after.verdict) == (4_000, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("window", "problem"),
    [
        (outage(), "connection refused"),
        (Window(gate="errors"), "no counts of stable"),
        (Window(gate="errors", stable=Arm(total=9, bad=0)), "no counts of candidate"),
        (pairs(1, 2, 3), "no counts of stable"),
        (arms(stable=(0, 9), candidate=(4, 3)), "impossible counts of candidate: 4 bad of 3"),
        (arms(stable=(-1, 9), candidate=(0, 3)), "impossible counts of stable: -1 bad of 9"),
    ],
)
def test_a_window_without_usable_counts_says_why_and_changes_nothing(window, problem):
    seen = update(TWICE, Evidence(), GOOD)
    assert problem_of(TWICE, window) == problem
    assert update(TWICE, seen, window) is seen


@pytest.mark.parametrize(
    ("window", "problem"),
    [
        (GOOD, "no counts of pairs"),
        (
            Window(gate="accuracy", pairs=Pairs(worse=-1, same=0, better=0)),
            "impossible counts of pairs: -1, 0, 0",
        ),
    ],
)
def test_a_window_without_usable_pairs_says_why_and_changes_nothing(window, problem):
    paired = Test(comparison="Paired", margin=0.02)
    assert problem_of(paired, window) == problem
    assert update(paired, Evidence(), window) == Evidence()


def test_counts_beside_an_error_are_not_trusted():
    half = Window(gate="errors", stable=GOOD.stable, candidate=GOOD.candidate, error="timed out")
    assert update(TWICE, Evidence(), half) == Evidence()
