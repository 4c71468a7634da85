"""Checks inside the schema section: each column once, and limits that fit its type."""

from collections.abc import Iterator

from sluice_package.schema import Column, ColumnType

from sluice_components.project.problem import Problem
from sluice_components.project.reserved import REASONS, UNREADABLE

_ORDERED = (ColumnType.INTEGER, ColumnType.FLOAT)


def schema_problems(columns: tuple[Column, ...]) -> Iterator[Problem]:
    """Columns are named once, and their limits fit their type."""
    seen = set[str]()
    for position, column in enumerate(columns):
        for key, message in _complaints(column, seen):
            yield Problem(path=("schema", position, key), message=message)
        seen.add(column.name)


def _complaints(column: Column, seen: set[str]) -> Iterator[tuple[str, str]]:
    if column.name in seen:
        yield "name", f"{column.name!r} is in the schema already; keep one"
    if column.name == REASONS or column.name.startswith(UNREADABLE):
        yield "name", f"{column.name!r} is a name that the quarantine uses; rename the column"
    for key, limit in (("minimum", column.minimum), ("maximum", column.maximum)):
        if limit is not None and column.type not in _ORDERED:
            yield key, f"type {column.type} has no {key}; only integer and float have"
    if column.categories is not None and column.type is not ColumnType.STRING:
        yield "categories", f"type {column.type} has no categories; only string has"
