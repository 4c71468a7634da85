"""How commands print: tables for people, JSON for scripts."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

console = Console(highlight=False)


class Output(StrEnum):
    """What a command prints."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[
    Output, typer.Option("--output", "-o", help="text for people, json for scripts")
]


def say(text: str) -> None:
    """One sentence on one line, however long: scripts and logs read it, too."""
    console.print(text, soft_wrap=True)


def print_json(value: Any) -> None:
    """Plain JSON on standard output, never wrapped or coloured."""
    typer.echo(json.dumps(value, indent=2, default=str))
