"""Every command of `sluice` with its options, as typer words them."""

import re

from sluice_cli.main import app
from typer import Context
from typer.cli import get_docs_for_click
from typer.main import get_command

from tools.page.mark import marked_page


def page() -> str:
    """One section per command; lists of commands leave out sentences that were cut short."""
    command = get_command(app)
    context = Context(command, info_name="sluice")
    text = get_docs_for_click(obj=command, ctx=context, name="sluice", title="The command line")
    text = re.sub(r"^\* `([a-z]+)`: .*\.\.\.$", r"* `\1`", text, flags=re.MULTILINE)
    return marked_page(text, source="cli/src/sluice_cli/")
