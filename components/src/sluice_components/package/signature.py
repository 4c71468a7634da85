"""The MLflow signature, from the contract and never inferred.

Inference needs an example and guesses from it; a nullable integer makes it give up, and a model
without a signature checks nothing.
"""

from typing import Any, Final

from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType
from mlflow.types import Schema as Columns
from sluice_package.contract import Contract
from sluice_package.schema import Column, ColumnType

_TYPES: Final = {
    ColumnType.INTEGER: DataType.long,
    ColumnType.FLOAT: DataType.double,
    ColumnType.STRING: DataType.string,
    ColumnType.BOOLEAN: DataType.boolean,
    ColumnType.TIMESTAMP: DataType.datetime,
}
_CLASS_TYPES: Final = {"b": DataType.boolean, "i": DataType.long, "f": DataType.double}


def signature_of(contract: Contract, classes: Any) -> ModelSignature:
    """Every input with its type and whether it may be missing, and the type of the classes."""
    inputs = Columns([_spec(column) for column in contract.input.columns])
    output = ColSpec(_CLASS_TYPES.get(classes.dtype.kind, DataType.string), contract.target)
    return ModelSignature(inputs=inputs, outputs=Columns([output]))


def _spec(column: Column) -> ColSpec:
    # missing integers arrive as floats with NaN, and missing booleans too
    floats = column.nullable and column.type in {ColumnType.INTEGER, ColumnType.BOOLEAN}
    kind = DataType.double if floats else _TYPES[column.type]
    return ColSpec(kind, column.name, required=not column.nullable)
