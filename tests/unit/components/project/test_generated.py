import re

from project_texts import write_project
from sluice_components.project.json_schema import project_json_schema
from sluice_components.project.load import load_project
from sluice_components.project.model import Project
from sluice_components.project.reference import project_reference
from sluice_components.project.template import SNIPPETS, commented_template


def test_the_template_loads_as_it_is(tmp_path):
    project = load_project(write_project(tmp_path, commented_template("first-model")))

    assert project.name == "first-model"
    assert project.joins == ()


def test_the_template_loads_with_everything_that_it_offers(tmp_path):
    text = re.sub(r"(?m)^#(?! )", "", commented_template("first-model"))

    project = load_project(write_project(tmp_path, text))

    assert project.joins
    assert project.champion
    assert project.window


def test_the_template_shows_every_key_in_the_order_of_the_model():
    assert list(SNIPPETS) == list(project_json_schema()["properties"])


def test_the_template_names_its_schema_for_editors():
    first = commented_template("x", "../reference/sluice.schema.json").splitlines()[0]

    assert first == "# yaml-language-server: $schema=../reference/sluice.schema.json"


def test_the_schema_uses_the_keys_of_the_file_and_refuses_others():
    schema = project_json_schema()

    assert {"schema", "register"} <= set(schema["properties"])
    assert not {"columns", "registration"} & set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert all(
        definition["additionalProperties"] is False
        for definition in schema["$defs"].values()
        if definition["type"] == "object"
    )
    assert set(schema["required"]) == {
        field.alias or name for name, field in Project.model_fields.items() if field.is_required()
    }


def test_the_reference_has_a_row_for_every_key_of_every_section():
    page = project_reference()
    schema = project_json_schema()
    nodes = [schema, *(node for node in schema["$defs"].values() if "properties" in node)]

    missing = [key for node in nodes for key in node["properties"] if f"| `{key}` |" not in page]

    assert missing == []
    assert '| `gap` | string | `"0s"` |' in page
    assert "[TemporalSplit](#temporalsplit) or [StratifiedSplit](#stratifiedsplit)" in page
