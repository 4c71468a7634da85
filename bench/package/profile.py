"""What profiling costs: a million rows of thirty columns, from a seeded generator.

Usage: `python bench/package/profile.py [--rows 1000000]`; writes build/bench/profile.json.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sluice_package.profile import Profile, profile_frame
from sluice_package.schema import Column, ColumnType, Schema

RESULT = Path(__file__).parents[2] / "build" / "bench" / "profile.json"
NUMBERS = 20
TEXTS = 10
SHARES = (0.01, 0.25, 0.5, 0.75, 0.99)


def main() -> None:
    """Profile, check against the data, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    frame = _frame(parser.parse_args().rows)
    schema = _schema(frame)
    started = time.process_time()
    profile = profile_frame(frame, schema)
    seconds = time.process_time() - started
    figures = {
        "rows": len(frame),
        "columns": len(frame.columns),
        "cpu_seconds": round(seconds, 2),
        "json_bytes": len(profile.model_dump_json()),
        "largest_quantile_error": _largest_error(frame, profile),
        "merged_equals_whole": _merged_equals(frame, schema, profile),
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


def _frame(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    draws = (
        lambda: rng.normal(size=rows),
        lambda: rng.lognormal(size=rows),
        lambda: rng.normal(290, 8, rows),
        lambda: rng.integers(1950, 2014, rows),
    )
    columns = {f"n{i}": draws[i % len(draws)]() for i in range(NUMBERS)}
    frame = pd.DataFrame(columns)
    for i in range(TEXTS):
        categories = pd.array([f"category {code}" for code in range(4 * (i + 1) ** 2)], dtype="str")
        frame[f"t{i}"] = categories[rng.integers(0, len(categories), rows)]
    return frame


def _schema(frame: pd.DataFrame) -> Schema:
    kinds = {"n": ColumnType.FLOAT, "t": ColumnType.STRING}
    return Schema(columns=tuple(Column(name=n, type=kinds[n[0]]) for n in frame.columns))


def _largest_error(frame: pd.DataFrame, profile: Profile) -> float:
    """As a share of the true quantile, over all numbers and shares."""
    errors = []
    for name, sketch in profile.columns.items():
        if sketch.kind == "number":
            true = np.quantile(frame[name], SHARES, method="inverted_cdf")
            told = np.array([sketch.quantile(share) for share in SHARES])
            errors.append(float(np.max(np.abs(told - true) / np.abs(true))))
    return max(errors)


def _merged_equals(frame: pd.DataFrame, schema: Schema, whole: Profile) -> bool:
    """Whether four shards merged have the counts of the whole, to the bit."""
    merged = profile_frame(frame[:0], schema)
    for start in range(0, len(frame), len(frame) // 4 + 1):
        shard = frame[start : start + len(frame) // 4 + 1]
        merged = merged.merge(profile_frame(shard, schema))
    return all(_counts(merged, name) == _counts(whole, name) for name in whole.columns)


def _counts(profile: Profile, name: str) -> dict[str, object]:
    return profile.columns[name].model_dump(exclude={"mean", "squares"})


if __name__ == "__main__":
    main()
