"""Writes the users of the demo to `raw/traffic.parquet`: the flights of late June as they asked.

Besides the inputs of the models, each row has `request_id`, the time of the question (scheduled
departure), the truth, and the time at which it became known (landing); a cancelled flight never
landed. Run `prepare.py` first.
"""

from pathlib import Path

import pandas as pd

RAW = Path(__file__).parent / "raw"
FIRST, AFTER = "2013-06-10", "2013-07-01"
LATE_MINUTES = 15
TAXI = pd.Timedelta(minutes=20)
"""From the gate to the runway and back, together; the tables have only the time in the air."""
INPUTS = {
    "flights": ["hour", "distance", "carrier", "origin", "dest"],
    "planes": ["plane_year", "seats"],
    "weather": ["temp", "humid", "wind_speed", "precip", "visib"],
}


def main() -> None:
    """Join, shape, write."""
    flights = pd.read_csv(RAW / "flights.csv")
    flights = flights[flights["time_hour"].between(FIRST, AFTER, inclusive="left")]
    planes = pd.read_csv(RAW / "planes.csv").rename(columns={"year": "plane_year"})
    weather = pd.read_csv(RAW / "weather.csv")
    joined = flights.merge(planes[["tailnum", *INPUTS["planes"]]], on="tailnum", how="left").merge(
        weather[["origin", "time_hour", *INPUTS["weather"]]], on=["origin", "time_hour"], how="left"
    )
    traffic_of(joined).to_parquet(RAW / "traffic.parquet", index=False)


def traffic_of(joined: pd.DataFrame) -> pd.DataFrame:
    """One row a flight, in the order of departure."""
    hour = pd.to_datetime(joined["time_hour"]).dt.tz_localize(None)
    asked = hour + pd.to_timedelta(joined["minute"], unit="min")
    under_way = pd.to_timedelta(joined["dep_delay"] + joined["air_time"], unit="min")
    late = (joined["arr_delay"] > LATE_MINUTES).astype("Int64").where(joined["arr_delay"].notna())
    traffic = joined[[name for names in INPUTS.values() for name in names]].assign(
        asked_at=asked, late=late, known_at=asked + under_way + TAXI
    )
    traffic["plane_year"] = traffic["plane_year"].astype("Int64")
    traffic["seats"] = traffic["seats"].astype("Int64")
    traffic = traffic.sort_values("asked_at", kind="stable", ignore_index=True)
    return traffic.assign(request_id=[f"june-{number}" for number in traffic.index])


if __name__ == "__main__":
    main()
