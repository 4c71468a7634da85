"""The sections of the project file that describe data: sources, joins, target, features, split."""

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sluice_components.project.field import ColumnName, Duration, Moment, Section, Share

_FORMATS = {".csv": "csv", ".csv.gz": "csv", ".csv.zip": "csv", ".parquet": "parquet"}


class SourceFormat(StrEnum):
    """How a source is written."""

    CSV = "csv"
    PARQUET = "parquet"


def format_of(path: str) -> str | None:
    """The format that the suffix of a path stands for, if it is known."""
    name = PurePosixPath(path).name.lower()
    return next((kind for suffix, kind in _FORMATS.items() if name.endswith(suffix)), None)


def _inferred(values: dict[str, Any]) -> SourceFormat:
    found = format_of(values.get("path", ""))
    if found is None:
        known = ", ".join(_FORMATS)
        raise ValueError(f"the suffix is none of {known}; state `format: csv` or `format: parquet`")
    return SourceFormat(found)


class Source(Section):
    """A table in a file."""

    path: str = Field(min_length=1)
    """The file, relative to the folder of the project file, or an object as `s3://bucket/key`."""
    format: SourceFormat | None = None
    """How the file is written; left out, the suffix decides: .csv, .csv.gz, .csv.zip, .parquet."""
    separator: str = Field(default=",", min_length=1, max_length=1)
    """What stands between the fields of a CSV file."""
    missing: tuple[str, ...] = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")
    """Texts of a CSV file that stand for a missing value, in columns of every type."""

    @model_validator(mode="after")
    def _format_is_known(self) -> Self:
        if self.format is None:
            _inferred({"path": self.path})
        return self

    @property
    def kind(self) -> SourceFormat:
        """The stated format, or else the one of the suffix."""
        return self.format or _inferred({"path": self.path})


class Join(Section):
    """Columns of another table, looked up by key; rows without a match get missing values."""

    source: Source
    """The table on the right side."""
    on: tuple[ColumnName, ...] = Field(min_length=1)
    """Key columns, present on both sides; the right side must be unique on them."""
    columns: tuple[ColumnName, ...] = Field(min_length=1)
    """Columns taken from the right side."""
    rename: dict[ColumnName, ColumnName] = Field(default_factory=dict)
    """New names for taken columns, old name first."""

    @property
    def names(self) -> tuple[str, ...]:
        """The taken columns under their new names."""
        return tuple(self.rename.get(column, column) for column in self.columns)


def _default_name(values: dict[str, Any]) -> str:
    column = values.get("column", "target")
    return str(column) if values.get("above") is None else f"{column}_above"


class Target(Section):
    """What the model learns: a column as it is, or whether a number is above a limit."""

    column: ColumnName
    """The column of the schema that holds the truth."""
    above: float | None = None
    """Makes the target binary: 1 where the column is above this number, else 0."""
    name: ColumnName = Field(default_factory=_default_name)
    """Name of the learned column; by default the column, followed by `_above` if there is a limit.
    """


class Window(Section):
    """The rows that are used, by the time column: from `start` up to, but without, `end`."""

    start: Moment | None = None
    """First moment that is used."""
    end: Moment | None = None
    """First moment that is no longer used."""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("start must be before end")
        return self


class Unseen(StrEnum):
    """What to do with a category that training never saw."""

    IGNORE = "ignore"
    REFUSE = "refuse"


class Features(Section):
    """The columns that the model sees."""

    numeric: tuple[ColumnName, ...] = ()
    """Columns used as numbers: integer, float or boolean."""
    categorical: tuple[ColumnName, ...] = ()
    """Columns used as categories: string, integer or boolean."""
    unseen: Unseen = Unseen.IGNORE
    """A category never seen in training: `ignore` encodes it as none, `refuse` is an error."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.names:
            raise ValueError("name at least one numeric or categorical column")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """All features, the numeric ones first: the order of the model's input."""
        return (*self.numeric, *self.categorical)


class TemporalSplit(Section):
    """The hold-out is what came last."""

    method: Literal["temporal"]
    """Split by the time column."""
    holdout: Share | None = None
    """Share of rows held out, the latest ones; rows of one moment stay together."""
    after: Moment | None = None
    """In place of `holdout`: rows from this moment on are held out."""
    gap: Duration = Field(default="0s", validate_default=True)
    """Time before the hold-out whose rows are left out of training, e.g. `1d`."""

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.holdout is None) == (self.after is None):
            raise ValueError("state either `holdout` (a share) or `after` (a date), and only one")
        return self


class StratifiedSplit(Section):
    """The hold-out is drawn at random, each class in its share."""

    method: Literal["stratified"]
    """Draw at random with the project's seed."""
    holdout: Share
    """Share of rows held out."""


Split = Annotated[TemporalSplit | StratifiedSplit, Field(discriminator="method")]
"""How the hold-out is set apart."""
