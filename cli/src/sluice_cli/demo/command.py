"""`sluice demo`: prepare, train, serve, let the candidates try, report."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from sluice_ledger.store import SqliteLedger
from sluice_operator.errors import WorldError
from sluice_operator.laptop.home import Home, write_whole

from sluice_cli.demo.act import Played, play
from sluice_cli.demo.crowd import Crowd
from sluice_cli.demo.ground import fresh_copy, prepare, reserved
from sluice_cli.demo.script import Script
from sluice_cli.demo.stage import stage_picture
from sluice_cli.demo.stream import requests_of
from sluice_cli.demo.summary import summary_of
from sluice_cli.local import child_installation
from sluice_cli.shown import console

REFRESH_PER_SECOND = 4


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(demo)


def demo(
    project: Annotated[Path, typer.Argument(help="folder with a demo.yaml")] = Path(
        "examples/flights"
    ),
    out: Annotated[Path, typer.Option(help="everything that is made goes here")] = Path(
        "build/demo"
    ),
    port: Annotated[int, typer.Option(help="where the model is served, on 127.0.0.1")] = 9000,
) -> None:
    """Train a model and three candidates on real data, and let them earn their traffic live."""
    script = Script.load(project / "demo.yaml")
    try:
        with reserved(out, port):
            summary = _give(script, project, out, port)
    except KeyboardInterrupt:
        Console(stderr=True).print("interrupted; everything that was started has ended")
        raise
    if any(rollout["outcome"] != rollout["expected"] for rollout in summary["rollouts"]):
        raise WorldError("the demo did not end as its script says; see the table above")


def _give(script: Script, project: Path, out: Path, port: int) -> dict[str, Any]:
    """The whole play, from the raw tables to the report; its summary."""
    began = time.monotonic()
    folder = fresh_copy(project, out)
    prepare(script, folder)
    _train(script, folder, out)
    with _stage(script, folder, out, port) as (home, crowd):
        played = _play_all(script, folder, home, crowd)
    summary = summary_of(time.monotonic() - began, crowd.answers, played)
    _publish(summary, played, out, folder)
    return summary


def _train(script: Script, folder: Path, out: Path) -> None:
    from sluice_cli.training import train_with_progress  # noqa: PLC0415 - slow to import

    for act in (script.opening, *script.acts):
        console.rule(f"train {act.name}", align="left")
        train_with_progress(folder / act.project, out / "workspace")


@contextmanager
def _stage(script: Script, folder: Path, out: Path, port: int) -> Iterator[tuple[Home, Crowd]]:
    """An installation that serves the first model to a crowd."""
    home = Home(root=out / "home")
    with child_installation(home, port, workspace=out / "workspace"):
        play(home, script.opening, folder / script.opening.deployment, lambda: None)
        crowd = Crowd(
            url=f"http://127.0.0.1:{port}/v2/models/{script.deployment}/infer",
            plan=script.traffic,
            requests=requests_of(script.traffic, folder),
            ledger=SqliteLedger(home.root / "ledger.db"),
        )
        try:
            crowd.start()
            yield home, crowd
        finally:
            crowd.stop()


def _play_all(script: Script, folder: Path, home: Home, crowd: Crowd) -> list[Played]:
    played: list[Played] = []

    def picture() -> Any:
        return stage_picture(home, crowd, script.deployment, script.acts, played)

    with Live(console=console, refresh_per_second=REFRESH_PER_SECOND) as live:
        for act in script.acts:
            update = lambda: live.update(picture())  # noqa: E731 - one line, used at once
            played.append(play(home, act, folder / act.deployment, update))
            if crowd.exhausted:
                raise WorldError(f"{script.traffic.file}: too few rows; the users went home")
        live.update(picture())
    return played


def _publish(summary: dict[str, Any], played: list[Played], out: Path, folder: Path) -> None:
    from sluice_cli.demo.report import write_report  # noqa: PLC0415 - brings matplotlib

    write_whole(out / "summary.json", json.dumps(summary, indent=2))
    write_report(out / "report.html", summary, played, folder)
    console.print(_table(summary))
    console.print(f"{out / 'summary.json'}\n{out / 'report.html'}")


def _table(summary: dict[str, Any]) -> Table:
    title = (
        f"{summary['requests']:,} requests, {summary['user_errors_outside_candidate']} failed "
        f"outside a candidate, {summary['wall_seconds']} s in all"
    )
    table = Table(title=title, title_justify="left")
    for column in ("rollout", "outcome", "peak weight", "user errors", "bad → zero", "cause"):
        table.add_column(column)
    for rollout in summary["rollouts"]:
        to_zero = rollout["first_bad_answer_to_zero_weight_seconds"]
        table.add_row(
            rollout["name"],
            rollout["outcome"],
            f"{rollout['peak_weight']} %",
            str(rollout["user_errors"]),
            "-" if to_zero is None else f"{to_zero} s",
            rollout["cause"],
        )
    return table
