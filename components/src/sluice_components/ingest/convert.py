"""Turns cells into the type that the contract names, and keeps the text of those that are not.

A cell is never guessed at: what is not clearly of the type stays as text, for validation to
quarantine its row with the text in the reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sluice_package.schema import ColumnType

from sluice_components.errors import ContractError

_TRUE = pa.array(["true", "t", "yes", "y", "1"])
_FALSE = pa.array(["false", "f", "no", "n", "0"])
_EXACT_FLOAT = 2.0**53
"""Whole numbers up to here are exact as floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A column in its type, and what could not be converted."""

    values: pa.ChunkedArray
    """Missing where the source is missing or unreadable."""
    unreadable: pa.ChunkedArray
    """The text of the cells that are not of the type; missing everywhere else."""


def convert(column: pa.ChunkedArray, wanted: ColumnType, where: str) -> Converted:
    """Convert a column of a source to a type of the contract.

    Raises:
        ContractError: Not a single value is of the type: the column or the contract is wrong.
    """
    if not _has_text(column.type):
        raise ContractError(f"{where} has the type {column.type}, which no column may have")
    column = _without_nan(column)
    values = _values(column, wanted)
    unreadable = _unreadable(column, values, wanted)
    _refuse_wrong_type(values, unreadable, wanted, where)
    return Converted(values=values, unreadable=unreadable)


def _has_text(kind: pa.DataType) -> bool:
    types = pa.types
    return not (types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind))


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), None, column)


def _values(column: pa.ChunkedArray, wanted: ColumnType) -> pa.ChunkedArray:
    given = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    direct = _DIRECT.get((_kind(given), wanted))
    if direct is not None:
        return direct(column.cast(given))
    return _FROM_TEXT[wanted](_without_blanks(_text(column), wanted))


def _kind(given: pa.DataType) -> str:
    types = pa.types
    kinds = {
        "integer": types.is_integer(given),
        "float": types.is_floating(given) or types.is_decimal(given),
        "boolean": types.is_boolean(given),
        "timestamp": types.is_timestamp(given) or types.is_date(given),
    }
    return next((kind for kind, holds in kinds.items() if holds), "text")


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string())


def _unreadable(
    column: pa.ChunkedArray, values: pa.ChunkedArray, wanted: ColumnType
) -> pa.ChunkedArray:
    lost = pc.and_(pc.is_valid(_without_blanks(column, wanted)), pc.is_null(values))
    if not pc.any(lost).as_py():  # the usual case: spare the text of a million sound cells
        return _chunked(pa.nulls(len(column), pa.string()))
    return pc.if_else(lost, _text(column), None)


def _without_blanks(column: pa.ChunkedArray, wanted: ColumnType) -> pa.ChunkedArray:
    """Blank text is missing, unless text is what is wanted."""
    if wanted is ColumnType.STRING or not pa.types.is_string(column.type):
        return column
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _refuse_wrong_type(
    values: pa.ChunkedArray, unreadable: pa.ChunkedArray, wanted: ColumnType, where: str
) -> None:
    count = len(unreadable) - unreadable.null_count
    if count and values.null_count == len(values):
        first = unreadable.drop_null()[0].as_py()
        raise ContractError(
            f"{where} is not of type {wanted}: none of its {count} values can be read as one"
            f" (the first is {first!r}); correct the file, or the type in the schema"
        )


def _whole(floats: pa.ChunkedArray) -> pa.ChunkedArray:
    whole = pc.and_(pc.equal(pc.floor(floats), floats), pc.less(pc.abs(floats), _EXACT_FLOAT))
    return pc.if_else(whole, floats, None).cast(pa.int64())


def _finite(column: pa.ChunkedArray) -> pa.ChunkedArray:
    floats = column.cast(pa.float64())
    return pc.if_else(pc.is_finite(floats), floats, None)


def _integers(text: pa.ChunkedArray) -> pa.ChunkedArray:
    digits = pc.match_substring_regex(text, r"^[-+]?[0-9]{1,18}$")
    plain = pc.if_else(digits, pc.utf8_ltrim(text, "+"), None).cast(pa.int64())
    if pc.all(digits).as_py() is not False:
        return plain
    return pc.coalesce(plain, _whole(_floats(pc.if_else(digits, None, text))))


def _floats(text: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        floats = text.cast(pa.float64())
    except pa.ArrowInvalid:
        texts: pd.Series[str] = text.to_pandas()
        numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
        floats = _chunked(pa.array(numbers, from_pandas=True))
    return _finite(floats)


def _booleans(text: pa.ChunkedArray) -> pa.ChunkedArray:
    lower = pc.utf8_lower(text)
    is_true = pc.is_in(lower, value_set=_TRUE)
    return pc.if_else(pc.or_(is_true, pc.is_in(lower, value_set=_FALSE)), is_true, None)


def _timestamps(text: pa.ChunkedArray) -> pa.ChunkedArray:
    texts: pd.Series[str] = text.to_pandas()
    moments = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    return _chunked(pa.array(moments.dt.tz_localize(None).astype("datetime64[us]")))


def _chunked(array: pa.Array) -> pa.ChunkedArray:
    return pa.chunked_array([array])


_FROM_TEXT: Mapping[ColumnType, Callable[[pa.ChunkedArray], pa.ChunkedArray]] = {
    ColumnType.INTEGER: _integers,
    ColumnType.FLOAT: _floats,
    ColumnType.STRING: lambda text: text,
    ColumnType.BOOLEAN: _booleans,
    ColumnType.TIMESTAMP: _timestamps,
}
_DIRECT: Mapping[tuple[str, ColumnType], Callable[[pa.ChunkedArray], pa.ChunkedArray]] = {
    ("integer", ColumnType.INTEGER): lambda column: column.cast(pa.int64()),
    ("float", ColumnType.INTEGER): lambda column: _whole(_finite(column)),
    ("integer", ColumnType.FLOAT): _finite,
    ("float", ColumnType.FLOAT): _finite,
    ("boolean", ColumnType.BOOLEAN): lambda column: column,
    ("timestamp", ColumnType.TIMESTAMP): lambda column: column.cast(pa.timestamp("us"), safe=False),
}
