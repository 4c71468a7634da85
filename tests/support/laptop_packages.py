"""Model packages that answer, or fail, by what a request says: real models, real errors."""

import shutil
from pathlib import Path
from typing import Any

from packages import TARGET, loans, seal_loans, write_model
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sluice_package.contract import Contract
from sluice_package.schema import Column, ColumnType, Schema

REGION = "region"
COMMON = "a"
"""Known to every model; also what smoke requests say, as the contract lists no regions."""
RARE = "rare"
"""Known to models that were trained with it."""
UNHEARD = "unheard"
"""Known to no model: it fails on any."""
CONTRACT = Contract(
    input=Schema(columns=(Column(name=REGION, type=ColumnType.STRING),)),
    target=TARGET,
    classes=("0", "1"),
)


def region_package(folder: Path, *, knows_rare: bool) -> Path:
    """A sealed package whose model raises on a region that it was not trained with."""
    frame = loans()
    regions = (COMMON, RARE) if knows_rare else (COMMON, "b")
    frame[REGION] = [regions[row % 2] for row in range(len(frame))]
    encoder = OneHotEncoder(handle_unknown="error")
    model = Pipeline([("encode", encoder), ("estimator", LogisticRegression())])
    write_model(folder, model.fit(frame[[REGION]], frame[TARGET]))
    seal_loans(folder, CONTRACT)
    return folder


def copy_of(package: Path, folder: Path) -> Path:
    """The same package in another place: another URI, thus another revision."""
    shutil.copytree(package, folder)
    return folder


def asking(region: str) -> dict[str, Any]:
    """The V2 request of one row."""
    return {"inputs": [{"name": REGION, "shape": [1], "datatype": "BYTES", "data": [region]}]}
