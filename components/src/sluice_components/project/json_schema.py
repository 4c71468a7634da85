"""The JSON Schema of the project file, for editors and for the reference."""

from typing import Any

from sluice_components.project.model import Project


def project_json_schema() -> dict[str, Any]:
    """The schema as editors read it: shapes and limits, not the checks between sections."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Project.model_json_schema(by_alias=True),
        "title": "sluice.yaml",
    }


def sentence(schema: dict[str, Any], node: dict[str, Any]) -> str:
    """What the schema says about a key, on one line.

    Pydantic leaves the sentence of a field out where its section says the same: then that is it.
    """
    section = schema["$defs"].get(node.get("$ref", "").rpartition("/")[2], {})
    return " ".join((node.get("description") or section.get("description") or "").split())
