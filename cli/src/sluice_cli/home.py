"""The option that says where an installation lives."""

from pathlib import Path
from typing import Annotated

import typer
from sluice_operator.laptop.home import Home


def _home(text: str | Home) -> Home:
    """The home in a folder; typer hands in the default as it is."""
    return text if isinstance(text, Home) else Home(root=Path(text))


HomeOption = Annotated[
    Home,
    typer.Option(
        "--home",
        envvar="SLUICE_HOME",
        parser=_home,
        metavar="FOLDER",
        help="where the installation lives",
        default_factory=lambda: Home(root=Path(".sluice")),
        show_default=".sluice",
    ),
]
