"""Builders of small projects from the data sets that come with scikit-learn."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from sklearn.datasets import load_breast_cancer, load_wine
from sluice_components.project.load import load_project
from sluice_components.project.model import Project


def tumour_rows() -> pd.DataFrame:
    """569 tumours: ten measurements, the side of the body, and whether they are benign."""
    data = load_breast_cancer(as_frame=True).frame
    rows = data[[name for name in data.columns if name.startswith("mean ")]].copy()
    rows.columns = [name.replace("mean ", "").replace(" ", "_") for name in rows.columns]
    # not in the original: a category that says nothing, so that encoders have something to do
    rows["side"] = ["left", "right"] * (len(rows) // 2) + ["left"] * (len(rows) % 2)
    rows["benign"] = data["target"]
    return rows


def wine_rows() -> pd.DataFrame:
    """178 wines of three growers, with thirteen measurements each."""
    data = load_wine(as_frame=True).frame
    rows = data.drop(columns="target").rename(columns=lambda name: name.replace("/", "_"))
    rows["grower"] = data["target"].map({0: "alba", 1: "bruno", 2: "carlo"})
    return rows


def write_tumour_project(folder: Path, **changes: Any) -> Path:
    """A project on tumours in the folder, with sections replaced by `changes`; its file."""
    rows = tumour_rows()
    numeric = [name for name in rows.columns if name not in {"side", "benign"}]
    sections = {
        "name": "tumours",
        "source": {"path": "tumours.csv"},
        "schema": [
            *({"name": name, "type": "float", "minimum": 0} for name in numeric),
            {"name": "side", "type": "string", "categories": ["left", "right"]},
            {"name": "benign", "type": "integer"},
        ],
        "target": {"column": "benign"},
        "features": {"numeric": numeric, "categorical": ["side"]},
        "split": {"method": "stratified", "holdout": 0.3},
        "estimator": {
            "class": "sklearn.linear_model.LogisticRegression",
            "parameters": {"max_iter": 500},
        },
        "acceptance": [{"metric": "roc_auc", "minimum": 0.9}],
        "slices": ["side"],
        "protected": ["side"],
        "seed": 7,
    }
    return _written(folder, rows, sections | changes)


def write_wine_project(folder: Path, **changes: Any) -> Path:
    """A project on wines, with three classes; its file."""
    rows = wine_rows()
    numeric = [name for name in rows.columns if name != "grower"]
    sections = {
        "name": "wines",
        "source": {"path": "wines.csv"},
        "schema": [
            *({"name": name, "type": "float"} for name in numeric),
            {"name": "grower", "type": "string"},
        ],
        "target": {"column": "grower"},
        "features": {"numeric": numeric},
        "split": {"method": "stratified", "holdout": 0.3},
        "estimator": {"class": "sklearn.ensemble.RandomForestClassifier"},
        "acceptance": [{"metric": "accuracy", "minimum": 0.8}],
        "seed": 7,
    }
    return _written(folder, rows, sections | changes)


def tumour_project(folder: Path, **changes: Any) -> Project:
    """The same project, read back."""
    return load_project(write_tumour_project(folder, **changes))


def wine_project(folder: Path, **changes: Any) -> Project:
    """The same project, read back."""
    return load_project(write_wine_project(folder, **changes))


def _written(folder: Path, rows: pd.DataFrame, sections: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / sections["source"]["path"], index=False)
    file = folder / "sluice.yaml"
    file.write_text(yaml.safe_dump(sections, sort_keys=False), encoding="utf-8")
    return file
