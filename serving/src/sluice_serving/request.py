"""From the tensors of a request to one table, or to every problem that the request has."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

import pandas as pd
from sluice_package.contract import Contract
from sluice_package.schema import Column, ColumnType

from sluice_serving.error import RejectedRequestError
from sluice_serving.problem import Problem, shown
from sluice_serving.reader import Array, Read, UnfitValueError, reader_of

_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_FLOATS = ("FP16", "FP32", "FP64")
_DATATYPES = {
    ColumnType.INTEGER: ("INT64", *_INTEGERS, *_FLOATS),
    ColumnType.FLOAT: ("FP64", *_FLOATS, *_INTEGERS),
    ColumnType.STRING: ("BYTES",),
    ColumnType.BOOLEAN: ("BOOL", *_INTEGERS, *_FLOATS),
    ColumnType.TIMESTAMP: ("BYTES",),
}


class Tensor(Protocol):
    """One input of a V2 request."""

    name: str
    shape: list[int]
    datatype: Any
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """What is expected of one input."""

    column: Column
    datatypes: frozenset[str]
    read: Read


class RequestReader:
    """Reads requests of one contract; the order of the inputs does not matter.

    Inputs that the contract does not know are left out: one request goes to all revisions, and a
    candidate may need inputs that stable does not. Where one is missing, they are named, because
    one of them may be it, misspelt.
    """

    def __init__(self, contract: Contract) -> None:
        self._names = [column.name for column in contract.input.columns]
        self._fields = {
            column.name: _Field(
                column=column,
                datatypes=frozenset(_DATATYPES[column.type]),
                read=reader_of(column),
            )
            for column in contract.input.columns
        }

    def read(self, tensors: Sequence[Tensor]) -> pd.DataFrame:
        """The columns in the order of the contract, as a table.

        Raises:
            RejectedRequestError: With every problem that the request has.
        """
        return frame_of(self.columns(tensors))

    def columns(self, tensors: Sequence[Tensor]) -> dict[str, Array]:
        """The columns in the order of the contract.

        Raises:
            RejectedRequestError: With every problem that the request has.
        """
        problems: list[Problem] = []
        given = {tensor.name: tensor for tensor in tensors}
        if len(given) != len(tensors) or given.keys() != self._fields.keys():
            problems += self._misnamed(tensors)
        values = self._values(given, problems)
        problems += _unequal_lengths(values)
        columns = self._columns(values, problems)
        if problems:
            raise RejectedRequestError(problems)
        return {name: columns[name] for name in self._names}

    def _misnamed(self, tensors: Sequence[Tensor]) -> list[Problem]:
        given = [tensor.name for tensor in tensors]
        twice = dict.fromkeys(name for name in given if given.count(name) > 1)
        missing = [name for name in self._names if name not in given]
        unknown = dict.fromkeys(name for name in given if missing and name not in self._fields)
        return [
            *(Problem(field=name, text="is given more than once") for name in twice),
            *(Problem(field=name, text="is missing") for name in missing),
            *(Problem(field=name, text=self._guess(name)) for name in unknown),
        ]

    def _guess(self, name: str) -> str:
        meant = get_close_matches(name, self._names, n=1)
        way_out = f"did you mean {meant[0]}?" if meant else f"known are {', '.join(self._names)}"
        return f"is not a field of this model; {way_out}"

    def _values(self, given: dict[str, Tensor], problems: list[Problem]) -> dict[str, list[Any]]:
        values = {}
        for name, field in self._fields.items():
            if name in given:
                try:
                    values[name] = _values_of(given[name], field)
                except UnfitValueError as unfit:
                    problems.append(Problem(field=name, text=str(unfit)))
        return values

    def _columns(self, values: dict[str, list[Any]], problems: list[Problem]) -> dict[str, Array]:
        columns = {}
        for name, listed in values.items():
            try:
                columns[name] = self._fields[name].read(listed)
            except UnfitValueError as unfit:
                problems.append(Problem(field=name, text=str(unfit)))
        return columns


def frame_of(columns: dict[str, Array]) -> pd.DataFrame:
    """Columns as the table that models are asked about; nothing is copied."""
    return pd.DataFrame(columns, copy=False)


def _values_of(tensor: Tensor, field: _Field) -> list[Any]:
    """The values of a tensor, row by row."""
    datatype = str(getattr(tensor.datatype, "value", tensor.datatype))
    if datatype not in field.datatypes:
        wanted = _DATATYPES[field.column.type][0]
        raise UnfitValueError(
            f"datatype {shown(datatype)} is not for a column of type {field.column.type}; "
            f"send {wanted}"
        )
    values = getattr(tensor.data, "root", tensor.data)
    if not isinstance(values, list):
        raise UnfitValueError(f"data is {shown(values)}, not a list of values")
    if values and isinstance(values[0], list):
        values = _unnested(values)
    return _shaped(values, tensor.shape)


def _unnested(values: list[Any]) -> list[Any]:
    bad = [row for row, v in enumerate(values) if not (isinstance(v, list) and len(v) == 1)]
    if bad:
        raise UnfitValueError(f"row {bad[0]}: {shown(values[bad[0]])} is not one value in a list")
    return [value for (value,) in values]


def _shaped(values: list[Any], shape: list[int]) -> list[Any]:
    if len(shape) not in {1, 2} or shape[1:] not in ([], [1]):
        raise UnfitValueError(f"shape is {shown(shape)}; send [rows] or [rows, 1]")
    if shape[0] != len(values):
        raise UnfitValueError(f"shape says {shape[0]} rows, data has {len(values)}")
    if not values:
        raise UnfitValueError("has no rows; send at least one")
    return values


def _unequal_lengths(values: dict[str, list[Any]]) -> list[Problem]:
    lengths = {name: len(listed) for name, listed in values.items()}
    if not lengths:
        return []
    first, rows = next(iter(lengths.items()))
    return [
        Problem(field=name, text=f"has {count} rows, but {first} has {rows}")
        for name, count in lengths.items()
        if count != rows
    ]
