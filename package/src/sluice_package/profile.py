"""The profile of a data set: one mergeable sketch per column."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sluice_package.answer import AnswerProfile
from sluice_package.category import CategorySketch
from sluice_package.error import ProfileError
from sluice_package.number import NumberSketch
from sluice_package.schema import Column, ColumnType, Schema
from sluice_package.sketch import Sketch, merged

Values: TypeAlias = "pd.Series[Any]"


class Profile(BaseModel):
    """Sketches of the columns of one data set, or of several merged."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rows: int = Field(ge=0)
    columns: dict[str, Sketch]
    """By name of the column, in the order of the schema."""
    answers: AnswerProfile | None = None
    """What the packaged model answered on its hold-out, and so what its answers look like while
    nothing has shifted; None in a profile of data alone, and in packages made before this was kept.
    """

    def merge(self, other: "Profile") -> "Profile":
        """The profile of both data sets together; every count is exact.

        Raises:
            ProfileError: The profiles do not have the same columns with the same kinds, or only one
                of them has answers.
        """
        if self.columns.keys() != other.columns.keys():
            odd = sorted(self.columns.keys() ^ other.columns.keys())
            raise ProfileError(f"Column {odd[0]} is in one profile only; profile the same columns")
        both = {n: merged(f"Column {n}", s, other.columns[n]) for n, s in self.columns.items()}
        answers = _merged_answers(self.answers, other.answers)
        return Profile(rows=self.rows + other.rows, columns=both, answers=answers)


def _merged_answers(
    left: AnswerProfile | None, right: AnswerProfile | None
) -> AnswerProfile | None:
    if left is not None and right is not None:
        return left.merge(right)
    if left is not right:
        raise ProfileError("Answers are in one profile only; merge profiles of one kind")
    return None


def profile_frame(frame: pd.DataFrame, schema: Schema) -> Profile:
    """Sketches of the columns that the schema names; other columns of the frame are not looked at.

    Raises:
        ProfileError: A column is absent, or holds values that are not of its type.
    """
    absent = [column.name for column in schema.columns if column.name not in frame.columns]
    if absent:
        raise ProfileError(f"Column {absent[0]} is not in the data; the schema asks for it")
    sketches = {c.name: _sketched(frame[c.name], c) for c in schema.columns}
    return Profile(rows=len(frame), columns=sketches)


def _sketched(values: Values, column: Column) -> NumberSketch | CategorySketch:
    try:
        return _SKETCH_BY_TYPE[column.type](values)
    except (TypeError, ValueError) as wrong:
        raise ProfileError(
            f"Column {column.name}: {wrong}; its type is {column.type}, so repair the values or "
            "the type in the schema"
        ) from wrong


def _number_sketch(values: Values) -> NumberSketch:
    numbers = pd.to_numeric(values)
    array: NDArray[np.float64] = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return NumberSketch.of(array)


def _text_sketch(values: Values) -> CategorySketch:
    return _counted(values, _text)


def _boolean_sketch(values: Values) -> CategorySketch:
    return _counted(values, _truth)


def _day_sketch(values: Values) -> CategorySketch:
    return _counted(pd.to_datetime(values, utc=True).dt.floor("D"), _day)


def _counted(values: Values, text: Callable[[object], str]) -> CategorySketch:
    counts: dict[str, int] = {}
    for value, count in values.value_counts(sort=False).items():
        if count:
            counts[text(value)] = counts.get(text(value), 0) + int(count)
    return CategorySketch.of(counts, missing=int(values.isna().sum()))


def _text(value: object) -> str:
    """One text per value: `1` for 1 and for 1.0, since a column with gaps turns into floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _day(value: Any) -> str:
    return pd.Timestamp(value).date().isoformat()


def _truth(value: object) -> str:
    if value not in {0, 1}:
        raise ValueError(f"{value!r} is neither true nor false")
    return "true" if value else "false"


_SKETCH_BY_TYPE: Mapping[ColumnType, Callable[[Values], NumberSketch | CategorySketch]] = {
    ColumnType.INTEGER: _number_sketch,
    ColumnType.FLOAT: _number_sketch,
    ColumnType.STRING: _text_sketch,
    ColumnType.BOOLEAN: _boolean_sketch,
    ColumnType.TIMESTAMP: _day_sketch,
}
