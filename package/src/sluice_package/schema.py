"""The contract for columns: one type for `sluice.yaml`, for validation and for serving."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class ColumnType(StrEnum):
    """What the values of a column are."""

    INTEGER = "integer"
    FLOAT = "float"
    STRING = "string"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"


class Column(BaseModel):
    """The contract for one column."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(min_length=1)
    type: ColumnType
    nullable: bool = False
    """Whether single values may be missing."""
    max_missing: float = Field(default=1.0, ge=0, le=1)
    """Largest share of missing values in a data set, 0 to 1; above it the whole set is refused."""
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    """The only values allowed; absent means any."""


class Schema(BaseModel):
    """Columns by position; names are unique."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    columns: tuple[Column, ...] = Field(min_length=1)
