"""The command `sluice doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from sluice_cli.doctor.finding import Group
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.shown import Output, OutputOption, console, print_json


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(doctor)


def doctor(  # noqa: PLR0913, PLR0917 - each is an option of the command
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="where Sluice is installed")
    ] = "sluice",
    release: Annotated[str, typer.Option("--release", help="name of the helm release")] = "sluice",
    kubeconfig: Annotated[
        Path | None, typer.Option("--kubeconfig", help="login to the cluster; else as kubectl's")
    ] = None,
    context: Annotated[
        str, typer.Option("--context", help="context of the kubeconfig; else the current one")
    ] = "",
    only: Annotated[
        list[Group] | None, typer.Option("--only", help="examine this group alone; repeatable")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Examine an installation in a cluster; for each failure, say which command comes next."""
    from sluice_cli.doctor.diagnosis import diagnosed  # noqa: PLC0415 - slow to import
    from sluice_cli.doctor.report import as_json, failed, show  # noqa: PLC0415 - slow to import

    remedy = Remedy(namespace=namespace, release=release, kubeconfig=kubeconfig, context=context)
    findings = diagnosed(remedy, only or ())
    if output is Output.JSON:
        print_json(as_json(findings))
    else:
        show(findings, console)
    if failed(findings):
        raise typer.Exit(1)
