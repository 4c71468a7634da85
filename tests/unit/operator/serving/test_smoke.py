from sluice_operator.serving.smoke import ROWS, smoke_requests
from sluice_package.contract import Contract
from sluice_package.schema import Column, ColumnType, Schema


def test_smoke_requests_keep_the_contract_and_differ_from_each_other():
    columns = (
        Column(name="age", type=ColumnType.INTEGER, minimum=18, maximum=120),
        Column(name="amount", type=ColumnType.FLOAT, maximum=-5),
        Column(name="region", type=ColumnType.STRING, categories=("north", "south")),
        Column(name="note", type=ColumnType.STRING),
        Column(name="member", type=ColumnType.BOOLEAN),
        Column(name="at", type=ColumnType.TIMESTAMP),
    )
    contract = Contract(input=Schema(columns=columns), target="late")
    requests = smoke_requests(contract, "churn-a")
    values = [[field["data"][0] for field in request["inputs"]] for request in requests]

    assert [request["id"] for request in requests] == [f"smoke-churn-a-{n}" for n in range(ROWS)]
    assert [row[0] for row in values] == [18, 52, 86, 120]
    assert all(-6 <= row[1] <= -5 for row in values)
    assert {row[2] for row in values} == {"north", "south"}
    assert {row[4] for row in values} == {True, False}
    assert [field["datatype"] for field in requests[0]["inputs"]] == [
        "INT64",
        "FP64",
        "BYTES",
        "BYTES",
        "BOOL",
        "BYTES",
    ]
