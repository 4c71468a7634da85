"""A package of the training pipeline behind `seldon-core-microservice`."""

import math

import grpc
import httpx
import pytest
from eventually import eventually
from google.protobuf import json_format
from ledger_content import answers_to
from seldon_core.proto.prediction_pb2 import SeldonMessage
from wrapper_process import Wrapper, running

REVISION = "trips-4f2a91c3"


@pytest.fixture(scope="module")
def wrapper(trips, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrapper")
    parameters = {"digest": trips["digest"]}
    with running(Wrapper(folder=folder, package=trips["package"], parameters=parameters)) as w:
        yield w.wait_ready()


def message(trips, rows=None, **meta):
    wanted = trips["rows"] if rows is None else rows
    return {"data": {"names": trips["names"], "ndarray": wanted}} | ({"meta": meta} if meta else {})


def one_trip(**changes):
    row = {"distance": 900.0, "hour": 20, "carrier": "BB"} | changes
    return {"data": {"names": list(row), "ndarray": [list(row.values())]}}


def failure(answer):
    """Reason and text of a failure, whose status says the same twice."""
    status = answer.json()["status"]
    assert status["code"] == answer.status_code
    assert status["status"] == "FAILURE"
    return answer.status_code, status["reason"], status["info"]


def recorded(wrapper, request_id):
    return eventually(lambda: answers_to(wrapper.folder / "ledger.db", request_id), within=30)


def test_answers_are_what_the_model_said_where_it_was_trained(wrapper, trips):
    answer = wrapper.ask(message(trips)).raise_for_status().json()
    assert answer["data"]["names"] == ["prediction", "confidence"]
    predictions, confidences = zip(*answer["data"]["ndarray"], strict=True)
    assert list(predictions) == trips["predictions"]
    assert confidences == pytest.approx(trips["confidences"], rel=1e-12)
    assert answer["meta"]["tags"] == {"revision": REVISION, "digest": trips["digest"]}


def test_over_grpc_answers_are_the_same(wrapper, trips):
    asked = json_format.ParseDict(message(trips), SeldonMessage())
    with wrapper.model_stub() as stub:
        answer = json_format.MessageToDict(stub.Predict(asked))
    predictions, confidences = zip(*answer["data"]["ndarray"], strict=True)
    assert list(predictions) == trips["predictions"]
    assert confidences == pytest.approx(trips["confidences"], rel=1e-12)


def test_what_the_executor_sends_is_answered_and_recorded_under_the_id_of_the_router(wrapper):
    """It passes the caller's headers on and adds an id of its own, another one for each copy."""
    headers = {"x_request_id": "router-1", "Seldon_Puid": "executor-1", "Accept_Encoding": "gzip"}
    answer = wrapper.ask(one_trip(), path="/predict", **headers).raise_for_status()
    assert answer.json()["meta"]["puid"] == "router-1"
    assert recorded(wrapper, "router-1") == [("trips", REVISION, False)]


@pytest.mark.parametrize(
    ("meta", "headers", "expected"),
    [
        ({"puid": "body"}, {"x_request_id": "router", "seldon_puid": "executor"}, "body"),
        ({}, {"seldon_puid": "executor"}, "executor"),
    ],
)
def test_the_id_of_the_body_wins_and_that_of_the_executor_is_the_last(
    wrapper, meta, headers, expected
):
    answer = wrapper.ask(one_trip() | {"meta": meta}, **headers)
    assert answer.json()["meta"]["puid"] == expected


def test_a_mirrored_copy_is_recorded_as_one(wrapper):
    wrapper.ask(one_trip(), x_sluice_mirror="1", x_request_id="copy").raise_for_status()
    assert recorded(wrapper, "copy") == [("trips", REVISION, True)]


def test_over_grpc_the_id_comes_from_the_metadata(wrapper):
    asked = json_format.ParseDict(one_trip(), SeldonMessage())
    with wrapper.model_stub() as stub:
        answer = stub.Predict(asked, metadata=[("x-request-id", "grpc-1")])
    assert answer.meta.puid == "grpc-1"
    assert recorded(wrapper, "grpc-1") == [("trips", REVISION, False)]


def test_a_bad_request_is_answered_with_422_and_names_each_field(wrapper):
    asked = one_trip(hour=99)
    asked["data"]["names"][0] = "distanse"
    assert failure(wrapper.ask(asked)) == (
        422,
        "REJECTED_REQUEST",
        (
            "distance: is missing; distanse: is not a field of this model; did you mean distance?; "
            "hour: row 0: 99 is above the maximum 23"
        ),
    )


def test_over_grpc_a_bad_request_is_an_invalid_argument(wrapper):
    asked = json_format.ParseDict(one_trip(hour=99), SeldonMessage())
    with wrapper.model_stub() as stub, pytest.raises(grpc.RpcError) as refused:
        stub.Predict(asked)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == "hour: row 0: 99.0 is above the maximum 23"


def test_over_grpc_nan_is_a_missing_value(wrapper):
    asked = json_format.ParseDict(one_trip(), SeldonMessage())
    asked.data.ndarray.values[0].list_value.values[0].number_value = math.nan
    with wrapper.model_stub() as stub:
        answer = json_format.MessageToDict(stub.Predict(asked))
    over_rest = wrapper.ask(one_trip(distance=None)).json()
    assert answer["data"]["ndarray"] == over_rest["data"]["ndarray"]


def test_a_body_that_is_no_json_is_a_bad_request(wrapper):
    headers = {"content-type": "application/json"}
    answer = wrapper.client.post("/predict", content=b"{", headers=headers)
    assert answer.status_code == httpx.codes.BAD_REQUEST


def test_a_v2_request_travels_in_json_data(wrapper):
    inputs = [
        {"name": "distance", "datatype": "FP64", "shape": [1], "data": [900.0]},
        {"name": "hour", "datatype": "INT64", "shape": [1], "data": [20]},
        {"name": "carrier", "datatype": "BYTES", "shape": [1], "data": ["BB"]},
    ]
    answer = wrapper.ask({"jsonData": {"inputs": inputs, "id": "v2"}}).raise_for_status().json()
    plain = wrapper.ask(one_trip()).json()["data"]["ndarray"][0]
    assert [output["data"][0] for output in answer["jsonData"]["outputs"]] == plain
    assert answer["meta"]["puid"] == answer["jsonData"]["id"] == "v2"


def test_the_protocol_v2_is_not_spoken(wrapper):
    """Seldon-core 1.17.1 has no such route: with `protocol: v2` Seldon 1 runs MLServer itself."""
    answer = wrapper.client.post("/v2/models/model/infer", json={"inputs": []})
    assert "405 Method Not Allowed" in answer.json()["status"]["info"]


def test_metrics_of_the_model_are_where_prometheus_looks(wrapper):
    labels = f'{{deployment="trips",outcome="%s",revision="{REVISION}"}}'
    ok, rejected = (f"sluice_requests_total{labels % outcome}" for outcome in ("ok", "rejected"))
    before = wrapper.metric(ok), wrapper.metric(rejected)
    wrapper.ask(one_trip())
    wrapper.ask(one_trip(hour=99))
    assert (wrapper.metric(ok), wrapper.metric(rejected)) == (before[0] + 1, before[1] + 1)
    assert (
        wrapper.metric(f'sluice_ledger_dropped_total{{deployment="trips",revision="{REVISION}"}}')
        == 0
    )


def test_seldon_is_told_the_contract_and_the_health(wrapper, trips):
    told = wrapper.client.get("/metadata").json()
    assert told["versions"] == [trips["digest"]]
    assert told["inputs"][0]["schema"]["names"] == trips["names"]
    assert wrapper.client.get("/health/status").is_success
