"""Reads the columns that are needed from a CSV or Parquet file, and says what is wrong with it.

CSV comes out as text: the contract decides what a cell means, and nothing is guessed.
"""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sluice_components.errors import SourceError
from sluice_components.ingest.place import Place, place_of
from sluice_components.project.section import Source, SourceFormat

_BLOCK_BYTES: Final = 16 * 2**20
_UNREADABLE = (pa.ArrowException, OSError, EOFError, zipfile.BadZipFile, UnicodeDecodeError)


def column_names(base: Path | str, source: Source) -> list[str]:
    """The names in the header of a source.

    Raises:
        SourceError: The file is absent, empty or not of its format.
    """
    file = _present(place_of(base, source.path))
    with _clear_errors(file, source):
        if source.kind is SourceFormat.PARQUET:
            return list(pq.read_schema(file.file()).names)
        with _opened(file) as stream:
            return list(pacsv.open_csv(stream, **_options(source, threads=False)).schema.names)


def read_table(base: Path | str, source: Source, columns: Sequence[str]) -> pa.Table:
    """Some columns of a source, in this order; those of a CSV file as text.

    Raises:
        SourceError: The file is absent, empty, broken or without rows, or lacks a column.
    """
    names = column_names(base, source)
    file = place_of(base, source.path)
    _all_there(file, source, names, columns)
    with _clear_errors(file, source):
        read = _read_parquet if source.kind is SourceFormat.PARQUET else _read_csv
        table = read(file, source, list(columns))
    if table.num_rows == 0:
        raise SourceError(
            f"{file.uri}: the file has columns but no rows; write the data into it again, or name "
            "another file as `path`"
        )
    return table


def _present(file: Place) -> Place:
    size = file.size()
    if size is None:
        raise SourceError(
            f"{file.uri}: no such file; the `path` of a source starts at the folder of the project "
            "file, or with s3://"
        )
    if size == 0:
        raise SourceError(
            f"{file.uri}: the file is empty; write it again, or name another one as `path`"
        )
    return file


def _all_there(file: Place, source: Source, names: list[str], columns: Sequence[str]) -> None:
    for column in columns:
        if names.count(column) > 1:
            raise SourceError(f"{file.uri}: the column {column!r} stands twice in the header")
        if column not in names:
            hint = _hint(source, names, column)
            raise SourceError(f"{file.uri}: there is no column {column!r}; {hint}")


def _hint(source: Source, names: list[str], column: str) -> str:
    other = next((mark for mark in ";\t|" if mark in names[0]), None)
    if len(names) == 1 and other and source.kind is SourceFormat.CSV:
        return f"the fields seem to be separated by {other!r}; state it as `separator`"
    near = get_close_matches(column, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"its columns are {', '.join(names)}"


def _read_parquet(file: Place, source: Source, columns: list[str]) -> pa.Table:
    return pq.read_table(file.file(), columns=columns)


def _read_csv(file: Place, source: Source, columns: list[str]) -> pa.Table:
    convert = pacsv.ConvertOptions(
        include_columns=columns,
        column_types=dict.fromkeys(columns, pa.string()),
        null_values=list(source.missing),
        strings_can_be_null=True,
    )
    try:
        with _opened(file) as stream:
            options = _options(source, threads=True)
            return pacsv.read_csv(stream, convert_options=convert, **options)
    except pa.ArrowInvalid:
        # only a reader with one thread knows the number of the row that it stumbles over
        with _opened(file) as stream:
            options = _options(source, threads=False)
            return pacsv.read_csv(stream, convert_options=convert, **options)


def _options(source: Source, *, threads: bool) -> dict[str, Any]:
    return {
        "read_options": pacsv.ReadOptions(use_threads=threads, block_size=_BLOCK_BYTES),
        "parse_options": pacsv.ParseOptions(delimiter=source.separator, newlines_in_values=True),
    }


@contextmanager
def _opened(file: Place) -> Iterator[Any]:
    if file.suffix != ".zip":
        with file.stream() as stream:
            yield stream
        return
    with file.file() as packed, zipfile.ZipFile(packed) as archive:
        members = [name for name in archive.namelist() if not name.endswith("/")]
        if len(members) != 1:
            raise SourceError(
                f"{file.uri}: the archive must hold one file; it holds {len(members)}"
            )
        with archive.open(members[0]) as stream:
            yield stream


@contextmanager
def _clear_errors(file: Place, source: Source) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        what = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        kind = "a Parquet" if source.kind is SourceFormat.PARQUET else "a CSV"
        raise SourceError(
            f"{file.uri}: cannot be read as {kind} file: {what}; replace the file or correct its "
            "format"
        ) from error
