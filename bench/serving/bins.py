"""What counting inputs by bin costs a request: 30 fields, one row or many.

Usage: `python bench/serving/bins.py [--requests 20000]`; it goes on in the serving environment.
Prints and writes (build/bench/bins.json) CPU time, and ends with 1 if a row of a single-row request
costs more than the goal.
"""

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sluice_package.contract import Contract
from sluice_package.profile import profile_frame
from sluice_package.schema import Column, ColumnType, Schema

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "serving" / ".venv" / "bin" / "python"
RESULT = ROOT / "build" / "bench" / "bins.json"
FIELDS = 30
TEXTS = 6
GOAL_MICROSECONDS = 50.0
SEED = 7
ROUNDS = 5


def main() -> int:
    """Build one profile, count, print and keep what it needed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    options = parser.parse_args()
    if find_spec("sluice_serving") is None:
        os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])
    figures = {}
    for rows in (1, 100):
        requests = max(options.requests // rows, 200)
        figures[rows] = min(_microseconds_per_row(requests, rows) for _ in range(ROUNDS))
        print(f"{rows:4} rows a request   {figures[rows]:8.2f} us a row")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"fields": FIELDS, "microseconds_per_row": figures}))
    return 0 if figures[1] <= GOAL_MICROSECONDS else 1


def _microseconds_per_row(requests: int, rows: int) -> float:
    bins, frame = _made()
    made = [_columns(frame, start * rows % 5_000, rows) for start in range(64)]
    begun = time.process_time()
    for number in range(requests):
        bins.add(made[number % len(made)])
    bins.counts()
    spent = time.process_time() - begun
    assert sum(bins.counts()["x00"]) == requests * rows
    return spent / (requests * rows) * 1e6


def _columns(frame: pd.DataFrame, start: int, rows: int) -> Mapping[str, Any]:
    part = frame.iloc[start : start + rows]
    return {str(name): part[name].to_numpy().copy() for name in frame.columns}


def _made() -> tuple[Any, pd.DataFrame]:
    chance = np.random.default_rng(SEED)
    numbers = {f"x{n:02}": chance.normal(size=10_000) for n in range(FIELDS - TEXTS)}
    texts = {f"t{n}": chance.choice([f"c{k}" for k in range(30)], 10_000) for n in range(TEXTS)}
    frame = pd.DataFrame({**numbers, **{n: v.astype(object) for n, v in texts.items()}})
    columns = tuple(
        Column(name=name, type=ColumnType.FLOAT if name in numbers else ColumnType.STRING)
        for name in frame.columns
    )
    contract = Contract(input=Schema(columns=columns), target="y", classes=("0", "1"))
    profile = profile_frame(frame.assign(y="0"), contract.profiled)
    return importlib.import_module("sluice_serving.bin").InputBins(profile, contract), frame


if __name__ == "__main__":
    sys.exit(main())
