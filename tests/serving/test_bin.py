"""Inputs are counted by the bins of the profile, as the profile itself would count them."""

import math

import numpy as np
import pandas as pd
import pytest
from prometheus_client import REGISTRY
from sluice_package.contract import Contract
from sluice_package.profile import profile_frame
from sluice_package.schema import Column, ColumnType, Schema
from sluice_serving.bin import MISSING, MOST_BINS, MOST_FIELDS, OTHER, InputBins
from sluice_serving.metric_bin import bins_of
from sluice_serving.setting import RuntimeSettings


def bins_for(frame: pd.DataFrame, **types: ColumnType) -> InputBins:
    columns = tuple(Column(name=name, type=kind, nullable=True) for name, kind in types.items())
    contract = Contract(input=Schema(columns=columns), target="late", classes=("0", "1"))
    whole = frame.assign(late="0")
    return InputBins(profile_frame(whole, contract.profiled), contract)


def counted(bins: InputBins, field: str) -> dict[str, int]:
    return dict(zip(bins.fields[field].names, bins.counts()[field], strict=True))


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(1).normal(size=5_000),
        np.random.default_rng(2).lognormal(sigma=4, size=5_000) * -1,
        np.random.default_rng(3).integers(-3, 4, 5_000).astype(float),
        np.array([0.0, -0.0, 1e-320, -1e-320, 5.0]),
        np.full(10, 7.0),
        np.array([1.0, np.nan, 2.0, np.nan]),
    ],
    ids=["normal", "negative", "few", "around zero", "constant", "gaps"],
)
def test_training_rows_fall_into_bins_with_just_the_shares_of_the_profile(values):
    bins = bins_for(pd.DataFrame({"x": values}), x=ColumnType.FLOAT)
    for chunk in np.array_split(values, 7):
        bins.add({"x": chunk})
    field = bins.fields["x"]
    assert [count / len(values) for count in bins.counts()["x"]] == pytest.approx(field.shares)
    assert math.isclose(sum(field.shares), 1.0)
    assert 4 <= len(field.names) == len(set(field.names)) <= MOST_BINS


def test_what_training_never_saw_is_below_or_above(tmp_path):
    bins = bins_for(pd.DataFrame({"x": np.arange(1.0, 101.0)}), x=ColumnType.FLOAT)
    bins.add({"x": np.array([-5.0, 0.0, 1.0, 100.0, 1e6, 1e7, 1e8])})
    found = list(bins.counts()["x"])
    assert (found[0], found[-2], found[-1]) == (2, 3, 0)
    assert (bins.fields["x"].shares[0], bins.fields["x"].shares[-2]) == (0.0, 0.0)


def test_rare_and_new_categories_are_others():
    frame = pd.DataFrame({"c": [f"c{n:02}" for n in range(20) for _ in range(n + 1)]})
    bins = bins_for(frame, c=ColumnType.STRING)
    bins.add({"c": np.array(["c19", "c00", "never", np.nan, "c19"], dtype=object)})
    found = counted(bins, "c")
    assert (found["c19"], found[OTHER], found[MISSING], len(found)) == (2, 2, 1, MOST_BINS)


def test_truths_are_counted_with_and_without_gaps():
    bins = bins_for(pd.DataFrame({"b": [True, False, True]}), b=ColumnType.BOOLEAN)
    bins.add({"b": np.array([True, False])})
    bins.add({"b": np.array([1.0, np.nan])})
    assert counted(bins, "b") == {"true": 2, "false": 1, OTHER: 0, MISSING: 1}


def test_only_the_first_fields_are_counted_and_times_are_not():
    names = [f"f{n:02}" for n in range(MOST_FIELDS + 9)]
    frame = pd.DataFrame({name: [1.0, 2.0] for name in names})
    frame["when"] = pd.to_datetime(["2026-01-01", "2026-01-02"])
    types = {"when": ColumnType.TIMESTAMP, **dict.fromkeys(names, ColumnType.FLOAT)}
    bins = bins_for(frame, **types)
    assert list(bins.fields) == names[:MOST_FIELDS]


def test_a_model_that_changes_its_input_changes_no_count():
    bins = bins_for(pd.DataFrame({"x": [1.0, 2.0, 3.0]}), x=ColumnType.FLOAT)
    row = np.array([2.0])
    bins.add({"x": row})
    row[0] = 900.0
    assert bins.counts()["x"][-2] == 0


def test_counts_go_on_when_a_revision_is_loaded_anew():
    settings = RuntimeSettings(deployment="bins", revision="bins-1")
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    labels = {"deployment": "bins", "revision": "bins-1", "field": "x"}
    for _ in range(2):
        bins = bins_of(settings, bins_for(frame, x=ColumnType.FLOAT))
        bins.add({"x": np.array([2.0])})
    name = bins.fields["x"].names[2]
    of_bin = {**labels, "bin": name}
    assert REGISTRY.get_sample_value("sluice_input_bins_total", of_bin) == 2
    assert REGISTRY.get_sample_value("sluice_profile_share", of_bin) == pytest.approx(1 / 3)
