"""What is on the terminal while a demo plays."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from sluice_operator.laptop.home import Home, read_json

from sluice_cli.demo.act import Played
from sluice_cli.demo.crowd import Answer, Crowd
from sluice_cli.demo.script import Act
from sluice_cli.picture import rollout_picture

RECENT_SECONDS = 5.0


def stage_picture(
    home: Home, crowd: Crowd, deployment: str, acts: Sequence[Act], played: Sequence[Played]
) -> RenderableType:
    """Acts, users and the rollout, one above the other."""
    seen = read_json(home.root / "view" / f"{deployment}.json")
    parts: list[RenderableType] = [_playbill(acts, played), _crowd(crowd)]
    if seen is not None:
        parts.append(rollout_picture(seen))
    return Group(*parts)


def _playbill(acts: Sequence[Act], played: Sequence[Played]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("act", "story", "outcome"):
        table.add_column(column)
    for number, act in enumerate(acts):
        if number < len(played):
            outcome = played[number].attempt.outcome.value
            style = "bold green" if outcome == "Promoted" else "bold red"
            table.add_row(act.name, act.story, Text(outcome, style))
        else:
            now = number == len(played)
            table.add_row(act.name, act.story, Text("now" if now else "", "bold cyan"))
    return table


def _crowd(crowd: Crowd) -> Panel:
    answers = crowd.answers
    latest = answers[-1].at if answers else 0.0
    recent = _since(answers, latest - RECENT_SECONDS)
    bad = sum(not answer.good for answer in answers)
    text = Text(f"{len(answers):,} answers, ")
    text.append(f"{bad} failed", style="red" if bad else "green")
    text.append(f", {crowd.labels:,} labels; last {RECENT_SECONDS:.0f} s: ")
    for route in sorted({answer.route for answer in recent}):
        mine = [answer for answer in recent if answer.route == route]
        failed = sum(not answer.good for answer in mine)
        text.append(f"{route or 'nobody'} {len(mine)}", style="bold")
        text.append(f" ({failed} failed)  " if failed else "  ", style="red")
    return Panel(text, title="users", title_align="left")


def _since(answers: Sequence[Answer], moment: float) -> list[Answer]:
    recent = []
    for answer in reversed(answers):
        if answer.at < moment:
            break
        recent.append(answer)
    return recent
