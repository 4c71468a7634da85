"""Findings on the terminal and as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from sluice_cli.doctor.finding import Finding, Verdict

STYLES = {
    Verdict.OK: "green",
    Verdict.WARNING: "yellow",
    Verdict.FAILURE: "bold red",
    Verdict.NOT_INSTALLED: "dim",
    Verdict.NOT_ASKED: "magenta",
}


def failed(findings: Sequence[Finding]) -> bool:
    """Whether something has to be done."""
    return any(one.verdict is Verdict.FAILURE for one in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Plain values for scripts."""
    return {
        "failed": failed(findings),
        "counts": {str(verdict): count for verdict, count in _counts(findings).items()},
        "findings": [
            {
                "group": str(one.group),
                "object": one.object,
                "verdict": str(one.verdict),
                "said": one.said,
                "next": one.next or None,
            }
            for one in findings
        ],
    }


def show(findings: Sequence[Finding], to: Console) -> None:
    """A table; below it, each command that comes next on a line of its own, to be copied."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("group", "object", "verdict", "what"):
        table.add_column(column, overflow="fold")
    for one in findings:
        verdict = Text(one.verdict, STYLES[one.verdict])
        table.add_row(one.group, escape(one.object), verdict, escape(one.said))
    to.print(table)
    for command, causes in _commands(findings).items():
        heads = (f"[{STYLES[one.verdict]}]{one.verdict}[/] {escape(one.object)}" for one in causes)
        to.print(f"\n{', '.join(heads)}:", soft_wrap=True)
        to.print(f"  {escape(command)}", soft_wrap=True)
    words = ", ".join(f"{count} {verdict}" for verdict, count in _counts(findings).items())
    to.print(f"\n{words}", soft_wrap=True)


def _commands(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Each command once, with what it is for."""
    found: dict[str, list[Finding]] = {}
    for one in findings:
        if one.next:
            found.setdefault(one.next, []).append(one)
    return found


def _counts(findings: Sequence[Finding]) -> dict[Verdict, int]:
    counts = Counter(one.verdict for one in findings)
    return {verdict: counts[verdict] for verdict in Verdict if counts[verdict]}
