"""V2 requests about loans."""

from typing import Any

import pandas as pd
from packages import LOAN_COLUMNS
from sluice_package.schema import ColumnType

DATATYPES = {
    ColumnType.FLOAT: "FP64",
    ColumnType.INTEGER: "INT64",
    ColumnType.STRING: "BYTES",
    ColumnType.BOOLEAN: "BOOL",
}


def request_of(frame: pd.DataFrame, **fields: Any) -> dict[str, Any]:
    """The request that asks for these rows; missing values are null."""
    inputs = [
        {
            "name": column.name,
            "shape": [len(frame)],
            "datatype": DATATYPES[column.type],
            "data": [None if pd.isna(v) else v for v in frame[column.name].tolist()],
        }
        for column in LOAN_COLUMNS.columns
    ]
    return {"inputs": inputs, **fields}


def one_loan(**changes: Any) -> dict[str, Any]:
    """A request of one row, with some values changed; `id` names the request."""
    fields = {"id": changes.pop("id")} if "id" in changes else {}
    row = {"amount": 5000.0, "age": 40, "region": "north", "member": True} | changes
    return request_of(pd.DataFrame({name: [value] for name, value in row.items()}), **fields)
