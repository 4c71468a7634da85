"""A real server, asked over gRPC and over HTTP."""

import cloudpickle
import grpc
import numpy as np
import pytest
from loan_requests import one_loan, request_of
from mlserver.grpc import dataplane_pb2 as pb
from mlserver.grpc.converters import ModelInferRequestConverter
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub
from mlserver.types import InferenceRequest
from packages import LOAN_COLUMNS, loan_model, loan_package, loans
from serving_process import Server, running
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

FRAME = loans(200, seed=21)[[column.name for column in LOAN_COLUMNS.columns]]


def raising_for_age_99(frame):
    if (frame["age"] == 99).any():
        raise ValueError("too old")
    return frame


def save_by_value(folder, model):
    """As `write_model` does, but with the functions of this file inside of the pickle."""
    folder.mkdir(parents=True)
    flavour = "flavors: {sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}}"
    (folder / "MLmodel").write_text(flavour)
    cloudpickle.register_pickle_by_value(__import__(__name__))
    (folder / "model.pkl").write_bytes(cloudpickle.dumps(model))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grpc")
    model = make_pipeline(FunctionTransformer(raising_for_age_99), loan_model())
    digest = loan_package(folder / "package", model, save=save_by_value)
    with running(Server(folder=folder / "server", package=folder / "package", digest=digest)) as s:
        yield s


@pytest.fixture(scope="module")
def stub(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc}") as channel:
        yield GRPCInferenceServiceStub(channel)


def message(body, raw=False):
    """The gRPC form of a V2 request; a missing number is NaN, for gRPC has no null."""
    for tensor in body["inputs"]:
        if tensor["datatype"] == "FP64":
            tensor["data"] = [np.nan if value is None else value for value in tensor["data"]]
        if tensor["datatype"] == "BYTES":
            tensor["data"] = [value.encode() for value in tensor["data"]]
    request = InferenceRequest.model_validate(body)
    return ModelInferRequestConverter.from_types(request, "loans", use_raw=raw)


def outputs(answer):
    prediction, confidence = answer.outputs
    return list(prediction.contents.int64_contents), list(confidence.contents.fp64_contents)


def test_grpc_and_http_answer_what_scikit_learn_predicts(server, stub):
    model = loan_model()
    over_http = server.infer(request_of(FRAME)).json()["outputs"]
    predictions, confidences = outputs(stub.ModelInfer(message(request_of(FRAME))))
    assert predictions == over_http[0]["data"] == model.predict(FRAME).tolist()
    assert confidences == over_http[1]["data"] == model.predict_proba(FRAME).max(axis=1).tolist()


def test_raw_contents_are_answered_like_others(stub):
    answer = stub.ModelInfer(message(request_of(FRAME), raw=True))
    predictions = np.frombuffer(answer.raw_output_contents[0], dtype=np.int64)
    assert predictions.tolist() == loan_model().predict(FRAME).tolist()


def test_the_answer_says_who_gave_it(server, stub):
    parameters = stub.ModelInfer(message(one_loan())).parameters
    assert parameters["revision"].string_param == "loans-1"
    assert parameters["digest"].string_param == server.digest


@pytest.mark.parametrize(("body", "expected"), [("b", "b"), (None, "h")])
def test_the_id_of_the_message_wins_over_the_metadata(stub, body, expected):
    request = message(one_loan() if body is None else one_loan(id=body))
    assert stub.ModelInfer(request, metadata=[("x-request-id", "h")]).id == expected


def test_a_message_without_an_id_gets_one(stub):
    assert len(stub.ModelInfer(message(one_loan())).id) == 36


def failure(stub, request):
    with pytest.raises(grpc.RpcError) as failed:
        stub.ModelInfer(request)
    return failed.value.code(), failed.value.details()


def test_a_bad_request_is_an_invalid_argument(stub):
    code, details = failure(stub, message(one_loan(age=7, region="mars")))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details == (
        "age: row 0: 7 is below the minimum 18; "
        "region: row 0: 'mars' is not one of north, south, west"
    )


def test_a_text_that_is_not_utf_8_is_an_invalid_argument(stub):
    request = message(one_loan())
    request.inputs[2].contents.bytes_contents[0] = b"\xff"
    code, details = failure(stub, request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details == r"region: row 0: b'\xff' is not a text in UTF-8"


def test_an_unknown_datatype_is_an_invalid_argument(stub):
    request = message(one_loan())
    request.inputs[1].datatype = "INT65"
    code, details = failure(stub, request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details == "age: datatype 'INT65' is not for a column of type integer; send INT64"


def test_an_empty_message_is_an_invalid_argument(stub):
    code, details = failure(stub, pb.ModelInferRequest(model_name="loans"))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("amount: is missing")


def test_a_model_that_raises_is_an_internal_error(stub):
    code, details = failure(stub, message(one_loan(age=99)))
    assert code is grpc.StatusCode.INTERNAL
    assert details == "loans-1: the model raised ValueError; its log says more"
    assert stub.ModelInfer(message(one_loan())).id


def test_the_model_reports_ready(stub):
    assert stub.ModelReady(pb.ModelReadyRequest(name="loans")).ready
