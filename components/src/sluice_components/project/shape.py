"""Whether each section of a project file has the right shape, whatever the others are like."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from sluice_components.project.model import Project
from sluice_components.project.problem import KeyPath, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What could be read of a project file."""

    sections: Mapping[str, Any]
    """Validated values of the sound sections, by field of `Project`, defaults included."""
    problems: tuple[Problem, ...]


def shape_of(values: dict[str, Any]) -> Shape:
    """The sound sections of a project, and the problems of the others."""
    try:
        project = Project.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        details = error.errors(include_url=False)
        broken = {detail["loc"][0] for detail in details}
        return Shape(sections=_sound(values, broken), problems=_problems(details))
    sections = {field: getattr(project, field) for field in Project.model_fields}
    return Shape(sections=sections, problems=())


def _sound(values: dict[str, Any], broken: set[str | int]) -> dict[str, Any]:
    sections = {}
    for name, field in Project.model_fields.items():
        key = field.alias or name
        if key in broken:
            continue
        if key in values:
            adapter = _adapter(name)
            sections[name] = adapter.validate_python(values[key], by_alias=True, by_name=False)
        else:
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
    # a misspelt key is one problem, not a wrong key and a missing one
    return tuple(
        problem
        for problem, detail in zip(found, details, strict=True)
        if detail["type"] != "missing" or detail["loc"] not in meant
    )


def _problem(detail: ErrorDetails) -> Problem:
    return Problem(path=detail["loc"], message=_message(detail))


def _message(detail: ErrorDetails) -> str:
    kind, given = detail["type"], detail["input"]
    if kind == "missing":
        return f"the key {str(detail['loc'][-1])!r} is missing"
    if kind == "extra_forbidden":
        return _unknown_key(detail["loc"])
    if kind == "string_type" and isinstance(given, int | float):
        return f"must be text; write it in quotes: '{given}'"
    if kind == "union_tag_not_found":
        return "the key 'method' is missing; it is temporal or stratified"
    message = detail["msg"].removeprefix("Value error, ")
    return message if isinstance(given, dict | list) else f"{message} (found {given!r})"


def _unknown_key(path: KeyPath) -> str:
    owner = "the project" if len(path) == 1 else "this section"
    nearest = nearest_key(path)
    keys = keys_at(path[:-1])
    hint = f"did you mean {nearest!r}?" if nearest else f"its keys are {', '.join(keys)}"
    return f"{str(path[-1])!r} is not a key of {owner}; {hint}"


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
