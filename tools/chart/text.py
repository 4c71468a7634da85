"""Turns types of values into what helm and people read: values.yaml, its schema, a README."""

from collections.abc import Iterator, Mapping
from enum import Enum
from textwrap import wrap
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tools.page.mark import SENTENCE, marked_json

WIDTH = 100
SCHEMA = "http://json-schema.org/draft-07/schema#"


def values_text(model: BaseModel, *, source: str) -> str:
    """values.yaml: every value with its default, below the sentence that says what it is."""
    return f"# {SENTENCE}. Source: {source}\n" + "\n".join(_lines(model, "")) + "\n"


def umbrella_text(model: BaseModel, *, source: str) -> str:
    """values.yaml of an umbrella: of each part, only what is not that part's own default."""
    lines = [f"# {SENTENCE}. Source: {source}"]
    for name, field, part in _fields(model):
        lines += [f"# {line}" for line in wrap(_meaning(field), WIDTH - 2)]
        lines += [f"{name}:", *_lines(part, "  ", None if name == "global" else type(part)())]
    return "\n".join(lines) + "\n"


def umbrella_schema(model: type[BaseModel], *, source: str) -> str:
    """The umbrella's schema: names of parts, and what is global; each part checks its own."""
    made = schema_of(model)
    for name, node in made["properties"].items():
        if name != "global":
            made["properties"][name] = {"type": "object", "description": node["description"]}
    made["$defs"] = {"Global": made["$defs"]["Global"]}
    return marked_json({"$schema": SCHEMA} | made, source=source)


def schema_text(model: type[BaseModel], *, source: str) -> str:
    """values.schema.json: strict, so that a value that is misspelt is refused by its name."""
    return marked_json({"$schema": SCHEMA} | schema_of(model), source=source)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema without what only tools of Python need; nothing is required but what says so."""
    made = model.model_json_schema(by_alias=True)
    plain = _plain(made)
    assert isinstance(plain, dict)
    return plain


def rows(
    model: BaseModel, prefix: str = "", beside: BaseModel | None = None
) -> Iterator[tuple[str, str, str]]:
    """Path, default and meaning of every value, groups opened; or of those that differ beside."""
    there = {name: value for name, _, value in _fields(beside)} if beside else {}
    for name, field, value in _fields(model):
        path = f"{prefix}{name}"
        if there and there[name] == value:
            continue
        if isinstance(value, BaseModel):
            yield from rows(value, f"{path}.", there.get(name))
        else:
            yield path, _inline(value), _meaning(field)


def parts(model: BaseModel) -> Iterator[tuple[str, str, BaseModel]]:
    """Name, sentence and values of each part of an umbrella."""
    for name, field, value in _fields(model):
        yield name, _meaning(field), value


def _fields(model: BaseModel) -> Iterator[tuple[str, FieldInfo, Any]]:
    for name, field in type(model).model_fields.items():
        yield field.alias or name, field, getattr(model, name)


def _lines(model: BaseModel, indent: str, beside: BaseModel | None = None) -> Iterator[str]:
    """One line for each value, or for each that is another one beside."""
    there = {name: value for name, _, value in _fields(beside)} if beside else {}
    for name, field, value in _fields(model):
        if there and there[name] == value and name != "enabled":
            continue
        yield from (f"{indent}# {line}" for line in wrap(_meaning(field), WIDTH - len(indent) - 2))
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ", there.get(name))
        else:
            yield f"{indent}{name}: {_inline(value)}"


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _inline(value: object) -> str:
    """A value on one line, as YAML."""
    text = yaml.safe_dump(
        _simple(value), default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("...").strip()


def _simple(value: object) -> object:
    match value:
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True)
        case Enum():
            return value.value
        case Mapping():
            return {key: _simple(one) for key, one in value.items()}
        case tuple() | list():
            return [_simple(one) for one in value]
        case "":
            return ""
        case _:
            return value


def _plain(node: object) -> object:
    """Without titles; without `required`, since helm puts the defaults in before it looks."""
    match node:
        case dict():
            kept = {key: _plain(one) for key, one in node.items() if not _is_noise(key, one)}
            return _trimmed(kept)
        case list():
            return [_plain(one) for one in node]
        case _:
            return node


def _is_noise(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or key == "default"


def _trimmed(node: dict[str, Any]) -> dict[str, Any]:
    if isinstance(node.get("description"), str):
        node["description"] = " ".join(node["description"].split())
    return node
