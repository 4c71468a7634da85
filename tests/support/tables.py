"""Builders for the data stages: contracts in one line, files in one line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from sluice_package.schema import Column, Schema


def contract(**columns: str | Mapping[str, Any]) -> Schema:
    """A schema: `contract(age="integer", plan={"type": "string", "nullable": True})`."""
    return Schema(
        columns=tuple(
            Column.model_validate(
                {"name": name, **({"type": rest} if isinstance(rest, str) else rest)}
            )
            for name, rest in columns.items()
        )
    )


def csv_file(folder: Path, name: str, *lines: str) -> Path:
    """A CSV file of these lines."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def parquet_file(folder: Path, name: str, **columns: Any) -> Path:
    """A Parquet file of these columns."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns).to_parquet(file, index=False)
    return file
