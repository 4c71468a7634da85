"""The sentences that people read."""

from gate_windows import arms, pairs
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update
from sluice_operator.judge.verdict import explain
from sluice_operator.model import Arm, Window


def told(test, *windows):
    seen = Evidence()
    for window in windows:
        seen = update(test, seen, window)
    return explain(test, seen)


def test_harm_is_told_with_counts_ratio_and_the_proof():
    assert told(Test(margin=1.5), arms(stable=(9, 3_600), candidate=(12, 400))) == (
        "errors: 12 of 400 vs 9 of 3,600; ratio 12 [2.66, 44.2]; harm proven, e=4.36e+05 > 100"
    )


def test_safety_is_told_with_the_proof():
    sentence = told(Test(margin=2.0), arms(stable=(180, 18_000), candidate=(20, 2_000)))
    assert sentence.startswith("errors: 20 of 2,000 vs 180 of 18,000; ratio 1 [0.354, 1.96]; ")
    assert sentence.endswith("safety proven, e=66.7 > 20")


def test_doubt_is_told_with_how_far_both_proofs_are():
    assert told(Test(margin=2.0), arms(stable=(9, 900), candidate=(1, 100))).endswith(
        "inconclusive, harm e=0.276 of 100, safety e=1.18 of 20"
    )


def test_too_few_samples_are_told():
    assert "inconclusive, 60 of 100 samples; harm e=" in told(
        Test(margin=2.0), arms(stable=(5, 540), candidate=(1, 60))
    )


def test_nothing_seen_is_told_without_numbers_that_do_not_exist():
    assert told(Test(margin=2.0)) == (
        "errors: 0 of 0 vs 0 of 0; ratio unknown [0, inf]; "
        "inconclusive, 0 of 100 samples; harm e=1 of 100"
    )


def test_a_rate_is_told_beside_its_limit():
    window = Window(gate="slo", candidate=Arm(total=1_000, bad=30))
    assert told(Test(comparison="Absolute", margin=0.01), window).startswith(
        "errors: 30 of 1,000; rate 0.03 [0.0142, 0.0485], limit 0.01; harm proven"
    )


def test_slow_answers_are_told_with_the_threshold():
    test = Test(metric="LatencyExceedance over 250ms", margin=1.5)
    assert told(test, arms(stable=(9, 3_600), candidate=(12, 400))).startswith(
        "slow answers over 250ms: 12 of 400 vs 9 of 3,600; ratio 12 "
    )


def test_pairs_are_told_as_a_gain_in_percent():
    test = Test(metric="Accuracy", comparison="Paired", margin=0.02)
    assert told(test, pairs(64, 1_520, 16)).startswith(
        "wrong answers: 64 by candidate alone, 16 by stable alone, of 1,600 pairs; gain -3.00% ["
    )


def test_a_metric_of_its_own_keeps_its_name():
    assert told(Test(metric="Refusals", margin=2.0)).startswith("Refusals: ")
