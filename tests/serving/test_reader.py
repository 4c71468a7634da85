import numpy as np
import pandas as pd
import pytest
from sluice_package.schema import Column, ColumnType
from sluice_serving.reader import UnfitValueError, reader_of


def read(values, kind, **contract):
    return reader_of(Column(name="x", type=kind, **contract))(values)


@pytest.mark.parametrize(
    ("values", "kind", "contract", "expected"),
    [
        ([1, 2], ColumnType.INTEGER, {}, np.array([1, 2], dtype="int64")),
        ([1.0, 2], ColumnType.INTEGER, {}, np.array([1, 2], dtype="int64")),
        ([2**63 - 1], ColumnType.INTEGER, {}, np.array([2**63 - 1], dtype="int64")),
        ([1, None], ColumnType.INTEGER, {"nullable": True}, np.array([1.0, np.nan])),
        ([1, 2], ColumnType.INTEGER, {"nullable": True}, np.array([1.0, 2.0])),
        ([1, 2.5], ColumnType.FLOAT, {}, np.array([1.0, 2.5])),
        ([None, np.nan, 1], ColumnType.FLOAT, {"nullable": True}, np.array([np.nan, np.nan, 1])),
        ([0, 1.5], ColumnType.FLOAT, {"minimum": 0, "maximum": 1.5}, np.array([0.0, 1.5])),
        (["a", b"b"], ColumnType.STRING, {}, np.array(["a", "b"], dtype=object)),
        (["a"], ColumnType.STRING, {"categories": ["a"]}, np.array(["a"], dtype=object)),
        ([True, False], ColumnType.BOOLEAN, {}, np.array([True, False])),
        ([1, 0.0, True], ColumnType.BOOLEAN, {}, np.array([True, False, True])),
        ([True, None], ColumnType.BOOLEAN, {"nullable": True}, np.array([1.0, np.nan])),
    ],
)
def test_values_that_fit_become_a_column_of_their_type(values, kind, contract, expected):
    array = read(values, kind, **contract)
    assert array.dtype == expected.dtype
    pd.testing.assert_series_equal(pd.Series(array), pd.Series(expected))


def test_a_missing_text_is_nan_as_it_is_in_training_data():
    array = read(["a", None], ColumnType.STRING, nullable=True, categories=["a"])
    assert array[0] == "a"
    assert np.isnan(array[1])


def test_times_are_read_in_utc():
    array = read(["2013-01-01T05:00:00-05:00", b"2013-01-02"], ColumnType.TIMESTAMP)
    assert array.dtype == "datetime64[us]"
    assert array.tolist() == [
        pd.Timestamp("2013-01-01T10:00").to_pydatetime(),
        pd.Timestamp("2013-01-02").to_pydatetime(),
    ]


@pytest.mark.parametrize(
    ("values", "kind", "contract", "problem"),
    [
        ([1, 2.5], ColumnType.INTEGER, {}, "row 1: 2.5 is not an integer"),
        ([1, "2"], ColumnType.INTEGER, {}, "row 1: '2' is not an integer"),
        ([True], ColumnType.INTEGER, {}, "row 0: True is not an integer"),
        ([2**63], ColumnType.INTEGER, {}, f"row 0: {2**63} does not fit into 64 bits"),
        ([1, None], ColumnType.INTEGER, {}, "row 1: None is missing"),
        ([1, float("nan")], ColumnType.INTEGER, {}, "row 1: nan is missing"),
        ([1, 121], ColumnType.INTEGER, {"maximum": 120}, "row 1: 121 is above the maximum 120"),
        (["a", 1, "b"], ColumnType.FLOAT, {}, r"row 0: 'a' is not a number \(and 1 more rows\)"),
        ([[1.0]], ColumnType.FLOAT, {}, r"row 0: \[1.0\] is not a number"),
        ([{}], ColumnType.FLOAT, {"nullable": True}, "row 0: {} is not a number"),
        ([None], ColumnType.FLOAT, {}, "row 0: None is missing, and the column allows no"),
        ([1.0, float("inf")], ColumnType.FLOAT, {}, "row 1: inf is not finite"),
        ([1, 10**400], ColumnType.FLOAT, {}, r"row 1: 1000+… does not fit into 64 bits"),
        ([-0.1], ColumnType.FLOAT, {"minimum": 0}, r"row 0: -0.1 is below the minimum 0"),
        (["a", 3], ColumnType.STRING, {}, "row 1: 3 is not a text in UTF-8"),
        ([b"\xff"], ColumnType.STRING, {}, r"row 0: b'\\xff' is not a text in UTF-8"),
        ([None], ColumnType.STRING, {}, "row 0: None is missing"),
        (
            ["a", "c"],
            ColumnType.STRING,
            {"categories": ["a", "b"]},
            "row 1: 'c' is not one of a, b",
        ),
        (["yes"], ColumnType.BOOLEAN, {}, "row 0: 'yes' is neither true nor false"),
        ([1, 2], ColumnType.BOOLEAN, {}, "row 1: 2 is neither true nor false"),
        ([None], ColumnType.BOOLEAN, {}, "row 0: None is missing"),
        (["soon"], ColumnType.TIMESTAMP, {}, "row 0: 'soon' is not a time in ISO 8601"),
        ([5], ColumnType.TIMESTAMP, {}, "row 0: 5 is not a time in ISO 8601"),
        ([None], ColumnType.TIMESTAMP, {}, "row 0: None is missing"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_row(values, kind, contract, problem):
    with pytest.raises(UnfitValueError, match=problem):
        read(values, kind, **contract)


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(UnfitValueError) as refused:
        read(["x" * 10_000], ColumnType.FLOAT)
    assert len(str(refused.value)) < 120
