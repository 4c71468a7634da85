"""Writes `raw/flights_without_newark.parquet`: the extract from which one airport was lost.

Run `prepare.py` first.
"""

from pathlib import Path

import pandas as pd

RAW = Path(__file__).parent / "raw"


def main() -> None:
    """Lose an airport."""
    flights = pd.read_csv(RAW / "flights.csv")
    remaining = flights[flights["origin"] != "EWR"]
    remaining.to_parquet(RAW / "flights_without_newark.parquet", index=False)


if __name__ == "__main__":
    main()
