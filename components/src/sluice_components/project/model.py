"""The project file as a value: one frozen model with a section per concern."""

from typing import Any

from pydantic import Field
from sluice_package.schema import Column, Schema

from sluice_components.project.field import ColumnName, DnsLabel, Section
from sluice_components.project.rule import (
    AS_PARAMETER,
    Acceptance,
    Champion,
    Estimator,
    Registration,
)
from sluice_components.project.section import Features, Join, Source, Split, Target, Window


class Project(Section):
    """One model and all that leads to it."""

    name: DnsLabel
    """Name of the project; also the default name of the registered model and of its deployment."""
    source: Source
    """The main table; each of its rows is one example."""
    joins: tuple[Join, ...] = ()
    """Tables that add columns to the main one, in this order."""
    columns: tuple[Column, ...] = Field(alias="schema", min_length=1)
    """The contract: every column that is kept, and what its values must be like."""
    target: Target
    """What the model learns."""
    entity: tuple[ColumnName, ...] = ()
    """Columns that identify a row for people and for lineage."""
    time: ColumnName | None = None
    """The timestamp column; needed for a temporal split and for a window."""
    window: Window | None = None
    """The rows that are used, by time; all rows if left out."""
    features: Features
    """The columns that the model sees."""
    split: Split
    """How the hold-out is set apart."""
    estimator: Estimator
    """The learner."""
    acceptance: tuple[Acceptance, ...] = ()
    """Demands on the hold-out; all must be met before a model is registered."""
    champion: Champion | None = None
    """Comparison with the model in charge; none if left out."""
    slices: tuple[ColumnName, ...] = ()
    """Columns whose values get metrics of their own."""
    protected: tuple[ColumnName, ...] = ()
    """Columns that name groups of people or alike; evaluation reports each group."""
    registration: Registration = Field(alias="register", default_factory=Registration)
    """Where the model is registered."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of everything that draws at random."""

    @property
    def contract(self) -> Schema:
        """The schema as the shared type."""
        return Schema(columns=self.columns)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every table that is read: the main one, and those that are joined."""
        return (self.source, *(join.source for join in self.joins))

    @property
    def registered_name(self) -> str:
        """The name in the registry."""
        return self.registration.name or self.name


def as_parameter(section: Section | Column) -> dict[str, Any]:
    """A section as a Kubeflow parameter; `type(section).model_validate` reads it back unchanged."""
    return section.model_dump(mode="json", by_alias=True, exclude_none=True, context=AS_PARAMETER)
