"""`sluice rollout`: see why a rollout stands where it stands, and take part in it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.markup import escape
from sluice_operator.errors import SpecError
from sluice_operator.laptop.home import Home, read_json
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
PastArgument = Annotated[str, typer.Argument(help="name of the ModelDeployment")]
AttemptOption = Annotated[int, typer.Option(help="number of the attempt; 0 is the last")]
FileOption = Annotated[
    Path | None, typer.Option("--file", "-f", help="RolloutRun as YAML, in place of a home")
]
KubeconfigOption = Annotated[
    Path | None, typer.Option("--kubeconfig", help="ask a cluster, with this login")
]
ContextOption = Annotated[
    str, typer.Option("--context", help="ask a cluster: context of the kubeconfig")
]
NamespaceOption = Annotated[
    str,
    typer.Option("--namespace", "-n", help="ask a cluster: where it is; else that of the context"),
]
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
def replay(  # noqa: PLR0913, PLR0917 - each is an option of the command
    home: HomeOption,
    name: PastArgument = "",
    attempt: AttemptOption = 0,
    file: FileOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = "",
    namespace: NamespaceOption = "",
) -> None:
    """Decide everything again from the record, and compare bit for bit."""
    from sluice_cli.past.source import Where, past_of  # noqa: PLC0415 - slow to import

    where = Where(home=home, file=file, kubeconfig=kubeconfig, context=context, namespace=namespace)
    past = past_of(where, _named(name, file), attempt)
    for note in past.notes:
        say(f"[yellow]{escape(note)}[/]")
    for number in past.differing:
        moment, how = past.turns[number - 1].seen.now, past.difference(number)
        say(f"[red]decision {number} at {moment} differs: {escape(how)}[/]")
        raise typer.Exit(1)
    say(f"{len(past.turns)} decisions of attempt {past.attempt}: all equal")


@app.command()
def explain(  # noqa: PLR0913, PLR0917 - each is an option of the command
    home: HomeOption,
    name: PastArgument = "",
    at: Annotated[
        str, typer.Option(help="one decision: its number, or a time such as 14:03:27 (UTC)")
    ] = "",
    attempt: AttemptOption = 0,
    html: Annotated[Path | None, typer.Option(help="write a page with plots here")] = None,
    file: FileOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = "",
    namespace: NamespaceOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Why each decision of an attempt was made, and what would have changed it."""
    from sluice_cli.past.explain import chosen, plain_of, show  # noqa: PLC0415 - slow to import
    from sluice_cli.past.source import Where, past_of  # noqa: PLC0415 - slow to import

    where = Where(home=home, file=file, kubeconfig=kubeconfig, context=context, namespace=namespace)
    past = past_of(where, _named(name, file), attempt)
    told = chosen(past, at)
    if html is not None:
        from sluice_cli.past.page import write_page  # noqa: PLC0415 - slow to import

        write_page(html, past, told)
    if output is Output.JSON:
        print_json(plain_of(past, told))
    else:
        show(past, told, console)


def _named(name: str, file: Path | None) -> str:
    if not name and file is None:
        raise SpecError("name the ModelDeployment, or a file with its RolloutRun (-f)")
    return name


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
