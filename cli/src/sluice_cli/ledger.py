"""`sluice ledger`: hand in labels, and events that followed answers."""

import csv
import math
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from sluice_ledger.errors import LedgerError
from sluice_ledger.records import KpiEvent, Label
from sluice_ledger.store import SqliteLedger

from sluice_cli.home import HomeOption
from sluice_cli.shown import console

app = typer.Typer(
    help="Predictions, their late labels, and events that follow them.", no_args_is_help=True
)


@app.command()
def label(
    file: Annotated[Path, typer.Argument(help="CSV with request_id, label and optionally row")],
    home: HomeOption,
) -> None:
    """Join labels with predictions by request id; handing in a label twice is harmless."""
    ledger = SqliteLedger(home.root / "ledger.db")
    taken = ledger.append_labels(_labels(file))
    console.print(f"{taken} new labels")


@app.command()
def event(
    file: Annotated[
        Path,
        typer.Argument(help="CSV with event_id, request_id, name, value and optionally row"),
    ],
    home: HomeOption,
) -> None:
    """Join events of worth with predictions by request id; handing one in twice is harmless."""
    ledger = SqliteLedger(home.root / "ledger.db")
    taken = ledger.append_events(_events(file))
    console.print(f"{taken} new events")


def _labels(file: Path) -> Iterator[Label]:
    for values in _lines(file, {"request_id", "label"}):
        yield Label(
            request_id=values["request_id"],
            row=int(values.get("row") or 0),
            label=values["label"],
            at=time.time(),
        )


def _events(file: Path) -> Iterator[KpiEvent]:
    for values in _lines(file, {"event_id", "request_id", "name", "value"}):
        yield KpiEvent(
            event_id=values["event_id"],
            request_id=values["request_id"],
            row=int(values.get("row") or 0),
            name=values["name"],
            value=_finite(file, values["value"]),
            at=time.time(),
        )


def _finite(file: Path, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise LedgerError(f"{file}: value {text!r} is no number; write it like 12.5")
    return value


def _lines(file: Path, columns: Collection[str]) -> Iterator[Mapping[str, str]]:
    with file.open(newline="") as lines:
        reader = csv.DictReader(lines)
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise LedgerError(f"{file}: no column {', '.join(sorted(missing))} in the first line")
        yield from reader
