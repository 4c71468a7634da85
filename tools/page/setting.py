"""The settings of the operator's process as a page, from their docstrings."""

from sluice_operator.controller.settings import PREFIX, Settings

from tools.page.mark import marked_page

PAGE = """\
# Settings of the operator

Environment variables of the operator's process. A variable that begins with `SLUICE_` and is none
of these, or has a value that cannot be read, ends the process at once with a line that names it.
What was understood is exported as the metric `sluice_settings_info`.

| variable | default | meaning |
| --- | --- | --- |
{rows}
"""


def page() -> str:
    """The table, in the order of the fields."""
    rows = "\n".join(_row(name) for name in Settings.model_fields)
    return marked_page(PAGE.format(rows=rows), source="sluice_operator/controller/settings.py")


def _row(name: str) -> str:
    field = Settings.model_fields[name]
    meaning = " ".join((field.description or "").split())
    return f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {meaning} |"


def _default(default: object) -> str:
    match default:
        case None | "" | ():
            return "none"
        case tuple():
            return f"`{','.join(map(str, default))}`"
        case str() | int() | float():
            return f"`{default}`"
        case _:
            return "host and process id"
