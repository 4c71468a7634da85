"""Gates that keep many proofs: classes, bins and edges."""

from dataclasses import replace
from math import exp

import pytest
from gate_windows import arms, bins, edges, table
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.slot import PLACES, REST
from sluice_operator.judge.update import problem_of, update
from sluice_operator.judge.verdict import effect_of, explain
from sluice_operator.model import Table, Verdict, Window

SHIFT = Test(metric="PredictionShift", margin=1.25)
DRIFT = Test(metric="FeatureDrift", comparison="Absolute", margin=1.25)
EDGES = Test(metric="LatencyExceedance", margin=1.5)
PROFILE = {"age|1": 0.7, "age|2": 0.295, "age|3": 0.005}
CALM = edges("mhl", ((10, 2, 50), 1000), ((1, 0, 6), 100))


def seen(test, *windows, times=1):
    evidence = Evidence()
    for window in windows * times:
        evidence = update(test, evidence, window)
    return evidence


def test_the_first_window_names_the_classes_and_proves_nothing():
    first = seen(SHIFT, table("ab", (900, 100), (10, 90)))
    assert (first.table.names, first.e_harm, first.e_safe) == ((REST, "a", "b"), 1.0, 1.0)


def test_a_class_that_is_predicted_much_more_often_is_harm_and_is_named():
    evidence = seen(SHIFT, table("abc", (700, 200, 100), (60, 18, 22)), times=12)
    assert evidence.verdict is Verdict.HARM
    assert effect_of(SHIFT, evidence).est == pytest.approx(2.2)
    assert "predictions: c 242 of 1,100 vs 1,100 of 11,000; ratio 2.2" in explain(SHIFT, evidence)


def test_a_class_that_is_predicted_much_less_often_is_harm():
    assert seen(SHIFT, table("ab", (500, 500), (70, 30)), times=60).verdict is Verdict.HARM


def test_equal_shares_become_safe():
    assert seen(SHIFT, table("ab", (700, 300), (70, 30)), times=60).verdict is Verdict.SAFE


def test_safety_waits_for_each_class_that_is_not_rare():
    most = table("abc", (700, 270, 30), (70, 27, 3))
    evidence = seen(SHIFT, most, times=60)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert seen(SHIFT, most, times=900).verdict is Verdict.SAFE


def test_a_rare_class_is_counted_with_the_rest_and_holds_nothing_up():
    assert seen(SHIFT, table("abc", (7000, 2990, 10), (700, 299, 1)), times=8).e_safe > 20


def test_rare_classes_that_all_grow_are_seen_as_the_rest():
    calm = table("abcdef", (9000, 920, 20, 20, 20, 20), (900, 92, 2, 2, 2, 2))
    worse = table("abcdef", (9000, 920, 20, 20, 20, 20), (860, 92, 12, 12, 12, 12))
    assert seen(SHIFT, calm, calm, *[worse] * 8).verdict is Verdict.HARM


def test_more_classes_than_places_are_counted_as_the_rest():
    names = "abcdefghijklmnopqrst"
    evidence = seen(SHIFT, table(names, (50,) * 20, (5,) * 20), times=3)
    assert len(evidence.table.names) == len(evidence.layers) == PLACES
    assert sum(evidence.table.stable) == 2000


def test_a_late_class_begins_without_wealth_and_leaves_that_of_others_alone():
    early = seen(SHIFT, table("ab", (700, 300), (60, 40)), times=5)
    late = update(SHIFT, early, table("abz", (0, 0, 9), (0, 0, 1)))
    assert (early.table.names, late.table.names[-1]) == ((REST, "a", "b"), "z")
    assert late.layers[1:3] == early.layers[1:3]
    again = update(SHIFT, late, table("abz", (0, 0, 0), (0, 0, 1)))
    assert len(again.layers) == 4


def test_a_bin_that_is_fuller_than_in_training_is_harm_and_is_named():
    evidence = seen(DRIFT, bins({"age|1": 50, "age|2": 50}, PROFILE), times=5)
    assert evidence.verdict is Verdict.HARM
    assert effect_of(DRIFT, evidence).est == pytest.approx(0.5 / 0.295)
    assert effect_of(DRIFT, evidence).lo > 1.25
    assert "inputs: age|2 250 of 500, 0.295 in training; ratio 1.69" in explain(DRIFT, evidence)


def test_inputs_like_those_of_training_become_safe():
    calm = bins({"age|1": 700, "age|2": 295, "age|3": 5}, PROFILE)
    assert seen(DRIFT, calm, times=3).verdict is Verdict.SAFE


def test_what_training_never_held_is_harm_when_it_is_more_than_a_row():
    def window(strange):
        return bins({"age|1": 700, "age|2": 300, "age|new": strange}, {**PROFILE, "age|new": 0.0})

    assert seen(DRIFT, window(1)).e_harm < 1
    assert seen(DRIFT, window(60)).verdict is Verdict.HARM


def test_drift_keeps_counts_and_no_wealth():
    evidence = seen(DRIFT, bins({"age|1": 70, "age|2": 30}, PROFILE), times=3)
    assert (evidence.layers, evidence.harm) == ((), Evidence().harm)
    assert evidence.table.candidate == (210, 90, 0)


def test_a_candidate_that_is_slow_in_the_tail_alone_is_harm():
    tail = edges("mhl", ((10, 2, 50), 1000), ((1, 1, 5), 100))
    assert seen(EDGES, tail, times=20).verdict is Verdict.HARM
    assert seen(EDGES, tail, times=20).e_harm > seen(replace(EDGES, metric="Slow"), tail).e_harm


def test_the_e_value_of_harm_is_the_mean_over_edges():
    evidence = seen(EDGES, CALM, times=3)
    main = sum(map(exp, evidence.harm)) / len(evidence.harm)
    others = [sum(map(exp, layer)) / len(layer) for layer in evidence.layers]
    assert evidence.e_harm == pytest.approx((main + sum(others)) / 3)


def test_safety_is_that_of_the_main_edge():
    main = seen(Test(metric="LatencyExceedance over 250ms", margin=1.5), CALM, times=40)
    assert seen(EDGES, CALM, times=40).e_safe == main.e_safe


def test_an_edge_that_is_missing_says_nothing_and_a_new_one_is_not_counted():
    before = seen(EDGES, CALM)
    other = edges("mx", ((0, 9), 1000), ((0, 9), 100))
    after = update(EDGES, before, other)
    assert (after.layers, after.table.names) == (before.layers, before.table.names)


@pytest.mark.parametrize(
    ("test", "window", "problem"),
    [
        (SHIFT, arms(stable=(0, 9), candidate=(0, 9)), "no table of counts"),
        (SHIFT, Window(gate="any"), "no counts of stable"),
        (SHIFT, table("ab", (1, 2), (3,)), "a table whose columns are not equally long"),
        (SHIFT, table("aa", (1, 2), (3, 4)), "a table that names something twice"),
        (SHIFT, table("ab", (4, -1), (3, 4)), "impossible counts in the table: less than none"),
        (EDGES, edges("m", ((12,), 10), ((0,), 9)), "impossible counts of stable: 12 bad of 10"),
        (
            EDGES,
            edges("mh", ((1, 12), 10), ((0, 0), 9)),
            "impossible counts in the table: more than all",
        ),
        (
            EDGES,
            replace(CALM, table=replace(CALM.table, names=(), stable=(), candidate=())),
            "no counts at any edge",
        ),
        (DRIFT, table("ab", (1, 2), (3, 4)), "a table without the shares of the profile"),
    ],
)
def test_a_table_that_cannot_be_true_says_why_and_changes_nothing(test, window, problem):
    assert problem_of(test, window) == problem
    assert update(test, Evidence(), window) == Evidence()


def test_no_bins_yet_are_no_evidence_about_inputs():
    nothing = Window(gate="drift", table=Table(names=(), stable=(), candidate=()))
    assert seen(DRIFT, nothing).table is None
    assert (seen(DRIFT, nothing).e_harm, seen(DRIFT, nothing).e_safe) == (1.0, 1.0)


def test_bins_with_names_that_no_record_can_hold_are_not_counted():
    names = tuple(f"{'long' * 40}-{n}|low" for n in range(400))
    shares, ones = (1.0,) * len(names), (1,) * len(names)
    window = Window(
        gate="drift", table=Table(names=names, stable=ones, candidate=ones, shares=shares)
    )
    assert "at most 80,000 are kept; give the inputs shorter names" in problem_of(DRIFT, window)
