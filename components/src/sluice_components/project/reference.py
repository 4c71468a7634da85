"""The reference of the project file as a page, made from the sentences under the fields."""

import json
from typing import Any

from sluice_components.project.json_schema import project_json_schema, sentence

Node = dict[str, Any]

_NULL = {"type": "null"}


def project_reference() -> str:
    """The page as Markdown: one table per section, in the order of the file."""
    schema = project_json_schema()
    sections = _sections(schema)
    lines = ["# The project file", "", schema["description"], "", *_table(schema, schema)]
    for name in sections:
        node = schema["$defs"][name]
        lines += ["", f"## {name}", "", node.get("description", ""), "", *_table(schema, node)]
    return "\n".join([*lines, ""])


def _sections(schema: Node) -> list[str]:
    """Names of the sections with keys of their own, as the file first needs them."""
    found = list[str]()
    waiting = [schema]
    while waiting:
        node = waiting.pop(0)
        for child in node.get("properties", {}).values():
            fresh = [name for name in _references(child) if name not in found]
            found += fresh
            waiting += [schema["$defs"][name] for name in fresh]
    return [name for name in found if "properties" in schema["$defs"][name]]


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"].rpartition("/")[2]] if "$ref" in node else []
    return own + [
        name for key in ("anyOf", "oneOf", "items") for name in _references(node.get(key))
    ]


def _table(schema: Node, node: Node) -> list[str]:
    required = set(node.get("required", ()))
    rows = [
        f"| `{key}` | {_type(schema, child)} | {_default(child, required=key in required)}"
        f" | {_meaning(schema, child)} |"
        for key, child in node["properties"].items()
    ]
    return ["| key | type | default | meaning |", "| --- | --- | --- | --- |", *rows]


def _type(schema: Node, node: Node) -> str:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        definition = schema["$defs"][name]
        return _type(schema, definition) if "enum" in definition else f"[{name}](#{name.lower()})"
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    choices = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    options = [option for option in choices if option != _NULL]
    if options:
        return " or ".join(_type(schema, option) for option in options)
    if node.get("type") == "array":
        return f"list of {_type(schema, node['items'])}"
    return str(node.get("type", "any"))


def _default(node: Node, *, required: bool) -> str:
    if required:
        return "required"
    default = node.get("default")
    return "" if default in (None, []) else f"`{json.dumps(default)}`"


def _meaning(schema: Node, node: Node) -> str:
    return sentence(schema, node).replace("|", "\\|")
