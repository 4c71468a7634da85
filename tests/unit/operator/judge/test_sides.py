"""Shares of requests, coverage of labels, pairs that differ: what is harm on both sides."""

import pytest
from gate_windows import cohorts, pairs, split
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import problem_of, update
from sluice_operator.judge.verdict import effect_of, explain
from sluice_operator.model import Arm, Verdict, Window

SPLIT = Test(metric="SampleRatio", comparison="Absolute", margin=1.25, alpha_harm=0.001)
COVERAGE = Test(metric="LabelCoverage after 6h", margin=1.25)
DIFFER = Test(metric="PredictionShift", comparison="Paired", margin=0.05)


def seen(test, *windows, times=1):
    evidence = Evidence()
    for window in windows * times:
        evidence = update(test, evidence, window)
    return evidence


@pytest.mark.parametrize("candidate", [150, 60], ids=["too many", "too few"])
def test_another_share_than_was_given_is_harm(candidate):
    evidence = seen(SPLIT, split(1000 - candidate, candidate, 10), times=3)
    assert evidence.verdict is Verdict.HARM


def test_the_share_that_was_given_becomes_safe():
    evidence = seen(SPLIT, split(900, 100, 10), times=6)
    assert evidence.verdict is Verdict.SAFE
    assert effect_of(SPLIT, evidence).contains(1.0)
    assert explain(SPLIT, evidence).startswith("requests: 600 of 6,000 to the candidate; odds over")


def test_the_share_may_change_from_window_to_window():
    evidence = seen(SPLIT, split(950, 50, 5), split(500, 500, 50), times=5)
    assert effect_of(SPLIT, evidence).est == pytest.approx(1.0)
    assert evidence.e_harm_max < 1.5


@pytest.mark.parametrize("share", [None, 0, 100])
def test_requests_at_a_share_that_is_not_known_are_seen_and_say_nothing(share):
    before = seen(SPLIT, split(900, 100, 10))
    after = update(SPLIT, before, split(0, 100, share))
    assert (after.harm, after.safe, after.samples) == (before.harm, before.safe, before.samples)
    assert after.windows == before.windows + 1


@pytest.mark.parametrize("labelled", [40, 95], ids=["fewer", "more"])
def test_another_coverage_than_stables_is_harm(labelled):
    window = cohorts(stable=(700, 1000), candidate=(labelled, 100))
    evidence = seen(COVERAGE, window, times=12)
    assert evidence.verdict is Verdict.HARM
    assert evidence.stable == Arm(total=12_000, bad=3_600)


def test_the_same_coverage_becomes_safe():
    evidence = seen(COVERAGE, cohorts(stable=(700, 1000), candidate=(70, 100)), times=20)
    assert evidence.verdict is Verdict.SAFE
    assert explain(COVERAGE, evidence).startswith(
        "answers without a label after 6h: 600 of 2,000 vs 6,000 of 20,000; ratio 1 ["
    )


@pytest.mark.parametrize("window", [split(9, 9, 10), Window(gate="labels")])
def test_without_cohorts_there_is_no_coverage(window):
    assert problem_of(COVERAGE, window) == "no counts of matured answers"


def test_pairs_that_differ_too_often_are_harm_and_few_that_do_are_safe():
    assert seen(DIFFER, pairs(15, 85, 0), times=4).verdict is Verdict.HARM
    calm = seen(DIFFER, pairs(1, 99, 0), times=4)
    assert calm.verdict is Verdict.SAFE
    assert explain(DIFFER, calm).startswith("predictions: 4 of 400 pairs differ; share 0.01 [")


ACCURACY = Test(metric="Accuracy after 6h", margin=1.5, min_coverage=0.8)


def test_accuracy_without_enough_labels_on_either_side_is_missing_data():
    full = cohorts(stable=(900, 1000), candidate=(90, 100), wrong=9)
    assert problem_of(ACCURACY, full) == ""
    poor = cohorts(stable=(900, 1000), candidate=(79, 100), wrong=9)
    assert problem_of(ACCURACY, poor) == (
        "79 of 100 matured answers of candidate have a label, less than 80%"
    )
    assert update(ACCURACY, Evidence(), poor) == Evidence()
    absolute = Test(metric="Accuracy", comparison="Absolute", margin=0.1, min_coverage=0.8)
    assert problem_of(absolute, poor)
    assert problem_of(ACCURACY, split(9, 9, 10)) == "no counts of matured answers"


def test_accuracy_of_nothing_that_has_matured_is_no_problem():
    assert problem_of(ACCURACY, cohorts(stable=(0, 0), candidate=(0, 0))) == ""
