import pytest
from sluice_serving_v1.error import RejectedRequestError
from sluice_serving_v1.message import message_of, request_of

DATATYPES = {"distance": "FP64", "carrier": "BYTES"}


def data(**fields):
    return {"data": {"names": ["distance", "carrier"]} | fields}


def inputs(message):
    return {t["name"]: t["data"] for t in request_of(message, DATATYPES)["inputs"]}


def test_rows_become_columns_with_the_datatypes_of_the_model():
    request = request_of(data(ndarray=[[1.5, "AA"], [None, "BB"]]), DATATYPES)
    assert request == {
        "inputs": [
            {"name": "distance", "shape": [2], "datatype": "FP64", "data": [1.5, None]},
            {"name": "carrier", "shape": [2], "datatype": "BYTES", "data": ["AA", "BB"]},
        ]
    }


def test_a_tensor_is_cut_into_rows_and_nan_is_a_missing_value():
    tensor = {"shape": [2, 2], "values": [1.0, 2.0, "NaN", 4.0]}
    message = {"data": {"names": ["distance", "height"], "tensor": tensor}}
    assert inputs(message)["distance"] == [1.0, None]


def test_a_name_that_the_model_does_not_know_travels_without_its_values():
    message = {"data": {"names": ["distanse"], "ndarray": [[{"any": "thing"}]]}}
    assert inputs(message) == {"distanse": []}


def test_nan_in_a_column_of_texts_is_a_text():
    assert inputs(data(ndarray=[["NaN", "NaN"]])) == {"distance": [None], "carrier": ["NaN"]}


def test_the_puid_of_the_message_is_the_id_of_the_request():
    message = data(ndarray=[[1.5, "AA"]]) | {"meta": {"puid": "p-1"}}
    assert request_of(message, DATATYPES)["id"] == "p-1"


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ([], "no JSON object; send a SeldonMessage"),
        ({}, "data: is missing; send data with names and ndarray"),
        ({"data": 3}, "data: is missing"),
        ({"strData": "x"}, "data: is missing"),
        ({"jsonData": {"rows": []}}, "jsonData: is no V2 request"),
        ({"data": {"ndarray": [[1]]}}, "data.names: is missing; .*: distance, carrier"),
        (data(), "data.ndarray: is missing; send a list of rows"),
        (data(ndarray=[]), "data.ndarray: has no rows"),
        (data(ndarray=[1.5, "AA"]), "data.ndarray: row 0 is 1.5, not a list of values"),
        (data(ndarray=[[1.5, "AA"], [2]]), "row 1 has 1 values, data.names has 2"),
        (data(tensor={"shape": [2, 2], "values": [1]}), "data.tensor: shape and values do not"),
        (data(tensor={"shape": [2], "values": [1, 2]}), "data.tensor: shape and values do not"),
        (data(tensor=3), "data.tensor: shape and values do not"),
        (data(ndarray=[[1.5, "AA"]]) | {"meta": 3}, "meta: is no JSON object"),
    ],
)
def test_what_is_no_request_is_told_what_to_send(message, problem):
    with pytest.raises(RejectedRequestError, match=problem):
        request_of(message, DATATYPES)


ANSWER = {
    "id": "p-1",
    "parameters": {"revision": "trips-1"},
    "outputs": [
        {"name": "prediction", "datatype": "INT64", "data": [0, 1]},
        {"name": "confidence", "datatype": "FP64", "data": [0.75, 0.5]},
    ],
}


def test_outputs_become_rows():
    assert message_of(data(ndarray=[]), ANSWER) == {
        "data": {"names": ["prediction", "confidence"], "ndarray": [[0, 0.75], [1, 0.5]]},
        "meta": {"puid": "p-1", "tags": {"revision": "trips-1"}},
    }


def test_a_v2_request_is_answered_as_one():
    answered = message_of({"jsonData": {"inputs": []}}, ANSWER)
    assert answered["jsonData"] == ANSWER
    assert answered["meta"]["puid"] == "p-1"
