import pickle

import cloudpickle
import pytest
from packages import LOAN_COLUMNS, ML_MODEL, loan_model, loans, seal_loans, write_model
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sluice_package.package import ModelPackage
from sluice_serving.error import RefusedPackageError
from sluice_serving.model_file import load_model

FRAME = loans(50)[[column.name for column in LOAN_COLUMNS.columns]]


def sealed(folder, description=ML_MODEL, content=None):
    """A package with this MLmodel and this model.pkl."""
    write_model(folder, None)
    (folder / "MLmodel").write_text(description)
    (folder / "model.pkl").write_bytes(content or pickle.dumps(loan_model()))
    seal_loans(folder)
    return ModelPackage.open(folder)


def test_a_pickled_model_is_loaded(tmp_path):
    model = load_model(sealed(tmp_path))
    assert model.predict(FRAME).tolist() == loan_model().predict(FRAME).tolist()


def test_a_model_with_functions_of_its_own_is_loaded_from_a_cloudpickle(tmp_path):
    own = make_pipeline(FunctionTransformer(lambda frame: frame.assign(age=0)), loan_model())
    model = load_model(sealed(tmp_path, content=cloudpickle.dumps(own)))
    assert model.predict(FRAME).tolist() == own.predict(FRAME).tolist()


@pytest.mark.parametrize(
    ("description", "problem"),
    [
        ("flavors: {}", "there is no sklearn flavour"),
        ("", "there is no sklearn flavour"),
        ("{", "there is no sklearn flavour"),
        ("flavors: {sklearn: 3}", "the sklearn flavour is no mapping"),
        ("flavors: {sklearn: {}}", "pickled_model is missing"),
        ("flavors: {sklearn: {serialization_format: skops}}", "serialization_format is skops"),
        ("flavors: {sklearn: {pickled_model: model.pkl, code: code}}", "it brings code_paths"),
    ],
)
def test_a_description_that_cannot_be_served_is_refused(tmp_path, description, problem):
    with pytest.raises(RefusedPackageError, match=problem):
        load_model(sealed(tmp_path, description))


def test_a_description_cannot_name_a_file_outside_of_the_package(tmp_path):
    (tmp_path / "outside.pkl").write_bytes(pickle.dumps(loan_model()))
    package = sealed(tmp_path / "package", "flavors: {sklearn: {pickled_model: ../outside.pkl}}")
    with pytest.raises(Exception, match=r"no \.\./outside\.pkl in the package"):
        load_model(package)


@pytest.mark.parametrize(
    "content",
    [b"no pickle", b"\x80\x05cnowhere\nthing\n.", b"csys\nexit\n(I3\ntR."],
    ids=["no pickle", "unknown module", "exits"],
)
def test_what_cannot_be_unpickled_is_refused(tmp_path, content):
    with pytest.raises(RefusedPackageError, match=r"model\.pkl cannot be unpickled here"):
        load_model(sealed(tmp_path, content=content))
