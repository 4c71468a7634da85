"""The paired interval says what it claims to say."""

import numpy as np
import pytest
from scipy.stats import ttest_rel
from sluice_components.evaluate.interval import paired_interval
from sluice_components.evaluate.metric import BY_ROW
from sluice_components.project.rule import Metric
from training_rows import answers, noisy_answers

GOOD = noisy_answers(2000, noise=0.6, seed=1)
BAD = noisy_answers(2000, noise=1.4, seed=2)


@pytest.mark.parametrize("metric", Metric, ids=str)
def test_a_clearly_better_model_lies_above_zero_in_every_metric(metric):
    assert paired_interval(metric, (GOOD, BAD), 0.95, seed=3).low > 0


@pytest.mark.parametrize("metric", Metric, ids=str)
def test_turning_the_pair_turns_the_interval(metric):
    there = paired_interval(metric, (GOOD, BAD), 0.95, seed=3)
    back = paired_interval(metric, (BAD, GOOD), 0.95, seed=3)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=0.02)


@pytest.mark.parametrize("metric", Metric, ids=str)
def test_equal_arguments_give_an_equal_interval(metric):
    first, second = (paired_interval(metric, (GOOD, BAD), 0.9, seed=3) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("metric", Metric, ids=str)
def test_several_classes_have_an_interval_too(metric):
    pair = noisy_answers(900, 0.6, 1, classes=3), noisy_answers(900, 1.4, 2, classes=3)
    assert paired_interval(metric, pair, 0.95, seed=3).low > 0


def test_the_interval_of_a_mean_is_the_paired_t_interval():
    ours = paired_interval(Metric.BRIER, (GOOD, BAD), 0.95, seed=3)
    losses = [BY_ROW[Metric.BRIER](model) for model in (BAD, GOOD)]
    low, high = ttest_rel(*losses).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((low, high))


def test_models_that_never_disagree_are_not_proven_equal_by_a_few_rows():
    model = answers([0, 1] * 10, [0.1, 0.9] * 10)
    few = paired_interval(Metric.ACCURACY, (model, model), 0.95, seed=3)
    assert few.low < -0.05 < 0.05 < few.high


def test_the_interval_of_accuracy_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(8)
    held, rounds, rows = 0, 400, 150
    for _ in range(rounds):
        right, rival = rng.random((2, rows)) < [[0.8], [0.75]]
        pair = (_model(right), _model(rival))
        interval = paired_interval(Metric.ACCURACY, pair, 0.9, seed=1)
        held += interval.low <= 0.05 <= interval.high
    # three standard deviations around the nominal 90 % of 400 rounds
    assert 0.855 <= held / rounds <= 0.945


def test_the_bootstrap_of_roc_auc_holds_the_truth_about_as_often_as_it_says():
    truth = _auc_gain(20_000, 99)
    held = 0
    for seed in range(60):
        pair = _pair(300, seed)
        interval = paired_interval(Metric.ROC_AUC, pair, 0.9, seed=1)
        held += interval.low <= truth <= interval.high
    assert held / 60 >= 0.78


def test_a_model_without_probabilities_has_no_interval_of_a_loss():
    silent = noisy_answers(50, 0.6, 1)
    silent = type(silent)(
        classes=silent.classes,
        truth=silent.truth,
        predicted=silent.predicted,
        probability=None,
        ranking=None,
    )
    assert paired_interval(Metric.BRIER, (silent, silent), 0.95, seed=3) is None
    assert paired_interval(Metric.ROC_AUC, (silent, silent), 0.95, seed=3) is None


def _model(right):
    return answers([1] * len(right), np.where(right, 0.9, 0.1))


def _pair(rows, seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, rows)
    good, bad = (truth + rng.normal(0, spread, rows) for spread in (1.0, 1.5))
    return answers(truth, 1 / (1 + np.exp(-good))), answers(truth, 1 / (1 + np.exp(-bad)))


def _auc_gain(rows, seed):
    from sluice_components.evaluate.metric import measure  # noqa: PLC0415 - one use

    good, bad = _pair(rows, seed)
    return measure(Metric.ROC_AUC, good) - measure(Metric.ROC_AUC, bad)
