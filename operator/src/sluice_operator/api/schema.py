"""Types to the structural schema that a CustomResourceDefinition wants.

Nothing is dropped in silence: a keyword that is not known here stops the generation.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from sluice_operator.errors import SluiceError

Node = dict[str, Any]
MAP_KEYS = "x-kubernetes-list-map-keys"

_AS_THEY_ARE = frozenset(
    {
        "enum",
        "format",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "pattern",
        "required",
        "type",
    }
)
_FOR_OTHERS = frozenset({"$defs", "title"})
"""Keywords that say nothing to an API server."""
_NO_NULL = {"type": "null"}


class SchemaError(SluiceError):
    """A type has something that a structural schema cannot say; the message names the keyword."""


def structural_schema(model: type[BaseModel], *, defaults: bool) -> Node:
    """The schema of a type with all references written out.

    Args:
        model: A wire type.
        defaults: Whether the API server fills in what is absent; in a status it must not.

    Raises:
        SchemaError: A keyword is not on the list.
    """
    whole = model.model_json_schema(by_alias=True, mode="serialization")
    return _Builder(whole.get("$defs", {}), defaults=defaults).node(whole, model.__name__)


class _Builder:
    """One walk over a JSON Schema."""

    def __init__(self, definitions: Mapping[str, Node], *, defaults: bool) -> None:
        self._definitions = definitions
        self._defaults = defaults

    def node(self, given: Node, where: str) -> Node:
        """One node, and all below it."""
        given = self._resolved(given)
        made: Node = {}
        for keyword, value in given.items():
            made |= self._keyword(keyword, value, where)
        return dict(sorted(made.items(), key=lambda item: _place(item[0])))

    def _resolved(self, given: Node) -> Node:
        """The node with its reference written out; what stands beside a reference wins."""
        if "anyOf" in given:
            options = [option for option in given["anyOf"] if option != _NO_NULL]
            if len(options) != 1:
                raise SchemaError(f"anyOf of {len(options)} types; a field has one type, or none")
            given = options[0] | {key: value for key, value in given.items() if key != "anyOf"}
        if "$ref" in given:
            beside = {key: value for key, value in given.items() if key != "$ref"}
            given = self._resolved(self._definitions[given["$ref"].rpartition("/")[2]]) | beside
        return given

    def _keyword(self, keyword: str, value: Any, where: str) -> Node:
        """What one keyword becomes."""
        if keyword in _AS_THEY_ARE:
            return {keyword: value}
        if keyword in _FOR_OTHERS or (keyword == "additionalProperties" and value is False):
            return {}
        make = self._makers.get(keyword)
        if make is None:
            raise SchemaError(f"{where}: no structural schema can say {keyword}: {value!r}")
        return make(value, where)

    @property
    def _makers(self) -> Mapping[str, Callable[[Any, str], Node]]:
        return {
            "const": lambda value, _: {"enum": [value]},
            "default": self._default,
            "description": lambda text, _: {"description": " ".join(text.split())},
            "items": lambda node, where: {"items": self.node(node, f"{where}[]")},
            "properties": self._properties,
            MAP_KEYS: lambda keys, _: {MAP_KEYS: keys, "x-kubernetes-list-type": "map"},
        }

    def _properties(self, fields: dict[str, Node], where: str) -> Node:
        return {"properties": {n: self.node(child, f"{where}.{n}") for n, child in fields.items()}}

    def _default(self, value: Any, where: str) -> Node:
        """Written out, for rules are asked about a default before the fields inside get theirs."""
        if value is None or not self._defaults:
            return {}
        if isinstance(value, dict):
            value = {key: inner for key, inner in value.items() if inner is not None}
        return {"default": value}


def _place(keyword: str) -> tuple[int, str]:
    """Words first, then the type, then the rest; as people read a schema."""
    order = ("description", "type", "default", "enum", "required")
    return (order.index(keyword) if keyword in order else len(order), keyword)


def keyed(schema: Node) -> Node:
    """The schema with the keys of its list maps required: none has a default in a status."""
    made = dict(schema)
    if "properties" in schema:
        made["properties"] = {name: keyed(child) for name, child in schema["properties"].items()}
    if "items" in schema:
        made["items"] = keyed(schema["items"])
    if MAP_KEYS in schema:
        made["items"] = made["items"] | {"required": schema[MAP_KEYS]}
    return made
