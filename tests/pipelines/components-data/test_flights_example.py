"""The flights example from the raw tables to the parts that training and evaluation read."""

import runpy
import shutil
from pathlib import Path

import pytest
from sluice_components.dataset import read_frame
from sluice_components.ingest.stage import ingest
from sluice_components.project.load import load_project
from sluice_components.split.stage import SplitPlan, split
from sluice_components.validate.stage import validate

EXAMPLE = Path(__file__).parents[3] / "examples" / "flights"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flights")
    shutil.copy(EXAMPLE / "sluice.yaml", folder)
    runpy.run_path(str(EXAMPLE / "prepare.py"))["prepare"](folder / "raw")
    return folder


def test_all_flights_reach_their_place(folder):
    project = load_project(folder / "sluice.yaml")
    raw, clean, bad, train, holdout = (folder / f"{name}.parquet" for name in "rcbth")
    plan = SplitPlan(
        split=project.split,
        target=project.target,
        time=project.time,
        window=project.window,
        seed=project.seed,
    )

    manifest = ingest(project.source, project.joins, project.columns, base=folder, raw=raw)
    checked = validate(raw, project.contract, clean=clean, quarantine=bad)
    parts = split(clean, plan, train=train, holdout=holdout)

    assert manifest.rows == checked.rows == 336_776
    assert checked.quarantined == 0
    assert (parts.outside_window, parts.without_target) == (284_975, 1_946)
    assert parts.train + parts.holdout == 49_855
    assert read_frame(holdout)["time_hour"].min() > read_frame(train)["time_hour"].max()


def test_the_tables_come_as_parquet_too(folder, tmp_path):
    prepare = runpy.run_path(str(EXAMPLE / "prepare.py"))["prepare"]

    files = prepare(tmp_path, ".parquet")

    assert [file.name for file in files] == ["flights.parquet", "weather.parquet", "planes.parquet"]
    assert len(read_frame(tmp_path / "planes.parquet")) == 3_322
    assert not list(tmp_path.glob("*.partial"))
