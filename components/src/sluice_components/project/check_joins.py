"""Checks of the joins: every column that comes in has a free name and a use."""

from collections.abc import Iterator

from sluice_package.schema import Column

from sluice_components.project.problem import Problem
from sluice_components.project.section import Join


def join_problems(columns: tuple[Column, ...], joins: tuple[Join, ...]) -> Iterator[Problem]:
    """Names that joins take in are free, used and spelt as they are renamed."""
    wanted = {column.name for column in columns}
    taken = set[str]()
    for position, join in enumerate(joins):
        keys_to_come = {key for later in joins[position + 1 :] for key in later.on}
        yield from _rename_problems(position, join)
        yield from _name_problems(position, join, taken)
        yield from _use_problems(position, join, wanted | keys_to_come)
        taken.update(join.names)


def _rename_problems(position: int, join: Join) -> Iterator[Problem]:
    for old in join.rename:
        if old not in join.columns:
            yield Problem(
                path=("joins", position, "rename", old),
                message=f"{old!r} is not among the columns of this join; add it to `columns`",
            )


def _name_problems(position: int, join: Join, taken: set[str]) -> Iterator[Problem]:
    names = set(taken) | set(join.on)
    for place, (old, new) in enumerate(zip(join.columns, join.names, strict=True)):
        if new in names:
            renamed = old in join.rename
            yield Problem(
                path=("joins", position, *(("rename", old) if renamed else ("columns", place))),
                message=f"the name {new!r} is taken already; choose another with `rename`",
            )
        names.add(new)


def _use_problems(position: int, join: Join, wanted: set[str]) -> Iterator[Problem]:
    for place, name in enumerate(join.names):
        if name not in wanted:
            yield Problem(
                path=("joins", position, "columns", place),
                message=f"{name!r} is not in the schema, so it would be dropped;"
                " add it to the schema or remove it here",
            )
