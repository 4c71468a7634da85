"""What is in a package, and that its content alone decides its digest."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from package_making import RAW, made, trip_package, trip_project
from sluice_components.environment import source_digest
from sluice_components.errors import ModelError
from sluice_components.example import inputs_of
from sluice_components.package.stage import package
from sluice_package.package import ModelPackage
from sluice_package.verify import verify
from training_rows import trips

SUPPORT = Path(__file__).parents[3] / "support"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory) -> ModelPackage:
    folder = tmp_path_factory.mktemp("trips")
    trip_package(folder)
    return ModelPackage.open(folder / "package")


def test_a_package_verifies(sealed):
    assert verify(sealed.folder).difference is None


def test_a_package_made_elsewhere_from_the_same_content_has_the_same_digest(sealed, tmp_path):
    # another process, with its own order of hashes
    code = (
        f"import sys; sys.path.insert(0, {str(SUPPORT)!r})\n"
        "from pathlib import Path; from package_making import trip_package\n"
        "print(trip_package(Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == sealed.digest


def test_a_package_of_another_seed_has_another_digest(sealed, tmp_path):
    assert trip_package(tmp_path, trip_project(seed=8)) != sealed.digest


def test_the_contract_has_the_inputs_in_the_order_of_the_model(sealed):
    names = [column.name for column in sealed.contract.input.columns]
    assert names == ["distance", "hour", "carrier"]
    assert sealed.contract.target == "late"
    assert sealed.contract.classes == ("0", "1")


def test_the_profile_covers_every_input_and_the_output(sealed):
    assert set(sealed.profile.columns) == {"distance", "hour", "carrier", "late"}
    assert sealed.profile.rows == 600


def test_the_profile_has_what_the_model_says_about_rows_that_it_was_not_trained_on(sealed):
    model = pickle.loads(sealed.read("model.pkl"))
    holdout = inputs_of(trips(400, seed=9), ["distance", "hour", "carrier"])
    said, stated = model.predict(holdout), model.predict_proba(holdout).max(axis=1)
    answers = sealed.profile.answers
    assert answers.rows == 400
    assert answers.prediction.categories == {"0": (said == 0).sum(), "1": (said == 1).sum()}
    assert answers.confidence.mean == pytest.approx(stated.mean())
    assert (answers.confidence.minimum, answers.confidence.maximum) == (stated.min(), stated.max())
    assert "answers" not in sealed.metrics


def test_a_model_without_probabilities_is_profiled_without_confidence(tmp_path):
    by_distance = {"class": "sklearn.svm.LinearSVC"}
    easy = [{"metric": "accuracy", "minimum": 0.1}]
    trip_package(tmp_path, trip_project(estimator=by_distance, acceptance=easy))
    answers = ModelPackage.open(tmp_path / "package").profile.answers
    assert (answers.rows, answers.confidence) == (400, None)


def test_the_signature_says_what_each_input_is_and_whether_it_may_be_missing(sealed):
    signature = yaml.safe_load(sealed.read("MLmodel"))["signature"]
    inputs = {
        one["name"]: (one["type"], one["required"]) for one in json.loads(signature["inputs"])
    }
    assert inputs == {
        "distance": ("double", False),
        "hour": ("long", True),
        "carrier": ("string", True),
    }
    assert json.loads(signature["outputs"])[0]["type"] == "long"


def test_a_nullable_integer_is_a_float_to_mlflow(tmp_path):
    columns = [
        {"name": "hour", "type": "integer", "nullable": True},
        {"name": "carrier", "type": "string"},
        {"name": "late", "type": "integer"},
    ]
    features = {"numeric": ["hour"], "categorical": ["carrier"]}
    trip_package(tmp_path, trip_project(schema=columns, features=features))
    described = yaml.safe_load((tmp_path / "package" / "MLmodel").read_text())
    hour = json.loads(described["signature"]["inputs"])[0]
    assert (hour["type"], hour["required"]) == ("double", False)


def test_mlflow_loads_the_package_and_predicts(sealed):
    import mlflow.pyfunc  # noqa: PLC0415 - slow, and only here

    rows = pd.DataFrame({"distance": [2500.0], "hour": [22], "carrier": ["BB"]})
    loaded = mlflow.pyfunc.load_model(str(sealed.folder))
    ours = pickle.loads(sealed.read("model.pkl"))
    assert list(loaded.predict(rows)) == list(ours.predict(rows)) == [1]


def test_requirements_are_pinned_and_few(sealed):
    lines = sealed.read("requirements.txt").decode().split()
    names = {line.partition("==")[0] for line in lines}
    # MLflow adds itself, as the one that reads the layout
    assert names == {"mlflow", "scikit-learn", "pandas", "numpy", "cloudpickle"}
    assert all(line.partition("==")[2] for line in lines)


def test_the_lineage_has_a_digest_of_everything(sealed):
    lineage = sealed.lineage
    digests = [
        lineage["data"]["raw"],
        lineage["data"]["training"],
        lineage["data"]["holdout"],
        lineage["code"]["digest"],
        lineage["parameters"]["digest"],
        lineage["environment"]["digest"],
    ]
    assert all(digest.startswith("sha256:") and len(digest) == 71 for digest in digests)
    assert len(set(digests)) == 6
    assert (digests[0], lineage["code"]["commit"]) == (RAW, "c0ffee")


def test_the_findings_say_that_it_was_accepted(sealed):
    assert sealed.metrics["accepted"] is True
    assert sealed.metrics["metrics"]["roc_auc"] > 0.6


def test_the_card_has_no_empty_field(sealed):
    card = sealed.card
    assert card.startswith("# late-trips")
    for line in card.splitlines():
        assert not line.rstrip().endswith(":"), line
        assert "|  |" not in line, line
    for section in ("Model", "Use", "Inputs", "Training data", "Evaluation", "Groups", "Origin"):
        assert f"\n## {section}\n" in card


def test_a_warning_of_the_fit_stands_on_the_card(tmp_path):
    estimator = {
        "class": "sklearn.linear_model.LogisticRegression",
        "parameters": {"max_iter": 1},
    }
    trip_package(tmp_path, trip_project(estimator=estimator))
    assert "scikit-learn warned: lbfgs failed" in (tmp_path / "package/sluice/card.md").read_text()


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="holds files already"):
        trip_package(tmp_path)


def test_one_changed_line_of_code_changes_the_digest_of_the_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "some_source").mkdir()
    (tmp_path / "some_source" / "__init__.py").write_text("one = 1\n")
    before = source_digest(["some_source"])
    (tmp_path / "some_source" / "__init__.py").write_text("one = 2\n")
    assert source_digest(["some_source"]) != before


def test_a_forest_is_packaged_like_any_other(tmp_path):
    estimator = {
        "class": "sklearn.ensemble.RandomForestClassifier",
        "parameters": {"n_estimators": 3},
    }
    project = trip_project(estimator=estimator)
    package(made(tmp_path, project), project, tmp_path / "package")
    assert verify(tmp_path / "package").difference is None
