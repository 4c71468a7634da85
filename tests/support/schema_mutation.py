"""Every way in which a schema can refuse a document, made from the schema itself."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Node = Mapping[str, Any]
Path = tuple[str | int, ...]

_OTHERS: Mapping[str, Any] = MappingProxyType(
    {"string": 7, "integer": "seven", "boolean": "yes", "array": "list", "object": "object"}
)
"""A value of another type than the one named."""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One thing wrong at one place of a document."""

    what: str
    path: Path
    document: Any

    @property
    def name(self) -> str:
        """For the list of tests."""
        return f"{'.'.join(map(str, self.path))}: {self.what}"


def places(schema: Node, document: Any, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every value of a document with its schema."""
    yield path, schema
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key in schema.get("properties", {}):
                yield from places(schema["properties"][key], value, (*path, key))
    elif isinstance(document, list):
        for i, value in enumerate(document):
            yield from places(schema["items"], value, (*path, i))


def shape(path: Path) -> Path:
    """The path with all positions alike."""
    return tuple("[]" if isinstance(part, int) else part for part in path)


def fields(schema: Node, path: Path = ()) -> Iterator[Path]:
    """Every place that a document of the schema may have."""
    yield path
    for key, child in schema.get("properties", {}).items():
        yield from fields(child, (*path, key))
    if "items" in schema:
        yield from fields(schema["items"], (*path, "[]"))


def mutations(schema: Node, document: Any, root: Path) -> Iterator[Mutation]:
    """Every wrong document that differs from a good one in one place."""
    for path, node in places(schema, at(document, root)):
        for what, change in wrong_values(node):
            wrong = deepcopy(document)
            yield Mutation(what=what, path=path, document=put(wrong, (*root, *path), change))


def wrong_values(node: Node) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """What is wrong, and how the right value becomes it."""
    yield f"not a {node['type']}", lambda _: _OTHERS[node["type"]]
    yield from _numbers(node)
    yield from _texts(node)
    yield from _lists(node)
    if node["type"] == "object":
        yield "an unknown field", lambda value: value | {"zzz": 1}
    for key in node.get("required", ()):
        yield (
            f"without {key}",
            lambda value, key=key: {k: v for k, v in value.items() if k != key},
        )


def _numbers(node: Node) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if "minimum" in node:
        yield "below the minimum", lambda _: node["minimum"] - 1
    if "maximum" in node:
        yield "above the maximum", lambda _: node["maximum"] + 1
    if node["type"] == "integer":
        yield "a fraction", lambda _: node.get("minimum", 0) + 0.5


def _texts(node: Node) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if "enum" in node:
        yield "not in the enumeration", lambda _: "Nonsense"
    if "maxLength" in node:
        yield "too long", lambda _: "1" * (node["maxLength"] + 1)
    if "minLength" in node:
        yield "too short", lambda _: ""
    if "pattern" in node:
        yield "against the pattern", lambda value: f"{value}!"


def _lists(node: Node) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if "maxItems" in node:
        yield "too many", lambda value: (value * node["maxItems"])[: node["maxItems"]] + value[:1]
    if "minItems" in node:
        yield "too few", lambda _: []


def at(document: Any, path: Path) -> Any:
    """The value at a path."""
    for part in path:
        document = document[part]
    return document


def put(document: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """The document with the value at a path changed in place."""
    parent = at(document, path[:-1])
    parent[path[-1]] = change(parent[path[-1]])
    return document
