"""What training makes, and what it refuses."""

import pickle

import numpy as np
import pytest
from sluice_components.dataset import write_frame
from sluice_components.errors import ProjectError, SourceError, TargetError, TrainingError
from sluice_components.project.model import as_parameter
from sluice_components.train.stage import train_plain
from training_rows import FEATURES, TARGET, estimator, fitted, trips

FOREST = estimator("ensemble.RandomForestClassifier", n_estimators=5)


def test_equal_rows_and_seed_give_an_equal_model():
    first, second = (pickle.dumps(fitted(trips(), FOREST).model) for _ in range(2))
    assert first == second


def test_the_seed_of_the_project_is_given_to_estimators_that_draw():
    assert fitted(trips(), FOREST).model[-1].random_state == 7


def test_a_stated_random_state_wins_over_the_seed():
    learner = estimator("ensemble.RandomForestClassifier", n_estimators=5, random_state=11)
    assert fitted(trips(), learner).model[-1].random_state == 11


def test_text_classes_stay_texts():
    frame = trips()
    frame[TARGET] = frame[TARGET].map({0: "on time", 1: "late"})
    assert list(fitted(frame).model.classes_) == ["late", "on time"]


def test_a_fit_that_did_not_converge_is_told():
    trained = fitted(trips(), estimator(max_iter=1))
    assert "failed to converge" in " ".join(trained.facts()["warnings"])


def test_the_written_model_knows_which_rows_it_was_trained_on(tmp_path):
    written = write_frame(trips(), tmp_path / "train")
    plan = {
        "features": as_parameter(FEATURES),
        "target": TARGET,
        "estimator": as_parameter(estimator(C=0.5)),
        "seed": 7.0,
    }
    facts = train_plain(str(tmp_path / "train"), plan, str(tmp_path / "out" / "model"))
    assert facts["training_digest"] == written.digest
    assert facts["rows"] == len(trips())
    assert pickle.loads((tmp_path / "out" / "model").read_bytes())[-1].C == 0.5


def test_one_class_is_refused():
    with pytest.raises(TargetError, match=r"'late' has one class only \(1\)"):
        fitted(trips().assign(**{TARGET: 1}))


def test_no_rows_are_refused():
    with pytest.raises(TrainingError, match="there are none"):
        fitted(trips().iloc[:0])


def test_a_feature_without_a_value_is_refused_by_name():
    with pytest.raises(TrainingError, match="'distance' has no value in any of 400 rows"):
        fitted(trips().assign(distance=np.nan))


def test_an_absent_feature_is_refused_by_name():
    with pytest.raises(SourceError, match="no column 'carrier'"):
        fitted(trips().drop(columns="carrier"))


def test_an_absent_target_is_refused_by_name():
    with pytest.raises(SourceError, match="no column 'late'"):
        fitted(trips().drop(columns=TARGET))


def test_a_class_that_does_not_exist_is_refused_with_the_field():
    with pytest.raises(ProjectError, match=r"estimator\.class: sklearn\.linear_model\.Nothing"):
        fitted(trips(), estimator("linear_model.Nothing"))


def test_a_parameter_that_does_not_exist_is_refused_with_the_field():
    with pytest.raises(ProjectError, match=r"estimator\.parameters: .*'strength'"):
        fitted(trips(), estimator(strength=3))


def test_a_value_that_the_estimator_rejects_is_told_with_the_parameters():
    with pytest.raises(TrainingError, match=r"could not be fitted: .*its parameters were C=-1"):
        fitted(trips(), estimator(C=-1))
