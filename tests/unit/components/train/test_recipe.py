"""Which steps stand before the estimator, and that they change no answer."""

import pickle
import pickletools

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sluice_components.example import inputs_of
from sluice_components.project.section import Features
from sluice_components.train.recipe import DENSE_CATEGORIES
from training_rows import FEATURES, TARGET, estimator, fitted, refusing, trips

TREES = estimator("ensemble.HistGradientBoostingClassifier", max_iter=5)
KINDS = (
    estimator(),
    TREES,
    estimator("ensemble.RandomForestClassifier", n_estimators=5),
    estimator("neighbors.KNeighborsClassifier"),
    estimator("naive_bayes.GaussianNB"),
)


@pytest.mark.parametrize("learner", KINDS, ids=lambda kind: kind.class_.rpartition(".")[2])
def test_a_pickled_model_needs_nothing_but_scikit_learn(learner):
    model = pickle.dumps(fitted(trips(), learner).model)
    strings = [arg for _, arg, _ in pickletools.genops(model) if isinstance(arg, str)]
    ours = [text for text in strings if text.startswith("sluice")]
    assert ours == []


@pytest.mark.parametrize("learner", KINDS, ids=lambda kind: kind.class_.rpartition(".")[2])
def test_every_kind_of_classifier_answers_rows_with_missing_values(learner):
    model = fitted(trips(), learner).model
    row = pd.DataFrame({"distance": [np.nan], "hour": [18.0], "carrier": ["AA"]})
    assert model.predict(row)[0] in {0, 1}


def test_numbers_alone_need_no_column_transformer():
    model = fitted(trips(), features=Features(numeric=("distance", "hour"))).model
    assert not any(isinstance(step, ColumnTransformer) for _, step in model.steps)


def test_trees_get_numbers_as_they_are():
    model = fitted(trips(), TREES, Features(numeric=("distance", "hour"))).model
    assert [name for name, _ in model.steps] == ["estimator"]


def test_a_linear_model_predicts_from_dense_rows_what_it_learned_from_sparse_ones():
    model = fitted(trips()).model
    inputs = inputs_of(trips(50, seed=6), FEATURES.names)
    dense = model.predict_proba(inputs)
    columns = model.named_steps["features"]
    assert isinstance(columns.transform(inputs), np.ndarray)
    columns.named_transformers_["categorical"].set_params(sparse_output=True)
    columns.sparse_output_ = True
    assert columns.transform(inputs).format == "csr"
    assert np.allclose(model.predict_proba(inputs), dense, rtol=0, atol=1e-12)


def test_many_categories_stay_sparse():
    frame = trips(2000)
    frame["carrier"] = [f"carrier {n % (DENSE_CATEGORIES + 1)}" for n in range(len(frame))]
    columns = fitted(frame).model.named_steps["features"]
    assert columns.transform(inputs_of(frame, FEATURES.names)).format == "csr"


@pytest.mark.parametrize("learner", [estimator(), TREES], ids=["one-hot", "codes"])
def test_an_unseen_category_is_ignored_if_the_project_says_so(learner):
    model = fitted(trips(), learner).model
    strange = inputs_of(trips(5).assign(carrier="ZZ"), FEATURES.names)
    assert len(model.predict(strange)) == 5


@pytest.mark.parametrize("learner", [estimator(), TREES], ids=["one-hot", "codes"])
def test_an_unseen_category_is_an_error_if_the_project_says_so(learner):
    model = fitted(trips(), learner, refusing()).model
    strange = inputs_of(trips(5).assign(carrier="ZZ"), FEATURES.names)
    with pytest.raises(ValueError, match="ZZ"):
        model.predict(strange)


def test_a_missing_category_is_a_category_of_its_own():
    frame = trips(600)
    gone = np.arange(len(frame)) % 3 == 0
    frame["carrier"] = frame["carrier"].where(~gone)
    frame.loc[gone, TARGET] = 1
    model = fitted(frame).model
    rows = pd.DataFrame({"distance": 500.0, "hour": 8.0, "carrier": ["AA", None]})
    known, missing = model.predict_proba(inputs_of(rows, FEATURES.names))[:, 1]
    assert missing > known + 0.2


@pytest.mark.parametrize("learner", [estimator(), TREES], ids=["one-hot", "codes"])
def test_the_types_that_a_server_builds_from_json_give_the_same_answers(learner):
    """Serving hands over int64, bool and object columns; training has float64 and str."""
    features = Features(numeric=("distance",), categorical=("carrier", "hour", "night"))
    frame = trips(600).assign(night=lambda rows: rows["hour"] > 20)
    frame["carrier"] = frame["carrier"].where(frame["distance"].notna())
    model = fitted(frame, learner, features).model
    served = pd.DataFrame(
        {
            "distance": frame["distance"].to_numpy(dtype=np.float64),
            "carrier": frame["carrier"].to_numpy(dtype=object),
            "hour": frame["hour"].to_numpy(dtype=np.int64),
            "night": frame["night"].to_numpy(dtype=np.bool_),
        }
    )
    trained = inputs_of(frame, features.names)
    assert served.dtypes.tolist() != trained.dtypes.tolist()
    assert np.array_equal(model.predict_proba(served), model.predict_proba(trained))
