"""The contract as a pandera schema, and what pandera finds in words of our own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera
from numpy.typing import NDArray
from pandera.errors import SchemaErrorReason, SchemaErrors
from sluice_package.schema import Column, ColumnType, Schema

from sluice_components.dataset import dtype_of

MISSING = "missing"
"""The rule that a cell breaks by holding nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One rule of one column, and the rows that break it."""

    column: str
    rule: str
    """What is wrong with these cells: `missing`, `above 200`."""
    rows: NDArray[np.int64]
    """Positions of the rows."""
    cells: NDArray[np.object_]
    """The cells as text; None for missing ones."""

    @property
    def name(self) -> str:
        """Column and rule, as reports count them."""
        return f"{self.column}: {self.rule}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that is wrong with a table."""

    breaches: tuple[Breach, ...]
    """Rules that single rows break."""
    misfits: tuple[str, ...]
    """Columns that are absent or of another type altogether, each as a sentence."""


def findings(frame: pd.DataFrame, schema: Schema) -> Findings:
    """Check every cell; the index of the frame must count its rows from 0."""
    try:
        pandera_schema(schema).validate(frame, lazy=True)
    except SchemaErrors as errors:
        return Findings(
            breaches=tuple(_breaches(errors.failure_cases)), misfits=tuple(_misfits(errors))
        )
    return Findings(breaches=(), misfits=())


def pandera_schema(schema: Schema) -> pandera.DataFrameSchema:
    """The same contract for pandera; missing values are allowed where the column is nullable."""
    return pandera.DataFrameSchema(
        {
            column.name: pandera.Column(
                dtype_of(column, nullable=True), list(_checks(column)), nullable=column.nullable
            )
            for column in schema.columns
        }
    )


def in_contract_types(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The frame with columns of a right kind in the type that goes with missing values.

    A column of another kind stays as it is, for `findings` to name it.
    """
    types = {
        column.name: dtype_of(column, nullable=True)
        for column in schema.columns
        if column.name in frame and _KINDS[column.type](frame[column.name].dtype)
    }
    return frame.astype(types)


_KINDS: Mapping[ColumnType, Callable[[Any], bool]] = {
    ColumnType.INTEGER: pd.api.types.is_integer_dtype,
    ColumnType.FLOAT: pd.api.types.is_float_dtype,
    ColumnType.STRING: pd.api.types.is_string_dtype,
    ColumnType.BOOLEAN: pd.api.types.is_bool_dtype,
    ColumnType.TIMESTAMP: pd.api.types.is_datetime64_dtype,
}


def _checks(column: Column) -> Iterator[pandera.Check]:
    if column.minimum is not None:
        yield pandera.Check.ge(column.minimum, error=f"below {column.minimum:g}")
    if column.maximum is not None:
        yield pandera.Check.le(column.maximum, error=f"above {column.maximum:g}")
    if column.categories is not None:
        yield pandera.Check.isin(column.categories, error="not one of the categories")


def _breaches(cases: pd.DataFrame) -> Iterator[Breach]:
    single = cases[cases["index"].notna()]
    for (column, check), group in single.groupby(["column", "check"], sort=False):
        missing = check == "not_nullable"
        cells = group["failure_case"].astype(str).to_numpy(dtype=object)
        yield Breach(
            column=str(column),
            rule=MISSING if missing else str(check),
            rows=group["index"].to_numpy(dtype=np.int64),
            cells=np.full(len(group), None, dtype=object) if missing else cells,
        )


def _misfits(errors: SchemaErrors) -> Iterator[str]:
    for error in errors.schema_errors:
        if error.reason_code is SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME:
            yield f"the column {error.failure_cases!r} is not in the table"
        elif error.reason_code is SchemaErrorReason.WRONG_DATATYPE:
            yield f"the column {error.schema.name!r}: {error}"
