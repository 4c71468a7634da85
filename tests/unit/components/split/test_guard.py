from datetime import timedelta

import pandas as pd
import pytest
from sluice_components.errors import LeakageError
from sluice_components.split.guard import refuse_leakage


def part(*days, **columns):
    times = pd.to_datetime([f"2024-01-{day:02}" for day in days]).astype("datetime64[us]")
    return pd.DataFrame({"at": times, "x": list(days), **columns})


def test_parts_that_are_apart_pass():
    refuse_leakage(part(1, 2), part(3, 4), time="at")


def test_one_row_in_both_parts_is_leakage():
    with pytest.raises(LeakageError, match=r"1 held-out rows .*'x': 2.*: remove the repeated"):
        refuse_leakage(part(1, 2), part(2, 3))


def test_equal_rows_are_the_same_row_wherever_they_stand():
    held_out = part(3, 1).set_index(pd.Index([70, 71]))[["x", "at"]]

    with pytest.raises(LeakageError, match="1 held-out rows"):
        refuse_leakage(part(1, 2), held_out)


def test_a_training_row_at_the_first_held_out_moment_is_leakage():
    with pytest.raises(LeakageError, match="the column 'at' overlaps the split: 1 training rows"):
        refuse_leakage(part(1, 3), part(3, 4).assign(x=9), time="at")


def test_a_training_row_within_the_gap_is_leakage():
    refuse_leakage(part(1, 2), part(4, 5), time="at", gap=timedelta(days=1))

    ways = r"the gap is 2 days.*; begin the hold-out later .* make `split.gap` shorter"
    with pytest.raises(LeakageError, match=ways):
        refuse_leakage(part(1, 2), part(4, 5), time="at", gap=timedelta(days=2))
