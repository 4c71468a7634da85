"""The rows of the traffic table as requests of the V2 protocol, each with its late label."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sluice_ledger.records import canonical

from sluice_cli.demo.script import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question of a user, and the truth about it."""

    id: str
    body: bytes
    asked: float
    """Replay time of the question, in seconds since the epoch."""
    label: str | None
    """None where the truth never becomes known."""
    known: float
    """Replay time at which it does."""


def requests_of(plan: Traffic, folder: Path) -> Iterator[Request]:
    """The requests in their order in time."""
    table = pd.read_parquet(folder / plan.file).sort_values(plan.asked, kind="stable")
    about = {plan.id, plan.asked, plan.label, plan.known}
    inputs = [name for name in table.columns if name not in about]
    types = {name: _datatype(table[name]) for name in inputs}
    asked = table[plan.asked].astype("datetime64[us]").astype("int64") / 1e6
    known = table[plan.known].astype("datetime64[us]").astype("int64") / 1e6
    labelled = table[plan.label].notna()
    for position, row in enumerate(table.to_dict("records")):
        number = str(row[plan.id])
        yield Request(
            id=number,
            body=_body(number, row, types),
            asked=float(asked.iloc[position]),
            label=canonical(_plain(row[plan.label])) if labelled.iloc[position] else None,
            known=float(known.iloc[position]),
        )


def _datatype(column: "pd.Series[Any]") -> str:
    if pd.api.types.is_bool_dtype(column):
        return "BOOL"
    if pd.api.types.is_integer_dtype(column):
        return "INT64"
    return "FP64" if pd.api.types.is_float_dtype(column) else "BYTES"


def _body(number: str, row: dict[Any, Any], types: dict[str, str]) -> bytes:
    inputs = [
        {"name": name, "shape": [1], "datatype": datatype, "data": [_plain(row[name])]}
        for name, datatype in types.items()
    ]
    return json.dumps({"id": number, "inputs": inputs}).encode()


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
