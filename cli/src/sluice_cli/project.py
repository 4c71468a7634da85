"""`sluice init` and `sluice train`: from an empty folder to a registered model."""

import json
from pathlib import Path
from typing import Annotated

import typer
from sluice_components.errors import ProjectError

from sluice_cli.shown import Output, OutputOption, console, print_json

ProjectOption = Annotated[Path, typer.Option("--file", "-f", help="the project file")]
WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="where artifacts and the registry are kept")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(init)
    app.command()(train)


def init(
    name: Annotated[str, typer.Argument(help="name of the model")],
    file: ProjectOption = Path("sluice.yaml"),
) -> None:
    """Write a commented sluice.yaml to start from."""
    from sluice_components.project.json_schema import project_json_schema  # noqa: PLC0415 - slow
    from sluice_components.project.template import SCHEMA_FILE, commented_template  # noqa: PLC0415

    text = commented_template(name)
    try:
        with file.open("x") as target:
            target.write(text)
    except FileExistsError:
        raise ProjectError(f"{file}: exists; remove it, or give another with --file") from None
    schema = file.with_name(SCHEMA_FILE)
    schema.write_text(json.dumps(project_json_schema(), indent=2) + "\n")
    console.print(f"{file}: written; edit it, then run `sluice train`")
    console.print(f"{schema}: written; editors that know JSON Schema complete and check with it")


def train(
    file: ProjectOption = Path("sluice.yaml"),
    workspace: WorkspaceOption = Path("build/sluice"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Run the training pipeline here: raw data in, a registered model out."""
    from sluice_cli.training import train_with_progress  # noqa: PLC0415 - slow to import

    result = train_with_progress(file, workspace)
    if output is Output.JSON:
        print_json(result)
