"""The work of ingest: look at the headers, read what is needed, convert, join, write."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sluice_package.schema import Column, ColumnType

from sluice_components.dataset import Manifest, dtype_of, write_frame
from sluice_components.errors import JoinError
from sluice_components.ingest.convert import convert
from sluice_components.ingest.join import left_join
from sluice_components.ingest.place import place_of
from sluice_components.ingest.reader import column_names, read_table
from sluice_components.project.reserved import UNREADABLE
from sluice_components.project.section import Join, Source

Contract = Mapping[str, Column]
Plain = dict[str, Any]


def ingest(
    source: Source, joins: Sequence[Join], columns: Sequence[Column], *, base: Path | str, raw: Path
) -> Manifest:
    """Write one Parquet table with the columns of the contract, every row of the source in it.

    Cells that are not of their type are missing in their column; their text stands in a column of
    its own, named after it with the prefix `UNREADABLE`.

    Raises:
        SourceError: A file is absent, empty, broken or lacks a column.
        JoinError: A join would multiply rows or mix up names.
        ContractError: No value of a column has the column's type.
    """
    return write_frame(ingested(source, joins, columns, base=base), raw)


def ingest_plain(
    base: str, source: Plain, joins: list[Plain], schema: list[Plain], raw: str
) -> dict[str, Any]:
    """`ingest` with its arguments as a pipeline hands them over; the manifest as plain values."""
    manifest = ingest(
        Source.model_validate(source),
        [Join.model_validate(join) for join in joins],
        [Column.model_validate(column) for column in schema],
        base=base,
        raw=Path(raw),
    )
    return manifest.as_dict()


def ingested(
    source: Source, joins: Sequence[Join], columns: Sequence[Column], *, base: Path | str
) -> pd.DataFrame:
    """The table that `ingest` writes."""
    contract = {column.name: column for column in columns}
    _refuse_taken_names(column_names(base, source), source, joins)
    table = read_table(base, source, _needed(contract, joins))
    frame = _typed(table, contract, place_of(base, source.path).uri)
    for join in joins:
        frame = _joined(frame, join, contract, base)
    extra = [name for name in frame.columns if name.startswith(UNREADABLE)]
    return frame[[*contract, *extra]]


def _refuse_taken_names(names: Iterable[str], source: Source, joins: Sequence[Join]) -> None:
    taken = set(names)
    for join in joins:
        for old, new in zip(join.columns, join.names, strict=True):
            if new in taken:
                raise JoinError(
                    f"{join.source.path}: the column {new!r} is in {source.path} already;"
                    f" give it a new name with `rename: {{{old}: …}}`"
                )


def _needed(contract: Contract, joins: Sequence[Join]) -> list[str]:
    joined = {name for join in joins for name in join.names}
    keys = [key for join in joins for key in join.on]
    return [name for name in dict.fromkeys([*contract, *keys]) if name not in joined]


def _joined(frame: pd.DataFrame, join: Join, contract: Contract, base: Path | str) -> pd.DataFrame:
    table = read_table(base, join.source, list(dict.fromkeys([*join.on, *join.columns])))
    where = place_of(base, join.source.path).uri
    right = _typed(_renamed(table, join), contract, where)
    strays = [f"{UNREADABLE}{key}" for key in join.on]
    return left_join(frame, right.drop(columns=strays, errors="ignore"), join.on, where)


def _renamed(table: pa.Table, join: Join) -> pa.Table:
    return table.rename_columns([join.rename.get(name, name) for name in table.column_names])


def _typed(table: pa.Table, contract: Contract, where: str) -> pd.DataFrame:
    """The table in the types of the contract; columns outside of it (keys) become text."""
    series = dict[str, "pd.Series[Any]"]()
    for name, values in zip(table.column_names, table.columns, strict=True):
        column = contract.get(name) or Column(name=name, type=ColumnType.STRING)
        found = convert(values, column.type, f"{where}: the column {name!r}")
        series[name] = _series(found.values, dtype_of(column, nullable=True))
        if found.unreadable.null_count < len(found.unreadable):
            series[f"{UNREADABLE}{name}"] = _series(found.unreadable, "str")
    return pd.DataFrame(series)


def _series(values: pa.ChunkedArray, dtype: str) -> "pd.Series[Any]":
    series: pd.Series[Any] = values.to_pandas(types_mapper=_PANDAS.get)
    return series.astype(pd.api.types.pandas_dtype(dtype))


_TEXT = pd.StringDtype(na_value=np.nan)
_PANDAS = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): _TEXT,
    pa.large_string(): _TEXT,
}
