"""Tables between stages: Parquet files, and the digest that says whether two hold the same.

The digest covers names, order, types and cells, and nothing else: not the writer's version, not
compression, not chunks. `NaN` and missing are the same, and so are `0.0` and `-0.0`.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sluice_package.schema import Column, ColumnType

_DTYPES = {
    ColumnType.INTEGER: ("int64", "Int64"),
    ColumnType.FLOAT: ("float64", "float64"),
    ColumnType.STRING: ("str", "str"),
    ColumnType.BOOLEAN: ("bool", "boolean"),
    ColumnType.TIMESTAMP: ("datetime64[us]", "datetime64[us]"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a table holds."""

    rows: int
    columns: tuple[str, ...]
    digest: str
    """sha256 of the content, as `sha256:<hex>`."""

    def as_dict(self) -> dict[str, Any]:
        """The manifest as plain values, for JSON and for artifact metadata."""
        return {**asdict(self), "columns": list(self.columns)}


def dtype_of(column: Column, *, nullable: bool) -> str:
    """The pandas type of a column of the contract."""
    plain, missing = _DTYPES[column.type]
    return missing if nullable else plain


def read_frame(path: Path | str) -> pd.DataFrame:
    """A table written by a stage, with the types it was written with."""
    return pd.read_parquet(path)


def write_frame(frame: pd.DataFrame, path: Path | str) -> Manifest:
    """Write a table as Parquet; the same frame gives the same digest anywhere."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return manifest_of(table)


def manifest_of(table: pa.Table) -> Manifest:
    """The manifest of a table in memory."""
    return Manifest(
        rows=table.num_rows, columns=tuple(table.column_names), digest=content_digest(table)
    )


def content_digest(table: pa.Table) -> str:
    """sha256 over the content, cell by cell in canonical form, as `sha256:<hex>`."""
    total = hashlib.sha256(f"{table.num_rows}\n".encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        total.update(f"{name}\n{_canonical_type(column.type)}\n".encode())
        total.update(_column_digest(column))
    return f"sha256:{total.hexdigest()}"


def _canonical_type(given: pa.DataType) -> pa.DataType:
    kind = given.value_type if pa.types.is_dictionary(given) else given
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_boolean(kind):
        return pa.bool_()
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else pa.large_string()


def _column_digest(column: pa.ChunkedArray) -> bytes:
    array = column.cast(_canonical_type(column.type)).combine_chunks()
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), None, array)
    valid = np.packbits(pc.is_valid(array).to_numpy(zero_copy_only=False))
    values = _text_bytes(array) if pa.types.is_large_string(array.type) else _number_bytes(array)
    return hashlib.sha256(valid.tobytes() + values).digest()


def _number_bytes(array: pa.Array) -> bytes:
    if pa.types.is_boolean(array.type) or pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    values = array.fill_null(0).to_numpy(zero_copy_only=False)
    return bytes((values + 0).tobytes())  # adding zero turns -0.0 into 0.0


def _text_bytes(array: pa.LargeStringArray) -> bytes:
    filled = array.fill_null("")
    lengths = pc.binary_length(filled).to_numpy(zero_copy_only=False)
    _, offsets, data = filled.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[filled.offset : filled.offset + len(filled) + 1]
    text = b"" if data is None else bytes(data)[bounds[0] : bounds[-1]]
    return bytes(lengths.tobytes()) + text
