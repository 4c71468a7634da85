"""Rows of the traffic table as requests, each with its late label."""

import json

import pandas as pd
import pytest
from sluice_cli.demo.script import Traffic
from sluice_cli.demo.stream import requests_of

PLAN = Traffic.model_validate(
    {
        "file": "traffic.parquet",
        "id": "number",
        "asked": "asked_at",
        "label": "late",
        "known": "known_at",
        "per_second": 1,
    }
)


@pytest.fixture
def asked(tmp_path):
    times = pd.to_datetime(["2013-06-02", "2013-06-01", "2013-06-03"])
    table = pd.DataFrame(
        {
            "number": ["b", "a", "c"],
            "asked_at": times,
            "known_at": times + pd.Timedelta(hours=2),
            "late": pd.array([1, 0, None], dtype="Int64"),
            "distance": [1.5, None, 3.0],
            "seats": pd.array([10, None, 30], dtype="Int64"),
            "carrier": ["AA", "BB", None],
            "weekend": [True, False, True],
        }
    )
    table.to_parquet(tmp_path / "traffic.parquet", index=False)
    return list(requests_of(PLAN, tmp_path))


def test_users_ask_in_their_order_in_time(asked):
    assert [one.id for one in asked] == ["a", "b", "c"]
    assert [one.asked for one in asked] == sorted(one.asked for one in asked)
    assert {one.known - one.asked for one in asked} == {7200.0}
    assert asked[0].asked == pd.Timestamp("2013-06-01").timestamp()


def test_labels_are_canonical_and_absent_where_the_truth_is(asked):
    assert [one.label for one in asked] == ["0", "1", None]


def test_every_other_column_is_an_input_of_its_type_and_gaps_are_null(asked):
    bodies = [json.loads(one.body) for one in asked]
    assert [body["id"] for body in bodies] == ["a", "b", "c"]
    inputs = {one["name"]: one for one in bodies[0]["inputs"]}
    assert list(inputs) == ["distance", "seats", "carrier", "weekend"]
    types = {name: one["datatype"] for name, one in inputs.items()}
    assert types == {"distance": "FP64", "seats": "INT64", "carrier": "BYTES", "weekend": "BOOL"}
    assert [one["data"] for one in inputs.values()] == [[None], [None], ["BB"], [False]]
    assert {tuple(one["shape"]) for one in inputs.values()} == {(1,)}
    last = {one["name"]: one["data"] for one in bodies[2]["inputs"]}
    assert last == {"distance": [3.0], "seats": [30], "carrier": [None], "weekend": [True]}
