"""The parts of an evaluation: acceptance, curves, slices, importances."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sluice_components.evaluate.acceptance import outcome_of
from sluice_components.evaluate.breakdown import MISSING, OTHER, slice_by, wilson
from sluice_components.evaluate.curve import calibration, class_reports, roc_curves
from sluice_components.evaluate.importance import importances
from sluice_components.evaluate.scored import class_texts, classes_of, score
from sluice_components.example import inputs_of, truth_of
from sluice_components.project.rule import Acceptance, Metric
from training_rows import FEATURES, TARGET, answers, fitted, noisy_answers, trips

SCORED = noisy_answers(600, noise=0.8, seed=1)


def test_a_rule_is_met_at_its_limit():
    outcome = outcome_of(Acceptance(metric=Metric.BRIER, maximum=0.2), {"brier": 0.2})
    assert outcome.passed
    assert outcome.rule == "brier <= 0.2"


def test_a_broken_rule_says_by_how_much():
    outcome = outcome_of(Acceptance(metric=Metric.ROC_AUC, minimum=0.6), {"roc_auc": 0.55})
    assert (outcome.passed, outcome.reason) == (False, "0.55 is below 0.6")


def test_what_cannot_be_measured_is_not_met():
    outcome = outcome_of(Acceptance(metric=Metric.BRIER, maximum=0.2), {"accuracy": 1.0})
    assert not outcome.passed
    assert outcome.value is None
    assert "cannot be measured" in outcome.reason


def test_both_limits_of_a_rule_count():
    rule = Acceptance(metric=Metric.RECALL, minimum=0.2, maximum=0.8)
    assert [outcome_of(rule, {"recall": v}).passed for v in (0.1, 0.5, 0.9)] == [False, True, False]


def test_a_roc_curve_is_finite_and_goes_from_corner_to_corner():
    (curve,) = roc_curves(SCORED)
    assert np.isfinite(curve.thresholds).all()
    assert (curve.false_positive_rate[0], curve.true_positive_rate[0]) == (0, 0)
    assert (curve.false_positive_rate[-1], curve.true_positive_rate[-1]) == (1, 1)
    assert len(curve.thresholds) <= 200


def test_each_of_several_classes_has_a_roc_curve():
    curves = roc_curves(noisy_answers(300, 0.8, 1, classes=4))
    assert [curve.name for curve in curves] == [f"class {k}" for k in range(4)]


def test_calibration_counts_every_row_once():
    bins = calibration(SCORED)
    assert sum(one.rows for one in bins) == SCORED.rows
    assert [one.stated for one in bins] == sorted(one.stated for one in bins)


def test_a_class_that_was_never_called_has_precision_zero():
    never = class_reports(answers([0, 1, 1], [0.1, 0.2, 0.3]))[1]
    assert (never.precision, never.recall) == (0.0, 0.0)


def test_slices_of_a_column_hold_every_row_once():
    values = pd.Series(np.random.default_rng(1).choice(list("abc"), SCORED.rows))
    groups = slice_by("letter", values, SCORED).groups
    assert {group.value for group in groups} == {"a", "b", "c"}
    assert sum(group.rows for group in groups) == SCORED.rows


def test_rare_values_stand_together():
    values = pd.Series([f"v{n % 60}" for n in range(SCORED.rows)])
    groups = slice_by("code", values, SCORED).groups
    assert groups[-1].value == OTHER
    assert sum(group.rows for group in groups) == SCORED.rows


def test_numbers_are_sliced_by_range_in_order_with_the_missing_last():
    values = pd.Series(np.arange(SCORED.rows, dtype=float)).where(np.arange(SCORED.rows) % 10 != 0)
    groups = slice_by("age", values, SCORED).groups
    assert groups[0].value.startswith("1 to")
    assert groups[-1].value == MISSING
    assert len(groups) == 5
    assert sum(group.rows for group in groups) == SCORED.rows


def test_a_gap_is_made_of_large_groups_only():
    values = pd.Series(["large"] * (SCORED.rows - 5) + ["tiny"] * 5)
    assert slice_by("size", values, SCORED).gaps == {}


def test_the_gap_is_the_largest_difference_between_groups():
    right, wrong = answers([1] * 40, [0.9] * 40), answers([1] * 40, [0.1] * 40)
    both = answers([1] * 80, [*right.probability[:, 1], *wrong.probability[:, 1]])
    part = slice_by("side", pd.Series(["left"] * 40 + ["right"] * 40), both)
    assert part.gaps["accuracy"] == 1.0
    assert part.gaps["true_positive_rate"] == 1.0


def test_the_wilson_interval_is_the_one_of_the_textbook():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_the_importance_of_a_feature_is_what_scikit_learn_finds():
    frame = trips(900, seed=9)
    inputs, truth = inputs_of(frame, FEATURES.names), class_texts(truth_of(frame, TARGET))
    model = fitted(trips(900)).model
    scored = score(model, inputs, truth, classes_of(model, truth))
    ours = {one.feature: one.mean for one in importances(model, inputs, scored, seed=7)}
    theirs = permutation_importance(
        model, inputs, frame[TARGET], scoring="roc_auc", n_repeats=20, random_state=1
    )
    assert [ours[name] for name in FEATURES.names] == pytest.approx(
        theirs.importances_mean, abs=0.02
    )


def test_importances_are_the_same_for_the_same_seed():
    frame = trips(300, seed=9)
    inputs, truth = inputs_of(frame, FEATURES.names), class_texts(truth_of(frame, TARGET))
    model = fitted(trips(300)).model
    scored = score(model, inputs, truth, classes_of(model, truth))
    first, second = (importances(model, inputs, scored, seed=7) for _ in range(2))
    assert first == second
