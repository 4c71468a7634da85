"""Requests that a model must be able to answer, made from the contract in its package. Pure.

A server that says it is ready has loaded a model; whether the model can answer is shown only by an
answer. A model may well fail on some rows and still deserve its trial, so several rows are tried.
"""

from typing import Any

from sluice_package.contract import Contract
from sluice_package.schema import Column, ColumnType

ROWS = 4
_DATATYPES = {
    ColumnType.INTEGER: "INT64",
    ColumnType.FLOAT: "FP64",
    ColumnType.STRING: "BYTES",
    ColumnType.BOOLEAN: "BOOL",
    ColumnType.TIMESTAMP: "BYTES",
}


def smoke_requests(contract: Contract, revision: str) -> tuple[dict[str, Any], ...]:
    """V2 inference requests of one row each, all of them within the contract.

    Their ids are the same at every start, and another revision's are different: in the ledger they
    stand once, and pair with nothing.
    """
    return tuple(
        {
            "id": f"smoke-{revision}-{turn}",
            "inputs": [_input(column, turn) for column in contract.input.columns],
        }
        for turn in range(ROWS)
    )


def _input(column: Column, turn: int) -> dict[str, Any]:
    datatype = _DATATYPES[column.type]
    value = _value(column, turn)
    return {"name": column.name, "shape": [1], "datatype": datatype, "data": [value]}


def _value(column: Column, turn: int) -> Any:
    match column.type:
        case ColumnType.INTEGER:
            return round(_number(column, turn))
        case ColumnType.FLOAT:
            return _number(column, turn)
        case ColumnType.STRING:
            categories = column.categories or ("a",)
            return categories[turn % len(categories)]
        case ColumnType.BOOLEAN:
            return turn % 2 == 0
        case ColumnType.TIMESTAMP:
            return f"2020-0{turn + 1}-15T12:00:00"


def _number(column: Column, turn: int) -> float:
    """Spread over the range of the column, its ends included."""
    lowest = 0.0 if column.minimum is None else column.minimum
    highest = lowest + 1 if column.maximum is None else column.maximum
    if column.minimum is None and column.maximum is not None:
        lowest = highest - 1
    return lowest + (highest - lowest) * turn / (ROWS - 1)
