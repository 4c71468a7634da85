"""Whether each section of a project file has the right shape, whatever the others are like."""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from sluice_components.project.model import Project
from sluice_components.project.problem import KeyPath, Problem
from sluice_components.project.sample import sample_of

WORDS: Mapping[str, str] = {
    "string_type": "must be text",
    "union_tag_not_found": "the key 'method' is missing; it must be 'temporal' or 'stratified'",
    "tuple_type": "must be a list, such as [a, b]",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "too_short": "must not be empty",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "datetime_from_date_parsing": "must be a date or a time, such as 2013-01-31",
    "datetime_type": "must be a date or a time, such as 2013-01-31",
}
"""Our words for what pydantic finds; for kinds that are not here its own are clear enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What could be read of a project file."""

    sections: Mapping[str, Any]
    """Validated values of the sound sections, by field of `Project`, defaults included."""
    problems: tuple[Problem, ...]


def shape_of(values: dict[str, Any]) -> Shape:
    """The sound sections of a project, and the problems of the others.

    A section whose only fault is a misspelt key counts as sound, read as it was meant: its names
    can still be checked against those of other sections.
    """
    details = _faults(values)
    meant = _as_meant(values, details)
    broken = {detail["loc"][0] for detail in _faults(meant)} if details else set()
    return Shape(sections=_sound(meant, broken), problems=_problems(details))


def _faults(values: dict[str, Any]) -> list[ErrorDetails]:
    try:
        Project.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _as_meant(values: dict[str, Any], details: list[ErrorDetails]) -> dict[str, Any]:
    meant = deepcopy(values)
    for detail in details:
        if detail["type"] == "extra_forbidden":
            path = detail["loc"]
            owner = _value_at(meant, path[:-1])
            value = owner.pop(path[-1])
            owner.setdefault(nearest_key(path), value)
            owner.pop(None, None)
    return meant


def _value_at(values: Any, path: KeyPath) -> Any:
    for step in path:
        # a step that is not there is the tag that pydantic puts into the path of a union
        if isinstance(step, int) or step in values:
            values = values[step]
    return values


def _sound(values: dict[str, Any], broken: set[str | int]) -> dict[str, Any]:
    sections = {}
    for name, field in Project.model_fields.items():
        key = field.alias or name
        if key in values and key not in broken:
            adapter = _adapter(name)
            sections[name] = adapter.validate_python(values[key], by_alias=True, by_name=False)
        elif key not in broken:
            sections[name] = field.get_default(call_default_factory=True)
    return sections


@cache
def _adapter(field: str) -> TypeAdapter[Any]:
    return TypeAdapter(Project.model_fields[field].rebuild_annotation())


def _problems(details: list[ErrorDetails]) -> tuple[Problem, ...]:
    found = [_problem(detail) for detail in details]
    meant = {
        (*detail["loc"][:-1], nearest_key(detail["loc"]))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    # a misspelt key is one problem, not a wrong key and a missing one; likewise a list whose items
    # are all wrong is not too short as well
    return tuple(
        problem
        for problem, detail in zip(found, details, strict=True)
        if not (detail["type"] == "missing" and detail["loc"] in meant)
        and not (detail["type"] == "too_short" and detail["input"])
    )


def _problem(detail: ErrorDetails) -> Problem:
    tag = ("method",) if detail["type"].startswith("union_tag") else ()
    return Problem(path=(*detail["loc"], *tag), message=_message(detail))


def _message(detail: ErrorDetails) -> str:
    kind, given = detail["type"], detail["input"]
    if kind == "missing":
        example = sample_of(detail["loc"])
        like = f", for example `{example}`" if example else ""
        return f"the key {str(detail['loc'][-1])!r} is missing; add it{like}"
    if kind == "extra_forbidden":
        return _unknown_key(detail["loc"])
    if kind == "invalid_key":
        return f"{given!r} is not a key of {_owner(detail['loc'])}; keys are texts"
    if given is None:
        return "is empty; give it a value or remove the key"
    return f"{_complaint(detail)}{_found(given)}"


def _complaint(detail: ErrorDetails) -> str:
    kind, given = detail["type"], detail["input"]
    if kind == "string_type" and isinstance(given, int | float):
        return f"must be text; write it in quotes: '{given}'"
    if kind in {"enum", "literal_error"}:
        return _choice(detail["ctx"]["expected"], str(given))
    if kind == "union_tag_invalid":
        return _choice(detail["ctx"]["expected_tags"], detail["ctx"]["tag"])
    return WORDS.get(kind, detail["msg"].removeprefix("Value error, "))


def _choice(expected: str, given: str) -> str:
    near = get_close_matches(given, re.findall(r"'([^']*)'", expected), n=1)
    return f"must be {expected}" + (f"; did you mean {near[0]!r}?" if near else "")


def _found(given: Any) -> str:
    return "" if isinstance(given, dict | list) else f" (found {given!r})"


def _unknown_key(path: KeyPath) -> str:
    nearest = nearest_key(path)
    keys = keys_at(path[:-1])
    hint = f"did you mean {nearest!r}?" if nearest else f"its keys are {', '.join(keys)}"
    return f"{str(path[-1])!r} is not a key of {_owner(path)}; {hint}"


def _owner(path: KeyPath) -> str:
    return "the project" if len(path) == 1 else "this section"


def nearest_key(path: KeyPath) -> str | None:
    """The valid key that the last step of a path looks most like, if any does."""
    matches = get_close_matches(str(path[-1]), keys_at(path[:-1]), n=1)
    return matches[0] if matches else None


def keys_at(path: KeyPath) -> list[str]:
    """The keys that a project allows below a path."""
    schema = _project_schema()
    node: dict[str, Any] = schema
    for step in path:
        node = _child(schema, node, step)
    return list(_resolved(schema, node).get("properties", {}))


@cache
def _project_schema() -> dict[str, Any]:
    return Project.model_json_schema(by_alias=True)


def _child(schema: dict[str, Any], node: dict[str, Any], step: str | int) -> dict[str, Any]:
    node = _resolved(schema, node)
    if "discriminator" in node:
        reference = node["discriminator"]["mapping"].get(step)
        return {"$ref": reference} if reference else {}
    child = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
    return child or {}


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in node:
        node = next(option for option in node["anyOf"] if option.get("type") != "null")
    if "$ref" in node:
        definitions: dict[str, dict[str, Any]] = schema["$defs"]
        return definitions[node["$ref"].removeprefix("#/$defs/")]
    return node
