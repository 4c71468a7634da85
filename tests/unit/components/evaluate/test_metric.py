"""Our metrics equal scikit-learn's, for two classes and for several."""

import pytest
from sklearn import metrics as reference
from sluice_components.evaluate.metric import measure, measure_all
from sluice_components.project.rule import Metric
from training_rows import answers, noisy_answers

TWO = noisy_answers(500, noise=0.8, seed=1)
THREE = noisy_answers(500, noise=0.8, seed=1, classes=3)

LABELS = {
    Metric.ACCURACY: lambda s, _: reference.accuracy_score(s.truth, s.predicted),
    Metric.BALANCED_ACCURACY: lambda s, _: reference.balanced_accuracy_score(s.truth, s.predicted),
    Metric.PRECISION: lambda s, a: reference.precision_score(s.truth, s.predicted, average=a),
    Metric.RECALL: lambda s, a: reference.recall_score(s.truth, s.predicted, average=a),
    Metric.F1: lambda s, a: reference.f1_score(s.truth, s.predicted, average=a),
    Metric.BRIER: lambda s, _: reference.brier_score_loss(
        s.truth, s.probability if s.probability.shape[1] > 2 else s.probability[:, 1]
    ),
    Metric.LOG_LOSS: lambda s, _: reference.log_loss(s.truth, s.probability),
    Metric.ROC_AUC: lambda s, _: reference.roc_auc_score(
        s.truth,
        s.ranking if s.ranking.shape[1] > 2 else s.ranking[:, 1],
        multi_class="ovr",
    ),
}


@pytest.mark.parametrize("metric", LABELS, ids=str)
def test_with_two_classes_a_metric_equals_scikit_learns(metric):
    assert measure(metric, TWO) == pytest.approx(LABELS[metric](TWO, "binary"), abs=1e-12)


@pytest.mark.parametrize("metric", LABELS, ids=str)
def test_with_three_classes_a_metric_equals_scikit_learns(metric):
    assert measure(metric, THREE) == pytest.approx(LABELS[metric](THREE, "macro"), abs=1e-12)


def test_average_precision_equals_scikit_learns():
    expected = reference.average_precision_score(TWO.truth, TWO.ranking[:, 1])
    assert measure(Metric.AVERAGE_PRECISION, TWO) == pytest.approx(expected, abs=1e-12)


def test_ties_count_half():
    tied = answers([0, 1, 0, 1, 1], [0.4, 0.4, 0.4, 0.4, 0.9])
    expected = reference.roc_auc_score(tied.truth, tied.ranking[:, 1])
    assert measure(Metric.ROC_AUC, tied) == pytest.approx(expected)


def test_every_metric_is_measured_where_the_model_states_probabilities():
    assert set(measure_all(TWO)) == {metric.value for metric in Metric}


def test_an_order_of_one_class_is_not_measurable():
    assert measure(Metric.ROC_AUC, answers([1, 1], [0.2, 0.7])) is None


def test_no_rows_are_not_measurable():
    assert measure_all(answers([], [])) == {}
