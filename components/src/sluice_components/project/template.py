"""The project file that `sluice init` writes, with the sentences of the fields as comments."""

import textwrap
from collections.abc import Iterator
from typing import Any, Final

from sluice_components.project.json_schema import project_json_schema, sentence

SCHEMA_FILE: Final = "sluice.schema.json"
"""Name of the JSON Schema beside the project file; editors check and complete by it."""
_WIDTH: Final = 96

SNIPPETS: Final = {
    "name": "name: {name}",
    "source": "source: {{path: raw/customers.csv}}",
    "joins": (
        "#joins: [{{source: {{path: raw/plans.csv}}, on: [plan], columns: [price],"
        " rename: {{price: plan_price}}}}]"
    ),
    "schema": """\
schema:
- {{name: signed_up, type: timestamp}}
- {{name: plan, type: string, categories: [basic, family, business]}}
- {{name: age, type: integer, minimum: 0, maximum: 120}}
- {{name: monthly_minutes, type: float, nullable: true, max_missing: 0.2, minimum: 0}}
- {{name: months_stayed, type: integer, nullable: true, minimum: 0}}
#- {{name: plan_price, type: float, nullable: true}}
""",
    "target": "target: {{column: months_stayed, above: 12, name: loyal}}",
    "entity": "#entity: [signed_up, plan]",
    "time": "time: signed_up",
    "window": "#window: {{start: 2024-01-01, end: 2025-01-01}}",
    "features": """\
features:
  numeric: [age, monthly_minutes]
  categorical: [plan]
  unseen: ignore""",
    "split": "split: {{method: temporal, holdout: 0.2, gap: 0s}}",
    "estimator": """\
estimator:
  class: sklearn.linear_model.LogisticRegression
  parameters: {{C: 1.0, max_iter: 500}}""",
    "acceptance": """\
acceptance:
- {{metric: roc_auc, minimum: 0.6}}
- {{metric: brier, maximum: 0.25}}""",
    "champion": "#champion: {{metric: accuracy, margin: 0.01, confidence: 0.95}}",
    "slices": "slices: [plan]",
    "protected": "#protected: [age]",
    "register": "register: {{alias: challenger}}",
    "seed": "seed: 7",
}
"""An example for each key of the project. A line that begins with `#` and no blank is left out by
default; without that mark the file is valid as well."""


def commented_template(name: str, schema_file: str = SCHEMA_FILE) -> str:
    """A project file that loads as it is, and says what each key means and what else there is."""
    schema = project_json_schema()
    blocks = [
        "\n".join([*_comment(schema, schema["properties"][key]), snippet.format(name=name).strip()])
        for key, snippet in SNIPPETS.items()
    ]
    head = f"# yaml-language-server: $schema={schema_file}\n# {schema['description']}"
    return "\n\n".join([head, *blocks]) + "\n"


def _comment(schema: dict[str, Any], node: dict[str, Any]) -> Iterator[str]:
    yield from _wrapped(sentence(schema, node), "# ")
    for section in _sections(schema, node):
        for key, child in section["properties"].items():
            meaning = sentence(schema, child)
            if "const" in child:  # the tag of a choice: say what is chosen with it
                meaning = f"{child['const']}: {section['description']}"
            yield from _wrapped(f"{key}: {meaning}" if meaning else key, "#   ")


def _sections(schema: dict[str, Any], node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The sections that a key holds, be it one, a choice of some or a list."""
    if "$ref" in node:
        definition = schema["$defs"][node["$ref"].rpartition("/")[2]]
        yield from [definition] if "properties" in definition else []
    for option in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from _sections(schema, option)
    if "items" in node:
        yield from _sections(schema, node["items"])


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        width=_WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )
