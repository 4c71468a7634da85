"""What there is to say about sluice.yaml; the project file's own unit says it."""

from sluice_components.project.json_schema import project_json_schema
from sluice_components.project.reference import project_reference

from tools.page.mark import marked_json, marked_page

SOURCE = "components/src/sluice_components/project/"


def schema() -> str:
    """The JSON Schema for editors."""
    return marked_json(project_json_schema(), source=SOURCE)


def page() -> str:
    """Every section with its keys."""
    return marked_page(project_reference(), source=SOURCE)
