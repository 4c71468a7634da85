"""The class that MLServer loads, without a server around it."""

import asyncio
import json
import pickle

import numpy as np
import pytest
from bomb import Bomb
from loan_requests import one_loan, request_of
from mlserver import ModelSettings
from mlserver.errors import MLServerError
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest
from packages import (
    LOAN_COLUMNS,
    LOAN_CONTRACT,
    amount_package,
    loan_model,
    loan_package,
    loans,
    seal_loans,
    write_model,
)
from sklearn.linear_model import LogisticRegression
from sluice_serving.runtime import SluiceModel

FRAME = loans(50, seed=4)[[column.name for column in LOAN_COLUMNS.columns]]


def model_of(package, digest, max_batch_size=0, **extra):
    settings = {"deployment": "loans", "revision": "loans-1", "digest": digest} | extra
    parameters = ModelParameters(uri=str(package), extra=settings)
    return SluiceModel(
        ModelSettings(
            name="loans",
            implementation=SluiceModel,
            parameters=parameters,
            max_batch_size=max_batch_size,
        )
    )


def loaded(package, digest):
    model = model_of(package, digest)
    assert asyncio.run(model.load())
    return model


def refusal(model):
    """Why the model does not load."""
    with pytest.raises(MLServerError) as refused:
        asyncio.run(model.load())
    assert refused.value.status_code == 422
    return str(refused.value)


def ask(model, body):
    return asyncio.run(model.predict(InferenceRequest.model_validate(body)))


def test_a_good_package_answers(tmp_path):
    model = loaded(tmp_path, loan_package(tmp_path))
    prediction, confidence = ask(model, request_of(FRAME)).outputs
    assert prediction.data.root == loan_model().predict(FRAME).tolist()
    assert confidence.data.root == loan_model().predict_proba(FRAME).max(axis=1).tolist()


def test_the_bomb_of_these_tests_explodes_where_the_digest_is_right(tmp_path):
    digest = loan_package(tmp_path / "package", Bomb(tmp_path / "exploded"))
    assert "cannot predict" in refusal(model_of(tmp_path / "package", digest))
    assert (tmp_path / "exploded").exists()


def test_a_package_with_one_flipped_bit_is_not_unpickled(tmp_path):
    digest = loan_package(tmp_path / "package", Bomb(tmp_path / "exploded"))
    card = tmp_path / "package" / "sluice" / "card.md"
    card.write_bytes(bytes([card.read_bytes()[0] ^ 1]) + card.read_bytes()[1:])
    reason = refusal(model_of(tmp_path / "package", digest))
    assert "sluice/card.md: content differs from the manifest" in reason
    assert not (tmp_path / "exploded").exists()


def test_a_sound_package_of_another_digest_is_not_unpickled(tmp_path):
    wanted = loan_package(tmp_path / "wanted")
    other = loan_package(tmp_path / "other", Bomb(tmp_path / "exploded"))
    reason = refusal(model_of(tmp_path / "other", wanted))
    assert f"the package is {other}, but {wanted} was asked for" in reason
    assert not (tmp_path / "exploded").exists()


def test_a_package_of_another_format_is_refused_with_the_way_out(tmp_path):
    digest = loan_package(tmp_path / "package", Bomb(tmp_path / "exploded"))
    path = tmp_path / "package" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    reason = refusal(model_of(tmp_path / "package", digest))
    assert "format 2" in reason
    assert "package the model again" in reason
    assert not (tmp_path / "exploded").exists()


def test_a_package_that_is_refused_can_stay_and_say_why(tmp_path):
    digest = loan_package(tmp_path)
    (tmp_path / "sluice" / "card.md").unlink()
    model = model_of(tmp_path, digest, refusal="stay")
    assert not asyncio.run(model.load())
    parameters = asyncio.run(model.metadata()).parameters
    assert "sluice/card.md: missing" in parameters.refused
    assert (parameters.revision, parameters.digest) == ("loans-1", digest)


def test_without_a_digest_the_package_must_be_as_its_own_manifest_says(tmp_path):
    digest = loan_package(tmp_path)
    model = loaded(tmp_path, "")
    assert ask(model, one_loan()).parameters.digest == digest
    (tmp_path / "sluice" / "card.md").unlink()
    assert "sluice/card.md: missing" in refusal(model_of(tmp_path, ""))


def test_a_damaged_manifest_is_refused_as_one(tmp_path):
    digest = loan_package(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    assert "the manifest is damaged" in refusal(model_of(tmp_path, digest))


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    reason = refusal(model_of(tmp_path / "nowhere", "sha256:" + "0" * 64))
    assert str(tmp_path / "nowhere") in reason


def test_a_package_that_cannot_be_unpickled_here_is_refused(tmp_path):
    digest = loan_package(tmp_path, save=lambda folder, _: broken_pickle(folder))
    assert "model.pkl cannot be unpickled here" in refusal(model_of(tmp_path, digest))


def broken_pickle(folder):
    folder.mkdir(exist_ok=True)
    flavour = "flavors: {sklearn: {pickled_model: model.pkl, serialization_format: pickle}}"
    (folder / "MLmodel").write_text(flavour)
    (folder / "model.pkl").write_bytes(pickle.dumps(loan_model())[:-20])


def test_an_unknown_setting_is_refused_by_name(tmp_path):
    digest = loan_package(tmp_path)
    reason = refusal(model_of(tmp_path, digest, spol="here"))
    assert "parameters.extra: spol: Extra inputs are not permitted" in reason


def test_batches_of_requests_are_refused(tmp_path):
    digest = loan_package(tmp_path)
    assert "max_batch_size is 8" in refusal(model_of(tmp_path, digest, max_batch_size=8))


def test_a_bad_request_is_answered_with_422(tmp_path):
    model = loaded(tmp_path, loan_package(tmp_path))
    with pytest.raises(MLServerError, match="age: row 0: 7 is below the minimum 18") as refused:
        ask(model, one_loan(age=7))
    assert refused.value.status_code == 422


def test_a_request_id_that_is_too_long_is_answered_with_422(tmp_path):
    model = loaded(tmp_path, loan_package(tmp_path))
    with pytest.raises(MLServerError, match=r"^id: has 300 characters") as refused:
        ask(model, one_loan(id="x" * 300))
    assert refused.value.status_code == 422


def test_classes_of_text_are_answered_as_text(tmp_path):
    frame = loans()[["amount", "age", "region", "member"]].dropna()
    answers = np.where(frame["age"] > 40, "old", "young")
    model = loan_model()
    model.set_params(estimator=LogisticRegression()).fit(frame, answers)
    write_model(tmp_path, model)
    contract = LOAN_CONTRACT.model_copy(update={"classes": ("old", "young")})
    served = loaded(tmp_path, seal_loans(tmp_path, contract))
    prediction = ask(served, request_of(frame)).outputs[0]
    assert prediction.datatype == "BYTES"
    assert [text.decode() for text in prediction.data.root] == model.predict(frame).tolist()


def test_a_regression_is_answered_with_numbers_and_no_confidence(tmp_path):
    model = loaded(tmp_path, amount_package(tmp_path))
    age = {"name": "age", "shape": [2], "datatype": "INT32", "data": [30, 60]}
    (output,) = ask(model, {"inputs": [age]}).outputs
    assert (output.name, output.datatype, len(output.data.root)) == ("prediction", "FP64", 2)
