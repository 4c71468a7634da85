from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from packages import LOAN_CONTRACT
from sluice_package.contract import Contract
from sluice_package.schema import Column, ColumnType, Schema
from sluice_serving.error import RejectedRequestError
from sluice_serving.request import RequestReader


@dataclass
class Sent:
    name: str
    datatype: str
    data: Any
    shape: list[int]


def sent(name, datatype, data, shape=None):
    return Sent(name, datatype, data, [len(data)] if shape is None else shape)


def loan(**changes):
    tensors = {
        "amount": sent("amount", "FP64", [1000.0, None]),
        "age": sent("age", "INT64", [33, 44]),
        "region": sent("region", "BYTES", ["north", "west"]),
        "member": sent("member", "BOOL", [True, False]),
    }
    return [tensor for tensor in (tensors | changes).values() if tensor is not None]


def problems(tensors, contract=LOAN_CONTRACT):
    with pytest.raises(RejectedRequestError) as rejected:
        RequestReader(contract).read(tensors)
    return [str(problem) for problem in rejected.value.problems]


def test_inputs_become_a_table_in_the_order_of_the_contract():
    frame = RequestReader(LOAN_CONTRACT).read(list(reversed(loan())))
    assert list(frame.columns) == ["amount", "age", "region", "member"]
    assert frame["age"].tolist() == [33, 44]
    assert frame.dtypes.astype(str).tolist() == ["float64", "int64", "str", "bool"]


@pytest.mark.parametrize("data", [[33, 44], [[33], [44]]], ids=["flat", "nested"])
def test_a_column_may_have_two_dimensions(data):
    age = sent("age", "INT64", data, shape=[2, 1])
    frame = RequestReader(LOAN_CONTRACT).read(loan(age=age))
    assert frame["age"].tolist() == [33, 44]


@pytest.mark.parametrize("datatype", ["INT8", "UINT16", "INT64", "FP32", "FP64"])
def test_any_datatype_of_numbers_may_carry_whole_numbers(datatype):
    frame = RequestReader(LOAN_CONTRACT).read(loan(age=sent("age", datatype, [33, 44])))
    assert frame["age"].dtype == "int64"


def test_a_missing_field_is_named():
    assert problems(loan(age=None)) == ["age: is missing"]


def test_a_misspelt_field_is_named_with_what_was_meant():
    found = problems(loan(region=sent("regoin", "BYTES", ["north", "west"])))
    assert found == [
        "region: is missing",
        "regoin: is not a field of this model; did you mean region?",
    ]


def test_an_unknown_field_that_resembles_none_is_told_what_there_is():
    found = problems(loan(age=sent("zzz", "FP64", [1.0, 2.0])))
    assert found[1] == "zzz: is not a field of this model; known are amount, age, region, member"


def test_a_field_that_only_another_revision_needs_is_left_out():
    frame = RequestReader(LOAN_CONTRACT).read([*loan(), sent("rain", "BYTES", ["heavy"])])
    assert list(frame.columns) == ["amount", "age", "region", "member"]


def test_a_field_given_twice_is_named():
    assert "age: is given more than once" in problems([*loan(), *loan(amount=None)])


def test_a_datatype_that_does_not_fit_is_named_with_one_that_does():
    assert problems(loan(age=sent("age", "BYTES", ["33", "44"]))) == [
        "age: datatype 'BYTES' is not for a column of type integer; send INT64"
    ]


def test_unequal_lengths_are_named():
    assert problems(loan(age=sent("age", "INT64", [33]))) == ["age: has 1 rows, but amount has 2"]


def test_a_shape_that_is_not_that_of_the_data_is_named():
    assert problems(loan(age=sent("age", "INT64", [33, 44], shape=[3]))) == [
        "age: shape says 3 rows, data has 2"
    ]


@pytest.mark.parametrize("shape", [[], [2, 2], [1, 2], [2, 1, 1]])
def test_a_shape_of_more_than_one_column_is_refused(shape):
    found = problems(loan(age=sent("age", "INT64", [33, 44], shape=shape)))
    assert found == [f"age: shape is {shape}; send [rows] or [rows, 1]"]


def test_no_rows_are_refused_in_every_field():
    empty = [sent(t.name, t.datatype, []) for t in loan()]
    assert problems(empty)[0] == "amount: has no rows; send at least one"
    assert len(problems(empty)) == 4


def test_no_inputs_at_all_are_refused():
    assert len(problems([])) == 4


@pytest.mark.parametrize("data", ["33", 33, None, {"0": 33}])
def test_data_that_is_no_list_is_refused(data):
    found = problems(loan(age=sent("age", "INT64", data, shape=[2])))
    assert found == [f"age: data is {data!r}, not a list of values"]


@pytest.mark.parametrize("data", [[[33], 44], [[33], [44, 45]], [[33], []]])
def test_ragged_data_is_refused(data):
    found = problems(loan(age=sent("age", "INT64", data, shape=[2])))
    assert found[0].startswith("age: row 1: ")


def test_all_problems_of_a_request_are_told_at_once():
    found = problems(
        loan(
            amount=sent("amount", "FP64", [-5.0, 1.0]),
            age=sent("age", "INT64", [33, 7]),
            region=sent("region", "BYTES", ["mars", "west"]),
            member=None,
        )
    )
    assert found == [
        "member: is missing",
        "amount: row 0: -5.0 is below the minimum 0",
        "age: row 1: 7 is below the minimum 18",
        "region: row 0: 'mars' is not one of north, south, west",
    ]


def test_very_many_problems_are_told_up_to_a_limit():
    columns = tuple(Column(name=f"c{i}", type=ColumnType.FLOAT) for i in range(50))
    contract = Contract(input=Schema(columns=columns), target="y")
    with pytest.raises(RejectedRequestError, match=r"c19: is missing; and 30 more problems$"):
        RequestReader(contract).read([])


def test_a_large_request_equals_the_frame_that_it_was_made_of():
    frame = pd.DataFrame({"amount": range(3000), "age": [18 + i % 90 for i in range(3000)]})
    frame["region"] = ["north", "south", "west"] * 1000
    frame["member"] = [True, False] * 1500
    tensors = [
        sent("amount", "INT64", frame["amount"].tolist()),
        sent("age", "INT64", frame["age"].tolist()),
        sent("region", "BYTES", [text.encode() for text in frame["region"]]),
        sent("member", "BOOL", frame["member"].tolist()),
    ]
    read = RequestReader(LOAN_CONTRACT).read(tensors)
    pd.testing.assert_frame_equal(read, frame.astype({"amount": "float64"}))
