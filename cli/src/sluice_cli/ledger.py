"""`sluice ledger`: hand in labels, and events that followed answers."""

import csv
import math
import time
from collections.abc import Iterator, Mapping, Sequence
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
    """Join labels with predictions by request id; handing in a label twice is harmless.

    A file with a wrong line is refused as a whole.
    """
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
    for values, place in _lines(file, ("request_id", "label")):
        yield Label(
            request_id=values["request_id"],
            row=_row(values, place),
            label=values["label"],
            at=time.time(),
        )


def _events(file: Path) -> Iterator[KpiEvent]:
    for values, place in _lines(file, ("event_id", "request_id", "name", "value")):
        yield KpiEvent(
            event_id=values["event_id"],
            request_id=values["request_id"],
            row=_row(values, place),
            name=values["name"],
            value=_finite(values["value"], place),
            at=time.time(),
        )


def _row(values: Mapping[str, str], place: str) -> int:
    row = values.get("row") or "0"
    if not row.isdecimal():
        raise LedgerError(
            f"{place}: row is {row!r}; write the position of the row in its request, from 0, or "
            "leave it empty"
        )
    return int(row)


def _finite(text: str, place: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise LedgerError(f"{place}: value {text!r} is no number; write it like 12.5")
    return value


def _lines(file: Path, columns: Sequence[str]) -> Iterator[tuple[Mapping[str, str], str]]:
    """The lines of a CSV file, and where each stands.

    Raises:
        LedgerError: A column is missing, a line is wrong, or the file is no text.
    """
    with file.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        try:
            if missing := set(columns) - set(reader.fieldnames or ()):
                lost = ", ".join(sorted(missing))
                raise LedgerError(f"{file}: no column {lost} in the first line; add it")
            for values in reader:
                yield values, _checked(values, columns, f"{file}:{reader.line_num}")
        except (UnicodeDecodeError, csv.Error) as broken:
            raise LedgerError(
                f"{file}:{reader.line_num + 1}: cannot be read ({broken}); write it as CSV in UTF-8"
            ) from broken


def _checked(values: Mapping[str, str], columns: Sequence[str], place: str) -> str:
    empty = next((column for column in columns if not values[column]), None)
    if empty:
        raise LedgerError(f"{place}: {empty} is empty; fill it in, or remove the line")
    return place
