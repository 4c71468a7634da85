"""`sluice ledger`: hand in labels."""

import csv
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from sluice_ledger.errors import LedgerError
from sluice_ledger.records import Label
from sluice_ledger.store import SqliteLedger

from sluice_cli.home import HomeOption
from sluice_cli.shown import console

app = typer.Typer(help="Predictions and their late labels.", no_args_is_help=True)


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


def _labels(file: Path) -> Iterator[Label]:
    """The labels of a CSV file.

    Raises:
        LedgerError: A column is missing, a line is wrong, or the file is no text.
    """
    with file.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        try:
            missing = {"request_id", "label"} - set(reader.fieldnames or ())
            if missing:
                lost = ", ".join(sorted(missing))
                raise LedgerError(f"{file}: no column {lost} in the first line; add it")
            for values in reader:
                yield _label(values, f"{file}:{reader.line_num}")
        except (UnicodeDecodeError, csv.Error) as broken:
            raise LedgerError(
                f"{file}:{reader.line_num + 1}: cannot be read ({broken}); write it as CSV in UTF-8"
            ) from broken


def _label(values: Mapping[str, str | None], place: str) -> Label:
    for column in ("request_id", "label"):
        if not values[column]:
            raise LedgerError(f"{place}: {column} is empty; fill it in, or remove the line")
    row = values.get("row") or "0"
    if not row.isdecimal():
        raise LedgerError(
            f"{place}: row is {row!r}; write the position of the row in its request, from 0, or "
            "leave it empty"
        )
    return Label(
        request_id=str(values["request_id"]),
        row=int(row),
        label=str(values["label"]),
        at=time.time(),
    )
