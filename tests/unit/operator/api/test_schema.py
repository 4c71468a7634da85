"""Types to structural schemas: everything is carried over, nothing is dropped in silence."""

from typing import Annotated

import pytest
from pydantic import Field
from sluice_operator.api.crd import RESOURCES, Resource, definition_of, schema_of
from sluice_operator.api.schema import SchemaError, keyed, structural_schema
from sluice_operator.api.wire import Wire


class Inner(Wire):
    """Words about the inner one."""

    name: str
    """Its name."""
    size: int | None = None


class Outer(Wire):
    """Words about the outer one."""

    inner: Inner = Inner(name="x")
    many: tuple[Inner, ...] = Field(
        default=(), json_schema_extra={"x-kubernetes-list-map-keys": ["name"]}
    )
    """Several
    inner ones."""


class Choice(Wire):
    """One of two types."""

    value: int | str


class Excluding(Wire):
    """A limit that means another thing to an API server."""

    value: Annotated[int, Field(gt=0)]


class Free(Wire):
    """A map of anything."""

    value: dict[str, int]


def test_references_are_written_out_with_the_words_nearest_to_them() -> None:
    schema = structural_schema(Outer, defaults=True)
    assert schema["properties"]["inner"] == {
        "description": "Words about the inner one.",
        "type": "object",
        "default": {"name": "x"},
        "required": ["name"],
        "properties": {
            "name": {"description": "Its name.", "type": "string"},
            "size": {"type": "integer"},
        },
    }
    assert schema["properties"]["many"]["description"] == "Several inner ones."


def test_a_status_gets_no_defaults_but_keys() -> None:
    schema = keyed(structural_schema(Outer, defaults=False))
    assert "default" not in schema["properties"]["many"]
    assert schema["properties"]["many"]["items"]["required"] == ["name"]
    assert schema["properties"]["many"]["x-kubernetes-list-type"] == "map"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Choice, "anyOf of 2 types"),
        (Excluding, "Excluding.value: no structural schema can say exclusiveMinimum: 0"),
        (Free, "Free.value: no structural schema can say additionalProperties"),
    ],
)
def test_what_cannot_be_said_stops_the_generation(model, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        structural_schema(model, defaults=True)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.plural)
def test_every_field_is_bounded_and_explained(resource: Resource) -> None:
    def look(node, path: str) -> None:
        if path:
            assert node.get("description") or path.endswith("[]"), f"{path}: no description"
        if node["type"] == "array":
            assert "maxItems" in node, f"{path}: no bound"
            look(node["items"], f"{path}[]")
        if node["type"] == "string":
            bounded = {"maxLength", "enum"} & set(node) or node.get("format") == "date-time"
            assert bounded, f"{path}: no bound"
        for name, child in node.get("properties", {}).items():
            look(child, f"{path}.{name}")

    for part in {"spec", "status"} & schema_of(resource)["properties"].keys():
        look(schema_of(resource)["properties"][part], part)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.plural)
def test_a_definition_is_small_enough_for_any_client(resource: Resource) -> None:
    """Client-side apply keeps a copy in an annotation of at most 256 KiB."""
    assert len(str(definition_of(resource))) < 200_000
