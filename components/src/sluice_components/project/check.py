"""Checks between the sections of a project: names that must exist, and names that must not.

Each check states which sections it needs and runs when those are sound, so that a mistake in one
section does not hide the mistakes in the others. `CHECKS` is the whole list.
"""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from sluice_package.schema import Column, ColumnType

from sluice_components.project.check_columns import schema_problems
from sluice_components.project.check_estimator import estimator_problems
from sluice_components.project.check_joins import join_problems
from sluice_components.project.problem import KeyPath, Problem
from sluice_components.project.section import (
    Features,
    Split,
    Target,
    TemporalSplit,
    Window,
)

Sections = Mapping[str, Any]
Columns = tuple[Column, ...]
Names = tuple[str, ...]
Found = Iterator[Problem]

NUMBERS = (ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.BOOLEAN)
CLASSES = (ColumnType.STRING, ColumnType.INTEGER, ColumnType.BOOLEAN)


def problems_between(sections: Sections) -> Found:
    """Every problem that the sound sections have with each other."""
    for needs, check in CHECKS:
        if all(need in sections for need in needs):
            yield from check(*(sections[need] for need in needs))


def feature_problems(columns: Columns, features: Features) -> Found:
    """Features are columns of the schema, of a fitting type, each named once."""
    seen = set[str]()
    for path, name in _features(features):
        yield from _known(columns, name, path)
        yield from _of_type(columns, name, NUMBERS if path[1] == "numeric" else CLASSES, path)
        if name in seen:
            yield Problem(path=path, message=f"{name!r} is a feature already; name it once")
        seen.add(name)


def target_problems(columns: Columns, target: Target) -> Found:
    """The target's column exists and has a type that can be learned; its name is free."""
    path = ("target", "column")
    yield from _known(columns, target.column, path)
    if target.above is None:
        hint = "; give `above` to make two classes of a number"
        yield from _of_type(columns, target.column, CLASSES, path, hint)
    else:
        yield from _of_type(columns, target.column, (ColumnType.INTEGER, ColumnType.FLOAT), path)
    renamed = target.name != target.column or target.above is not None
    if renamed and any(column.name == target.name for column in columns):
        yield Problem(
            path=("target", "name"),
            message=f"{target.name!r} is a column of the schema already; choose another name",
        )


def leak_problems(target: Target, features: Features) -> Found:
    """The model must not see what it is to predict."""
    for path, name in _features(features):
        if name in {target.column, target.name}:
            message = f"{name!r} is what the model is to predict; remove it here"
            yield Problem(path=path, message=message)


def time_problems(columns: Columns, time: str | None, window: Window | None, split: Split) -> Found:
    """Whatever goes by time needs a time column that every row has."""
    if time is None:
        yield from _timeless(window, split)
        return
    yield from _known(columns, time, ("time",))
    yield from _of_type(columns, time, (ColumnType.TIMESTAMP,), ("time",))
    if any(column.name == time and column.nullable for column in columns):
        yield Problem(
            path=("time",), message=f"{time!r} is nullable in the schema; every row needs a time"
        )


def _timeless(window: Window | None, split: Split) -> Found:
    advice = "name a timestamp column of the schema with `time:`"
    if isinstance(split, TemporalSplit):
        yield Problem(
            path=("split", "method"), message=f"a temporal split needs the key 'time'; {advice}"
        )
    if window is not None:
        yield Problem(path=("window",), message=f"a window needs the key 'time'; {advice}")


def _features(features: Features) -> Iterator[tuple[KeyPath, str]]:
    for kind, names in (("numeric", features.numeric), ("categorical", features.categorical)):
        yield from ((("features", kind, place), name) for place, name in enumerate(names))


def _listed(key: str) -> Callable[[Columns, Names], Found]:
    def check(columns: Columns, names: Names) -> Found:
        for position, name in enumerate(names):
            yield from _known(columns, name, (key, position))

    return check


def _known(columns: Columns, name: str, path: KeyPath) -> Found:
    names = [column.name for column in columns]
    if name in names:
        return
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "add it there, or remove it here"
    yield Problem(path=path, message=f"{name!r} is not a column of the schema; {hint}")


def _of_type(
    columns: Columns, name: str, types: tuple[ColumnType, ...], path: KeyPath, hint: str = ""
) -> Found:
    for column in columns:
        if column.name == name and column.type not in types:
            wanted = " or ".join(types)
            yield Problem(
                path=path,
                message=f"{name!r} has type {column.type} in the schema;"
                f" here it must be {wanted}{hint}",
            )


CHECKS: tuple[tuple[Names, Callable[..., Found]], ...] = (
    (("columns",), schema_problems),
    (("columns", "joins"), join_problems),
    (("columns", "target"), target_problems),
    (("columns", "features"), feature_problems),
    (("target", "features"), leak_problems),
    (("columns", "time", "window", "split"), time_problems),
    (("columns", "entity"), _listed("entity")),
    (("columns", "slices"), _listed("slices")),
    (("columns", "protected"), _listed("protected")),
    (("estimator",), estimator_problems),
)
