import sys

import numpy as np
import pytest
from packages import LOAN_COLUMNS, LOAN_CONTRACT, loan_model, loans
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sluice_package.contract import Contract
from sluice_serving.error import FailedModelError, RefusedPackageError
from sluice_serving.predictor import Predictor, takes_likeliest

FRAME = loans(400, seed=9)[[column.name for column in LOAN_COLUMNS.columns]]


class Contrarian(ClassifierMixin, BaseEstimator):
    """Predicts what it finds least likely, as a model of one's own may."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x):
        return np.tile([0.9, 0.1], (len(x), 1))

    def predict(self, x):
        return np.ones(len(x), dtype=int)


@pytest.mark.filterwarnings("ignore:The `probability` parameter was deprecated")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(n_estimators=7, random_state=1),
        GradientBoostingClassifier(n_estimators=5),
        DecisionTreeClassifier(max_depth=3),
        KNeighborsClassifier(4),
        MLPClassifier(max_iter=50, random_state=1),
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}),
        CalibratedClassifierCV(GaussianNB()),
        VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft"),
        SVC(probability=True, random_state=1),
        SGDClassifier(loss="modified_huber", random_state=1),
        FixedThresholdClassifier(LogisticRegression(), threshold=0.8),
        GridSearchCV(SVC(probability=True, random_state=1), {"C": [1.0]}),
        Contrarian(),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_the_answer_is_what_scikit_learn_predicts_with_the_probability_of_that(estimator):
    model = loan_model(estimator)
    answer = Predictor(model, LOAN_CONTRACT).answer(FRAME)
    assert answer.predictions == model.predict(FRAME).tolist()
    places = np.searchsorted(model.classes_, answer.predictions)
    expected = model.predict_proba(FRAME)[np.arange(len(FRAME)), places]
    assert answer.confidences == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("estimator", "likeliest"),
    [
        (LogisticRegression(), True),
        (GridSearchCV(LogisticRegression(), {"C": [1.0]}), True),
        (FixedThresholdClassifier(LogisticRegression(), threshold=0.8), False),
        (Contrarian(), False),
    ],
)
def test_a_model_is_asked_twice_only_if_it_may_follow_a_rule_of_its_own(estimator, likeliest):
    assert takes_likeliest(loan_model(estimator)) is likeliest


def test_a_classifier_without_probabilities_answers_without_confidence():
    model = loan_model(RidgeClassifier())
    predictor = Predictor(model, LOAN_CONTRACT)
    answer = predictor.answer(FRAME)
    assert answer.predictions == model.predict(FRAME).tolist()
    assert answer.confidences is None
    assert (predictor.datatype, predictor.gives_confidence) == ("INT64", False)


def test_a_regression_answers_with_numbers():
    model = loan_model(LinearRegression())
    contract = Contract(input=LOAN_COLUMNS, target="late")
    predictor = Predictor(model, contract)
    assert predictor.answer(FRAME).predictions == model.predict(FRAME).tolist()
    assert predictor.datatype == "FP64"


@pytest.mark.parametrize(
    ("labels", "datatype"), [((0, 1), "INT64"), (("no", "yes"), "BYTES"), ((False, True), "BOOL")]
)
def test_predictions_have_the_type_of_the_labels(labels, datatype):
    model = LogisticRegression().fit([[0.0], [1.0]], labels)
    contract = LOAN_CONTRACT.model_copy(
        update={"classes": ("no", "yes") if labels[0] == "no" else ("0", "1")}
    )
    assert Predictor(model, contract).datatype == datatype


def test_a_model_of_other_classes_than_its_contract_is_refused():
    model = LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    with pytest.raises(RefusedPackageError, match=r"knows the classes \('no', 'yes'\), its contr"):
        Predictor(model, LOAN_CONTRACT)


def test_an_object_that_cannot_predict_is_refused():
    with pytest.raises(RefusedPackageError, match="StandardScaler, which cannot predict"):
        Predictor(StandardScaler(), LOAN_CONTRACT)


class Failing(Contrarian):
    def __init__(self, how=None):
        self.how = how

    def predict_proba(self, x):
        return self.how(x)


def raises(x):
    raise ZeroDivisionError("secret row")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (raises, "the model raised ZeroDivisionError$"),
        (lambda _: sys.exit(3), "the model raised SystemExit$"),
        (lambda _: "nonsense", "the model raised ValueError$"),
        (lambda _: np.ones((3, 2)), "the model raised"),
        (lambda _: None, "the model raised"),
    ],
)
def test_whatever_the_model_does_it_fails_one_request_only(how, message):
    predictor = Predictor(Failing(how).fit([[1.0]] * 2, [0, 1]), LOAN_CONTRACT)
    with pytest.raises(FailedModelError, match=message):
        predictor.answer(FRAME)


def test_an_answer_of_another_length_is_none():
    class Short(LinearRegression):
        def predict(self, x):
            return np.ones(len(x) - 1)

    predictor = Predictor(Short(), Contract(input=LOAN_COLUMNS, target="late"))
    with pytest.raises(FailedModelError):
        predictor.answer(FRAME)
