"""`sluice pipeline`: what Kubeflow gets, and when it trains by itself."""

from pathlib import Path
from typing import Annotated

import typer

from sluice_cli.project import HostOption, ImageOption, ProjectOption, SettingsOption
from sluice_cli.shown import Output, OutputOption, print_json, say

app = typer.Typer(help="The training pipeline in Kubeflow.", no_args_is_help=True)


@app.command("compile")
def compile_pipeline(
    file: ProjectOption = Path("sluice.yaml"),
    settings: SettingsOption = None,
    image: ImageOption = "",
    objects: Annotated[
        bool, typer.Option("--objects", help="a Pipeline and a PipelineVersion for kubectl")
    ] = False,
    to: Annotated[Path | None, typer.Option("--to", help="file to write; else printed")] = None,
) -> None:
    """Compile the project's pipeline to what Kubeflow reads."""
    from sluice_cli.cluster import Asked, compile_for_cluster  # noqa: PLC0415 - slow to import

    text = compile_for_cluster(Asked(file=file, settings=settings, image=image), objects=objects)
    if to is None:
        typer.echo(text, nl=False)
    else:
        to.write_text(text, encoding="utf-8")
        say(f"{to}: written")


@app.command("schedule")
def schedule_pipeline(
    cron: Annotated[str, typer.Argument(help="minute hour day month weekday, as '30 4 * * 1'")],
    file: ProjectOption = Path("sluice.yaml"),
    settings: SettingsOption = None,
    host: HostOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Train again and again, in place of the schedule that the project had before."""
    from sluice_cli.cluster import Asked, schedule  # noqa: PLC0415 - slow to import

    made = schedule(Asked(file=file, settings=settings, host=host), cron)
    if output is Output.JSON:
        print_json(made)
    else:
        say(f"{made['name']}: {made['cron']} (seconds first), version {made['version']}")


@app.command("schedules")
def list_schedules(
    file: ProjectOption = Path("sluice.yaml"),
    settings: SettingsOption = None,
    host: HostOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """What is scheduled for the project."""
    from sluice_cli.cluster import Asked, schedules  # noqa: PLC0415 - slow to import

    found = schedules(Asked(file=file, settings=settings, host=host))
    if output is Output.JSON:
        print_json(found)
        return
    for one in found:
        say(f"{one['name']}: {one['cron']} (seconds first){'' if one['enabled'] else ', disabled'}")
    if not found:
        say("nothing; `sluice pipeline schedule CRON` makes one")


@app.command("unschedule")
def unschedule_pipeline(
    file: ProjectOption = Path("sluice.yaml"),
    settings: SettingsOption = None,
    host: HostOption = "",
) -> None:
    """Take the project's schedules away; runs under way go on."""
    from sluice_cli.cluster import Asked, unschedule  # noqa: PLC0415 - slow to import

    gone, kept = unschedule(Asked(file=file, settings=settings, host=host))
    if gone or not kept:
        say(f"{gone} taken away" if gone else "there was none")
    if kept:
        say(f"{kept} disabled, for a run of it is under way; say it again when that has ended")
