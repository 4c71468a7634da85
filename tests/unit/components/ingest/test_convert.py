from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from sluice_components.errors import ContractError
from sluice_components.ingest.convert import convert
from sluice_package.schema import ColumnType

WHERE = "a.csv: the column 'x'"


def converted(values, wanted, kind=None):
    found = convert(pa.chunked_array([pa.array(values, type=kind)]), ColumnType(wanted), WHERE)
    return found.values.to_pylist(), found.unreadable.to_pylist()


@pytest.mark.parametrize(
    ("wanted", "texts", "values"),
    [
        ("integer", ["1", "-2", "+3", " 4 ", "5.0", "1e3"], [1, -2, 3, 4, 5, 1000]),
        ("integer", ["9007199254740993", "0007"], [9007199254740993, 7]),
        ("float", ["1", "-2.5", " 3e-2 ", ".5"], [1.0, -2.5, 0.03, 0.5]),
        ("string", ["a", " b ", "1", ""], ["a", " b ", "1", ""]),
        ("boolean", ["true", "F", "1", "No", "0", "yes"], [True, False, True, False, False, True]),
    ],
)
def test_text_of_the_type_is_read_without_loss(wanted, texts, values):
    assert converted(texts, wanted) == (values, [None] * len(texts))


def test_times_are_read_as_utc_whatever_their_zone():
    texts = ["2024-01-31", "2024-01-31 06:00:00", "2024-01-31T06:00:00Z", "2024-01-31T06:00+02:00"]

    values, unreadable = converted(texts, "timestamp")

    assert [value.hour for value in values] == [0, 6, 6, 4]
    assert {value.tzinfo for value in values} == {None}
    assert unreadable == [None] * 4


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ("integer", "1", ["x", "1.5", "1e300", "1,000", "inf"]),
        ("float", "1", ["x", "1,5", "inf", "-Infinity", "1 2"]),
        ("boolean", "true", ["2", "maybe", "tru"]),
        ("timestamp", "2024-01-31", ["x", "31.01.2024", "2024-02-30", "01/31/2024"]),
    ],
)
def test_text_that_is_not_of_the_type_is_kept_apart(wanted, good, bad):
    values, unreadable = converted([good, *bad], wanted)

    assert values[0] is not None
    assert values[1:] == [None] * len(bad)
    assert unreadable == [None, *bad]


@pytest.mark.parametrize("wanted", ["integer", "float", "boolean", "timestamp"])
def test_missing_and_blank_cells_are_missing_not_unreadable(wanted):
    one = "2024-01-31" if wanted == "timestamp" else "1"

    values, unreadable = converted([one, None, "", "  "], wanted)

    assert values[1:] == [None] * 3
    assert unreadable == [None] * 4


@pytest.mark.parametrize(
    ("kind", "values", "wanted", "expected"),
    [
        (pa.int32(), [1, None], "integer", [1, None]),
        (pa.int32(), [1, None], "float", [1.0, None]),
        (pa.int64(), [1, None], "string", ["1", None]),
        (pa.int64(), [1, 0], "boolean", [True, False]),
        (pa.float64(), [1.0, float("nan")], "integer", [1, None]),
        (pa.float32(), [0.5, None], "float", [0.5, None]),
        (pa.decimal128(5, 2), [Decimal("1.25")], "float", [1.25]),
        (pa.bool_(), [True, None], "boolean", [True, None]),
        (pa.bool_(), [True, None], "string", ["true", None]),
        (pa.date32(), [date(2024, 1, 31)], "timestamp", [datetime(2024, 1, 31)]),  # noqa: DTZ001
        (pa.dictionary(pa.int8(), pa.string()), ["a", "b", "a"], "string", ["a", "b", "a"]),
        (pa.dictionary(pa.int8(), pa.string()), ["1", "2", "1"], "integer", [1, 2, 1]),
    ],
)
def test_typed_columns_are_taken_as_they_are(kind, values, wanted, expected):
    assert converted(values, wanted, kind) == (expected, [None] * len(values))


def test_moments_with_a_zone_become_utc():
    zone = pa.timestamp("ns", tz="Europe/Berlin")

    values, _ = converted([datetime(2024, 1, 31, 5)], "timestamp", zone)  # noqa: DTZ001

    assert values == [datetime(2024, 1, 31, 5)]  # noqa: DTZ001 - Arrow keeps zoned times in UTC


def test_broken_numbers_are_not_whole_ones():
    assert converted([1.0, 1.5, float("inf")], "integer") == ([1, None, None], [None, "1.5", "inf"])


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["abc", "def"], "integer"),
        (["abc", None], "float"),
        ([1, 2], "timestamp"),
        ([1.5, 2.5], "integer"),
    ],
)
def test_a_column_without_one_value_of_the_type_is_of_the_wrong_type(values, wanted):
    with pytest.raises(ContractError) as error:
        converted(values, wanted)

    assert str(error.value).startswith(f"{WHERE} is not of type {wanted}: none of its ")
    assert f"(the first is '{values[0]}')" in str(error.value)


def test_a_column_that_is_missing_throughout_is_left_to_validation():
    assert converted([None, None], "integer", pa.string()) == ([None, None], [None, None])


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.binary()])
def test_nested_and_binary_columns_are_refused(kind):
    with pytest.raises(ContractError, match="which no column may have"):
        converted([None], "string", kind)
