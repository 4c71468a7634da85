"""`sluice rollout`: see why a rollout stands where it stands, and take part in it."""

from typing import Annotated

import typer
from rich.live import Live
from sluice_operator.errors import SpecError
from sluice_operator.laptop.home import Home, read_json
from sluice_operator.laptop.run_record import replay as replayed
from sluice_operator.model import Verb
from sluice_operator.rollout.status import RESTING

from sluice_cli.home import HomeOption
from sluice_cli.picture import Picture, rollout_picture
from sluice_cli.plan import plan
from sluice_cli.shown import Output, OutputOption, console, print_json, say

app = typer.Typer(help="Rollouts: watch, explain, take part.", no_args_is_help=True)
app.command()(plan)
NameArgument = Annotated[str, typer.Argument(help="name of the ModelDeployment")]
ReasonOption = Annotated[str, typer.Option("--reason", "-m", help="kept in the record")]
REFRESH_SECONDS = 0.5


def view(home: Home, name: str) -> Picture:
    """What the controller saw and decided last.

    Raises:
        SpecError: No such deployment, or the controller has not looked at it yet.
    """
    home.wanted(name)
    seen: Picture | None = read_json(home.view_file(name))
    if seen is None:
        raise SpecError(f"{name}: applied, but no controller has looked at it; run `sluice up`")
    return seen


@app.command()
def get(name: NameArgument, home: HomeOption, output: OutputOption = Output.TEXT) -> None:
    """Where a rollout stands, and why."""
    seen = view(home, name)
    if output is Output.JSON:
        print_json(seen)
    else:
        console.print(rollout_picture(seen))


@app.command()
def watch(name: NameArgument, home: HomeOption) -> None:
    """Follow a rollout on screen until it rests; Ctrl-C leaves it running."""
    import time  # noqa: PLC0415 - only here does a command wait

    with Live(rollout_picture(view(home, name)), console=console) as live:
        while True:
            seen = view(home, name)
            live.update(rollout_picture(seen))
            if seen["phase"] in {phase.value for phase in RESTING}:
                return
            time.sleep(REFRESH_SECONDS)


@app.command()
def replay(
    name: NameArgument,
    home: HomeOption,
    attempt: Annotated[int, typer.Option(help="number of the attempt; 0 is the last")] = 0,
) -> None:
    """Decide everything again from the record, and compare bit for bit."""
    number = attempt or home.status(name).attempt
    path = home.run_file(name, number)
    if not path.exists():
        home.wanted(name)
        raise SpecError(f"{name}: attempt {number} has no record at {path}")
    turns = 0
    for turns, again in enumerate(replayed(path), start=1):
        if not again.equal:
            say(f"[red]decision {turns} at {again.seen.now} differs[/]")
            raise typer.Exit(1)
    say(f"{turns} decisions of attempt {number}: all equal")


def _ask(home: Home, name: str, verb: Verb, reason: str) -> None:
    status = home.status(name)
    home.wanted(name)
    revision = status.judged or status.candidate or status.stable
    if verb is Verb.UNDO:
        revision = status.stable
    target = status.rejected[-1] if verb is Verb.RETRY and status.rejected else None
    if revision is None and target is None:
        raise SpecError(f"{name}: nothing runs yet, so there is nothing to {verb.value.lower()}")
    named = target or (revision.name if revision else "")
    home.ask(name, verb, named, reason)
    say(f"{verb.value} of {named} asked")


@app.command()
def pause(name: NameArgument, home: HomeOption, reason: ReasonOption = "") -> None:
    """Hold the rollout with the traffic it has; guardrails stay armed."""
    _ask(home, name, Verb.PAUSE, reason)


@app.command()
def resume(name: NameArgument, home: HomeOption, reason: ReasonOption = "") -> None:
    """Go on with the step that was held."""
    _ask(home, name, Verb.RESUME, reason)


@app.command()
def promote(
    name: NameArgument,
    home: HomeOption,
    reason: ReasonOption = "",
    full: Annotated[bool, typer.Option("--full", help="leave out all steps that remain")] = False,
) -> None:
    """Approve the step that waits, or with --full give the candidate everything."""
    _ask(home, name, Verb.PROMOTE_FULL if full else Verb.PROMOTE, reason)


@app.command()
def skip(name: NameArgument, home: HomeOption, reason: ReasonOption = "") -> None:
    """Leave out the present step."""
    _ask(home, name, Verb.SKIP_STEP, reason)


@app.command()
def abort(name: NameArgument, home: HomeOption, reason: ReasonOption = "") -> None:
    """Send the candidate home now."""
    _ask(home, name, Verb.ABORT, reason)


@app.command()
def retry(name: NameArgument, home: HomeOption, reason: ReasonOption = "") -> None:
    """Try the revision that was sent home last once more."""
    _ask(home, name, Verb.RETRY, reason)


@app.command()
def undo(name: NameArgument, home: HomeOption, reason: ReasonOption = "") -> None:
    """Go back to the revision that was stable before."""
    _ask(home, name, Verb.UNDO, reason)
