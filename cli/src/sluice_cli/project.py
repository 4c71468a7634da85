"""`sluice init` and `sluice train`: from an empty folder to a registered model."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sluice_components.errors import ProjectError

from sluice_cli.shown import Output, OutputOption, console, print_json

ProjectOption = Annotated[Path, typer.Option("--file", "-f", help="the project file")]
WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="where artifacts and the registry are kept")
]

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", help="cluster.yaml; else the one beside the project, if any"),
]
HostOption = Annotated[str, typer.Option("--host", help="address of the Kubeflow Pipelines API")]
ImageOption = Annotated[str, typer.Option("--image", help="image of the steps, with a fixed tag")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(init)
    app.command()(train)


def init(
    name: Annotated[str, typer.Argument(help="name of the model")],
    file: ProjectOption = Path("sluice.yaml"),
) -> None:
    """Write a commented sluice.yaml to start from."""
    from sluice_components.project.field import dns_label  # noqa: PLC0415 - slow to import
    from sluice_components.project.json_schema import project_json_schema  # noqa: PLC0415 - slow
    from sluice_components.project.template import SCHEMA_FILE, commented_template  # noqa: PLC0415

    try:
        text = commented_template(dns_label(name))
    except ValueError as unfit:
        raise ProjectError(f"{name!r} cannot be the name of a model: {unfit}") from None
    try:
        with file.open("x") as target:
            target.write(text)
    except FileExistsError:
        raise ProjectError(f"{file}: exists; remove it, or give another with --file") from None
    schema = file.with_name(SCHEMA_FILE)
    schema.write_text(json.dumps(project_json_schema(), indent=2) + "\n")
    console.print(f"{file}: written; edit it, then run `sluice train`")
    console.print(f"{schema}: written; editors that know JSON Schema complete and check with it")


def train(  # noqa: PLR0913, PLR0917 - each is an option of the command
    file: ProjectOption = Path("sluice.yaml"),
    workspace: WorkspaceOption = Path("build/sluice"),
    cluster: Annotated[bool, typer.Option("--cluster", help="as a run of Kubeflow")] = False,
    pods: Annotated[bool, typer.Option("--pods", help="as Pods, without Kubeflow")] = False,
    settings: SettingsOption = None,
    host: HostOption = "",
    image: ImageOption = "",
    kubeconfig: Annotated[
        Path | None, typer.Option("--kubeconfig", help="login for --pods; else as kubectl's")
    ] = None,
    run: Annotated[str, typer.Option("--run", help="go on with this run of --cluster")] = "",
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="with --cluster: return when the run is started")
    ] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Run the training pipeline here or in a cluster: raw data in, a registered model out."""
    _refuse_contradictions(cluster=cluster, pods=pods, run=run)
    if cluster or pods:
        from sluice_cli.cluster import Asked, Way, train_there  # noqa: PLC0415 - slow to import

        asked = Asked(file=file, settings=settings, host=host, image=image)
        way = Way(pods=pods, run=run, wait=not no_wait, workspace=workspace, kubeconfig=kubeconfig)
        result = train_there(asked, way)
    else:
        from sluice_cli.training import train_with_progress  # noqa: PLC0415 - slow to import

        # where a script reads the result, the way to it goes to standard error
        notes = Console(stderr=True, highlight=False) if output is Output.JSON else console
        result = train_with_progress(file, workspace, notes)
    if output is Output.JSON:
        print_json(result)


def _refuse_contradictions(*, cluster: bool, pods: bool, run: str) -> None:
    if cluster and pods:
        raise typer.BadParameter("--cluster and --pods are two ways; take one")
    if run and not cluster:
        raise typer.BadParameter("--run is of Kubeflow; add --cluster")
