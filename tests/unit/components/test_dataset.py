import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sluice_components.dataset import content_digest, manifest_of, read_frame, write_frame

FRAME = pd.DataFrame(
    {
        "count": pd.array([1, None, 3], dtype="Int64"),
        "price": [0.0, np.nan, 2.5],
        "plan": pd.Series(["a", None, ""], dtype="str"),
        "paid": pd.array([True, None, False], dtype="boolean"),
        "at": pd.to_datetime(["2024-01-01", None, "2024-01-03"]).astype("datetime64[us]"),
    }
)


def digest(frame):
    return content_digest(pa.Table.from_pandas(frame, preserve_index=False))


def test_a_table_comes_back_with_its_types(tmp_path):
    manifest = write_frame(FRAME, tmp_path / "sub" / "t.parquet")

    pd.testing.assert_frame_equal(read_frame(tmp_path / "sub" / "t.parquet"), FRAME)
    assert manifest.rows == 3
    assert manifest.as_dict()["columns"] == ["count", "price", "plan", "paid", "at"]
    assert manifest.digest == digest(FRAME)


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ("count", 0, 2),
        ("count", 1, 0),
        ("price", 2, 2.5000000000000004),
        ("price", 1, 0.0),
        ("plan", 0, "b"),
        ("plan", 1, ""),
        ("plan", 2, None),
        ("paid", 1, False),
        ("at", 2, pd.Timestamp("2024-01-03 00:00:00.000001")),
    ],
)
def test_one_changed_cell_changes_the_digest(column, row, value):
    other = FRAME.copy()
    other.loc[row, column] = value

    assert digest(other) != digest(FRAME)


def test_text_that_moves_between_cells_changes_the_digest():
    first, second = pd.DataFrame({"a": ["xy", "z"]}), pd.DataFrame({"a": ["x", "yz"]})

    assert digest(first) != digest(second)


def test_names_order_and_types_of_columns_are_content():
    swapped = FRAME[["price", "count", "plan", "paid", "at"]]

    assert digest(swapped) != digest(FRAME)
    assert digest(FRAME.rename(columns={"plan": "tier"})) != digest(FRAME)
    assert digest(FRAME.astype({"count": "float64"})) != digest(FRAME)


def test_the_order_of_rows_is_content():
    assert digest(FRAME[::-1].reset_index(drop=True)) != digest(FRAME)


def test_how_a_table_is_stored_is_not_content(tmp_path):
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    pq.write_table(table, tmp_path / "t.parquet", compression="gzip", row_group_size=1)
    chunked = pa.concat_tables([table.slice(0, 1), table.slice(1, 2)])
    dictionary = table.set_column(2, "plan", table["plan"].dictionary_encode())

    stored = {content_digest(other) for other in (pq.read_table(tmp_path / "t.parquet"), chunked)}

    assert stored == {content_digest(dictionary)} == {digest(FRAME)}


def test_the_same_values_are_the_same_content_whatever_holds_them():
    zero, minus = pd.DataFrame({"a": [0.0]}), pd.DataFrame({"a": [-0.0]})
    nan = pa.table({"a": pa.array([float("nan")])})
    missing = pa.table({"a": pa.array([None], type=pa.float64())})

    assert digest(zero) == digest(minus)
    assert content_digest(nan) == content_digest(missing)


def test_an_empty_table_has_a_manifest():
    assert manifest_of(pa.Table.from_pandas(FRAME.iloc[:0], preserve_index=False)).rows == 0


def test_a_slice_has_the_digest_of_its_own_rows():
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    alone = FRAME.iloc[1:].reset_index(drop=True)

    assert content_digest(table.slice(1)) == digest(alone)
