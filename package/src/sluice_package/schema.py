"""The contract for columns: one type for `sluice.yaml`, for validation and for serving."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


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

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(
                f"column {self.name!r}: minimum {self.minimum} is above maximum {self.maximum}; "
                "exchange them"
            )
        return self


class Schema(BaseModel):
    """Columns by position; names are unique."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    columns: tuple[Column, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [column.name for column in self.columns]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"column {twice[0]!r} stands twice; name each column once")
        return self
