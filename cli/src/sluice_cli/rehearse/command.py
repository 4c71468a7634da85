"""The command `sluice rehearse`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from sluice_operator.simulation.rehearsal import Profile

from sluice_cli.rehearse.candidate import USUAL
from sluice_cli.shown import Output, OutputOption


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(rehearse)


def rehearse(  # noqa: PLR0913, PLR0917 - each is an option of the command
    file: Annotated[Path, typer.Option("--file", "-f", help="the ModelDeployment")],
    rate: Annotated[float, typer.Option(help="requests per second, of all users")] = 20.0,
    error_rate: Annotated[float, typer.Option(help="share of requests that stable fails")] = 0.005,
    slow_rate: Annotated[
        float, typer.Option(help="share of stable's answers over the threshold")
    ] = 0.01,
    accuracy: Annotated[float, typer.Option(help="share of stable's answers that are right")] = 0.9,
    disagreement: Annotated[
        float,
        typer.Option(
            help="share of requests on which an equal candidate alone, or stable alone, is right"
        ),
    ] = 0.05,
    label_delay: Annotated[
        str, typer.Option(help="from an answer to its label, for example 24h")
    ] = "1h",
    profile: Annotated[
        Profile, typer.Option(help="how load and trouble go over time")
    ] = Profile.FLAT,
    prometheus: Annotated[
        str, typer.Option(help="URL that rate and errors of the last day are read from")
    ] = "",
    revision: Annotated[
        str, typer.Option(help="the revision in charge; else the one with most requests")
    ] = "",
    candidate: Annotated[
        list[str] | None,
        typer.Option(help=f"rehearse this one; repeatable; else {', '.join(USUAL)}"),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="rollouts of each candidate")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="where chance begins")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="processes")] = os.cpu_count()
    or 1,
    keep: Annotated[
        Path | None, typer.Option(help="keep rollouts here, and go on from there next time")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="write a page with plots here")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Try a ModelDeployment on simulated candidates: what is taken back, when, and who is hurt."""
    from sluice_cli.rehearse.script import Given, rehearse_all  # noqa: PLC0415 - slow to import

    given = Given(
        file=file,
        rate=rate,
        error_rate=error_rate,
        slow_rate=slow_rate,
        accuracy=accuracy,
        disagreement=disagreement,
        label_delay=label_delay,
        profile=profile,
        prometheus=prometheus,
        revision=revision,
        candidates=tuple(candidate or USUAL),
        runs=runs,
        seed=seed,
        jobs=jobs,
        keep=keep,
    )
    rehearse_all(given, html, output)
