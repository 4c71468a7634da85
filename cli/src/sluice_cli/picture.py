"""A rollout on the terminal: wanted beside observed, and each gate with its evidence."""

from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Picture = dict[str, Any]
"""The controller's view file; `sluice_operator.laptop.view` writes it."""

_PHASE_STYLES = {
    "Healthy": "bold green",
    "RolledBack": "bold red",
    "RollingBack": "bold red",
    "Failed": "bold red",
    "Paused": "bold yellow",
}
_VERDICT_STYLES = {"Harm": "bold red", "Safe": "bold green", "Inconclusive": "yellow"}


def rollout_picture(seen: Picture) -> RenderableType:
    """The whole view of one deployment."""
    body: list[RenderableType] = [_headline(seen), _traffic(seen), _gates(seen)]
    if seen["error"]:
        body.append(Text(f"engine: {seen['error']}", style="red"))
    title = f"{seen['name']} · attempt {seen['attempt']}"
    return Panel(Group(*body), title=title, title_align="left")


def _headline(seen: Picture) -> Text:
    step = seen["step"]
    text = Text(seen["phase"], style=_PHASE_STYLES.get(seen["phase"], "bold cyan"))
    if step:
        text.append(f"  step {step['index'] + 1}/{step['total']} ({step['title']})", style="cyan")
    text.append(f"\n{seen['message']}", style="default")
    return text


def _traffic(seen: Picture) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("revision", "model", "role", "wanted", "observed", "mirror", "ready"):
        table.add_column(column, style="bold" if column == "revision" else "")
    observed = seen["observed"] or {"weights": {}, "mirror": {}}
    for role in ("stable", "candidate", "previous"):
        name = seen[role]
        if name is None:
            continue
        weight = "?" if seen["observed"] is None else f"{observed['weights'].get(name, 0)} %"
        mirror = observed["mirror"].get(name, 0)
        table.add_row(
            name,
            seen["models"].get(name, ""),
            role,
            f"{_wanted(seen, role)} %",
            weight,
            f"{mirror} %" if mirror else "",
            Text("yes", "green") if name in seen["ready"] else Text("no", "red"),
        )
    return table


def _wanted(seen: Picture, role: str) -> int:
    match role:
        case "candidate":
            return int(seen["weight"])
        case "stable":
            return 100 - int(seen["weight"])
        case _:
            return 0


def _gates(seen: Picture) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("gate", "role", "verdict", "evidence"):
        table.add_column(column, style="bold" if column == "gate" else "")
    for gate in seen["gates"]:
        verdict = Text(gate["verdict"], _VERDICT_STYLES[gate["verdict"]])
        table.add_row(gate["name"], gate["role"], verdict, gate["explanation"])
    return table
