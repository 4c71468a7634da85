"""The command `sluice rehearse`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from sluice_operator.simulation.rehearsal import Profile

from sluice_cli.rehearse.candidate import USUAL
from sluice_cli.shown import Output, OutputOption

_BOTH_WRONG = "share of requests on which exactly one of stable and an equal candidate is right"
_FileOption = Annotated[Path, typer.Option("--file", "-f", help="the ModelDeployment")]
_RateOption = Annotated[float, typer.Option(help="requests per second, of all users")]
_ErrorOption = Annotated[float, typer.Option(help="share of requests that stable fails")]
_SlowOption = Annotated[float, typer.Option(help="share of stable's answers over the threshold")]
_AccuracyOption = Annotated[float, typer.Option(help="share of stable's answers that are right")]
_DisagreementOption = Annotated[float, typer.Option(help=_BOTH_WRONG)]
_DelayOption = Annotated[str, typer.Option(help="from an answer to its label, for example 24h")]
_ProfileOption = Annotated[Profile, typer.Option(help="how load and trouble go over time")]
_PrometheusOption = Annotated[
    str, typer.Option(help="URL that rate and errors of the last day are read from")
]
_RevisionOption = Annotated[
    str, typer.Option(help="the revision in charge; else the one with most requests")
]
_CandidateOption = Annotated[
    list[str] | None,
    typer.Option(help=f"rehearse this one; repeatable; else {', '.join(USUAL)}"),
]
_RunsOption = Annotated[int, typer.Option(min=1, help="rollouts of each candidate")]
_SeedOption = Annotated[int, typer.Option(min=0, help="where chance begins")]
_JobsOption = Annotated[
    int, typer.Option("--jobs", "-j", min=0, help="processes; 0 is one for each core")
]
_KeepOption = Annotated[
    Path | None, typer.Option(help="keep rollouts here, and go on from there next time")
]
_HtmlOption = Annotated[Path | None, typer.Option(help="write a page with plots here")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(rehearse)


def rehearse(  # noqa: PLR0913, PLR0917 - each is an option of the command
    file: _FileOption,
    rate: _RateOption = 20.0,
    error_rate: _ErrorOption = 0.005,
    slow_rate: _SlowOption = 0.01,
    accuracy: _AccuracyOption = 0.9,
    disagreement: _DisagreementOption = 0.05,
    label_delay: _DelayOption = "1h",
    profile: _ProfileOption = Profile.FLAT,
    prometheus: _PrometheusOption = "",
    revision: _RevisionOption = "",
    candidate: _CandidateOption = None,
    runs: _RunsOption = 200,
    seed: _SeedOption = 1,
    jobs: _JobsOption = 0,
    keep: _KeepOption = None,
    html: _HtmlOption = None,
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
        jobs=jobs or os.cpu_count() or 1,
        keep=keep,
    )
    rehearse_all(given, html, output)
