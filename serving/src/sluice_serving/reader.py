"""From the values of one tensor to one column, checked against its contract.

The usual request costs one pass over the types of the values and a few vector operations; rows are
looked at one by one only to name the bad ones.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sluice_package.schema import Column, ColumnType

from sluice_serving.problem import at_rows

Array: TypeAlias = NDArray[Any]
Read: TypeAlias = Callable[[list[Any]], Array]
Types: TypeAlias = frozenset[type[Any]]
NUMBERS: Types = frozenset({int, float, type(None)})
TEXTS: Types = frozenset({str, type(None)})
LARGEST = float(np.finfo(np.float64).max)
TRUTHS: Types = frozenset({bool, int, float, type(None)})


class UnfitValueError(Exception):
    """A value does not fit its column; the message names the row."""


def reader_of(column: Column) -> Read:
    """The function that turns values into an array, or raises UnfitValueError.

    Numbers become int64 or float64, truths bool or float64, texts object, times datetime64[us] in
    UTC. Missing values are NaN, which is why nullable integers and truths are float64.
    """
    if column.type is ColumnType.STRING:
        return _text_reader(column)
    return partial(_READERS[column.type], column)


def _integers(column: Column, values: list[Any]) -> Array:
    _refuse_types(values, NUMBERS, "is not an integer")
    if set(map(type, values)) == {int} and not column.nullable:
        return _in_range(column, values, _whole_numbers(values))
    numbers = _numbers(values)
    _refuse(values, (numbers != np.floor(numbers)) & ~np.isnan(numbers), "is not an integer")
    checked = _in_range(column, values, _without_gaps(column, values, numbers))
    return checked if column.nullable else checked.astype(np.int64)


def _floats(column: Column, values: list[Any]) -> Array:
    _refuse_types(values, NUMBERS, "is not a number")
    return _in_range(column, values, _without_gaps(column, values, _numbers(values)))


def _text_reader(column: Column) -> Read:
    categories = None if column.categories is None else frozenset(column.categories)

    def read(values: list[Any]) -> Array:
        texts = [_text(value) for value in values]
        _refuse_types(texts, TEXTS, "is not a text in UTF-8")
        array = np.array(texts, dtype=object)
        if None in texts:
            gaps = np.array([text is None for text in texts])
            _refuse_gaps(column, values, gaps)
            array[gaps] = np.nan
        if categories is not None and not categories.issuperset(texts):
            strange = np.array([text not in categories and text is not None for text in texts])
            _refuse(texts, strange, f"is not one of {', '.join(column.categories or ())}")
        return array

    return read


def _truths(column: Column, values: list[Any]) -> Array:
    _refuse_types(values, TRUTHS, "is neither true nor false")
    if set(map(type, values)) == {bool} and not column.nullable:
        return np.array(values, dtype=np.bool_)
    numbers = _without_gaps(column, values, _numbers(values))
    _refuse(values, ~(np.isnan(numbers) | np.isin(numbers, (0, 1))), "is neither true nor false")
    return numbers if column.nullable else numbers.astype(np.bool_)


def _times(column: Column, values: list[Any]) -> Array:
    texts = [_text(value) for value in values]
    _refuse_types(texts, TEXTS, "is not a time in ISO 8601")
    times = pd.to_datetime(
        pd.Series(texts, dtype=object), format="ISO8601", utc=True, errors="coerce"
    )
    gaps = np.array([text is None for text in texts])
    _refuse(texts, times.isna().to_numpy() & ~gaps, "is not a time in ISO 8601")
    _refuse_gaps(column, values, gaps)
    return times.dt.tz_localize(None).to_numpy().astype("datetime64[us]")


def _text(value: Any) -> Any:
    """Texts come as bytes over gRPC; what is no text is left for the check of types."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _whole_numbers(values: list[Any]) -> Array:
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        bad = [row for row, value in enumerate(values) if not -(2**63) <= value < 2**63]
        raise UnfitValueError(at_rows(bad, values, "does not fit into 64 bits")) from None


def _numbers(values: list[Any]) -> NDArray[np.float64]:
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:
        bad = [
            row for row, value in enumerate(values) if value is not None and abs(value) > LARGEST
        ]
        raise UnfitValueError(at_rows(bad, values, "does not fit into 64 bits")) from None
    _refuse(values, np.isinf(numbers), "is not finite")
    return numbers


def _without_gaps(column: Column, values: list[Any], numbers: Array) -> Array:
    _refuse_gaps(column, values, np.isnan(numbers))
    return numbers


def _refuse_gaps(column: Column, values: list[Any], gaps: Array) -> None:
    if not column.nullable:
        _refuse(values, gaps, "is missing, and the column allows no missing values")


def _in_range(column: Column, values: list[Any], numbers: Array) -> Array:
    # NaN compares as false, so missing values pass
    if column.minimum is not None:
        _refuse(values, numbers < column.minimum, f"is below the minimum {column.minimum:g}")
    if column.maximum is not None:
        _refuse(values, numbers > column.maximum, f"is above the maximum {column.maximum:g}")
    return numbers


def _refuse_types(values: list[Any], allowed: Types, what: str) -> None:
    if not allowed.issuperset(map(type, values)):
        bad = [row for row, value in enumerate(values) if type(value) not in allowed]
        raise UnfitValueError(at_rows(bad, values, what))


def _refuse(values: list[Any], bad: Array, what: str) -> None:
    if bad.any():
        raise UnfitValueError(at_rows(np.flatnonzero(bad).tolist(), values, what))


_READERS: dict[ColumnType, Callable[[Column, list[Any]], Array]] = {
    ColumnType.INTEGER: _integers,
    ColumnType.FLOAT: _floats,
    ColumnType.BOOLEAN: _truths,
    ColumnType.TIMESTAMP: _times,
}
