"""Our kinds as editors and people read them, from the wire types."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from sluice_operator import model
from sluice_operator.api import action, v1alpha1
from sluice_operator.api.action import RolloutAction
from sluice_operator.api.run import RolloutRun
from sluice_operator.api.status import ModelDeploymentStatus
from sluice_operator.api.v1alpha1 import ClusterGateTemplate, GateTemplate, ModelDeployment

from tools.page.code import sentences_of
from tools.page.mark import marked_json, marked_page

SOURCE = "operator/src/sluice_operator/api/{v1alpha1,gate,metric}.py"
RECORDS_SOURCE = "operator/src/sluice_operator/api/{status,run,action}.py"
Node = dict[str, Any]

HEAD = """\
# ModelDeployment, field by field

`sluice.dev/v1alpha1`. Durations are written as in `500ms`, `30s`, `10m`, `1h30m`; decimal numbers
stand in quotes (`"0.01"`), because floats have no exact form on the wire. Unknown fields are
refused. [modeldeployment.md](../modeldeployment.md) explains how to work with it.
"""

RECORDS_HEAD = """\
# Status, RolloutRun and RolloutAction, field by field

What the operator writes in a cluster, and what people create to steer it. Times are RFC 3339 with
microseconds. [modeldeployment.md](../modeldeployment.md#status) says how to read it.
"""


def schema() -> str:
    """The JSON Schema: shapes and limits; rules across fields are in rules.md."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return marked_json(head | _schema() | {"title": "ModelDeployment"}, source=SOURCE)


def page() -> str:
    """One table per type, as a spec first needs them."""
    told = set[str]()
    lines = [HEAD, *_types(_schema(), told=told), *_whole(GateTemplate, told)]
    return marked_page("\n".join([*lines, *_whole(ClusterGateTemplate, told)]), source=SOURCE)


def _whole(kind: type[BaseModel], told: set[str]) -> Iterator[str]:
    """A kind, and those of its types that were not told yet."""
    known = _schema(kind)
    known["$defs"][kind.__name__] = known
    yield from _types(known, (kind.__name__, *_in_order(known, known["properties"])), told)


def records_page() -> str:
    """The same for what stands beside the spec; types of an earlier kind are not repeated."""
    lines, told = [RECORDS_HEAD], set[str]()
    for kind in (ModelDeploymentStatus, RolloutRun, RolloutAction):
        lines += _whole(kind, told)
    return marked_page("\n".join(lines), source=RECORDS_SOURCE)


def _schema(kind: type[BaseModel] = ModelDeployment) -> Node:
    """As written on the wire, so that defaults look as people write them."""
    found: Node = kind.model_json_schema(by_alias=True, mode="serialization")
    return found


def _types(
    known: Node, names: tuple[str, ...] | None = None, told: set[str] | None = None
) -> Iterator[str]:
    told = set() if told is None else told
    for name in names or _in_order(known, known):
        if name in told:
            continue
        told.add(name)
        node = known["$defs"][name]
        yield from (f"## {name}", "", node.get("description", ""), "")
        yield from (_values(name) if "enum" in node else _fields(known, node))
        yield ""


def _in_order(known: Node, node: Any, seen: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the types that a type needs, depth first."""
    for name in _references(node):
        if name not in seen:
            needed = known["$defs"][name].get("properties", {})
            seen = _in_order(known, needed, (*seen, name))
    return seen


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        for key, child in node.items():
            if key != "$defs":
                yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _values(name: str) -> Iterator[str]:
    homes = (v1alpha1, action, model)
    members: type[StrEnum] = next(getattr(home, name) for home in homes if hasattr(home, name))
    for value, sentence in sentences_of(members).items():
        yield f"- `{value}`{': ' if sentence else ''}{sentence}"


def _fields(known: Node, node: Node) -> Iterator[str]:
    yield "| field | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in node["properties"].items():
        meaning = (field.get("description") or _referred(known, field)).replace("\n", " ")
        default = "required" if name in node.get("required", ()) else _default(field)
        yield f"| `{name}` | {_type(field)} | {default} | {meaning} |"


def _referred(known: Node, field: Node) -> str:
    names = tuple(_references(field))
    return str(known["$defs"][names[0]].get("description", "")) if names else ""


def _type(field: Node) -> str:
    options = [option for option in field.get("anyOf", ()) if option != {"type": "null"}]
    if options:
        return " or ".join(_type(option) for option in options)
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}{_limits(field, 'minItems', 'maxItems')}"
    if "const" in field:
        return f"`{field['const']}`"
    return f"{field['type']}{_limits(field, 'minimum', 'maximum')}"


def _limits(field: Node, least: str, most: str) -> str:
    bounds = (
        f"at least {field[least]}" if least in field else "",
        f"at most {field[most]}" if most in field else "",
    )
    return "".join(f", {bound}" for bound in bounds if bound)


def _default(field: Node) -> str:
    default = field.get("default")
    if default in (None, [], "") or isinstance(default, dict):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
