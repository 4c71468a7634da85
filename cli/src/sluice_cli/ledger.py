"""`sluice ledger`: hand in labels."""

import csv
import time
from collections.abc import Iterator
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
    """Join labels with predictions by request id; handing in a label twice is harmless."""
    ledger = SqliteLedger(home.root / "ledger.db")
    taken = ledger.append_labels(_labels(file))
    console.print(f"{taken} new labels")


def _labels(file: Path) -> Iterator[Label]:
    with file.open(newline="") as lines:
        reader = csv.DictReader(lines)
        missing = {"request_id", "label"} - set(reader.fieldnames or ())
        if missing:
            raise LedgerError(f"{file}: no column {', '.join(sorted(missing))} in the first line")
        for values in reader:
            row = int(values.get("row") or 0)
            yield Label(
                request_id=values["request_id"], row=row, label=values["label"], at=time.time()
            )
