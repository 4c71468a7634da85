"""What a packaged model takes and what it gives: `sluice/schema.json`."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sluice_package.schema import Column, ColumnType, Schema


class Contract(BaseModel):
    """The input columns of a model in order, and the meaning of its output."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    input: Schema
    """The feature columns, in the order in which the model was fitted."""
    target: str = Field(min_length=1)
    """What is predicted; names the output in the profile."""
    classes: tuple[str, ...] = ()
    """Canonical texts of the classes in the order of the model; empty for a regression."""

    @model_validator(mode="after")
    def _target_is_no_input(self) -> Self:
        if any(column.name == self.target for column in self.input.columns):
            raise ValueError(
                f"target {self.target!r} is among the input columns; a model that is given the "
                "answer learns nothing: take it out of the input"
            )
        return self

    @property
    def output(self) -> Column:
        """The output as a column: one of the classes, or a number."""
        if self.classes:
            return Column(name=self.target, type=ColumnType.STRING, categories=self.classes)
        return Column(name=self.target, type=ColumnType.FLOAT)

    @property
    def profiled(self) -> Schema:
        """The columns that the profile of a package covers: every input, then the output."""
        return Schema(columns=(*self.input.columns, self.output))
