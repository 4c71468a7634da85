"""`sluice package`: look at a model package, and check it."""

from pathlib import Path
from typing import Annotated

import typer
from sluice_package.verify import verify

from sluice_cli.shown import Output, OutputOption, console, print_json

app = typer.Typer(help="Model packages.", no_args_is_help=True)


@app.command("verify")
def verify_package(
    folder: Annotated[Path, typer.Argument(help="folder of the package")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Check every file against the manifest; names the first that differs."""
    found = verify(folder)
    if output is Output.JSON:
        print_json({"digest": found.digest, "difference": found.difference})
    elif found.difference is None:
        console.print(f"{folder}: intact, {found.digest}")
    else:
        console.print(f"[red]{folder}: {found.difference}[/]")
    raise typer.Exit(0 if found.difference is None else 1)
