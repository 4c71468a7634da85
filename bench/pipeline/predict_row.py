"""What one row costs to predict, by the steps that stand before the estimator.

A request of one row spends its time between scikit-learn's steps. The table has the recipe that
`train` makes beside the textbook one (impute and scale numbers, impute and encode categories, the
encoder's default of sparse columns), on the same rows and the same estimators.

Usage: `python bench/pipeline/predict_row.py [--quick]`; writes build/bench/predict_row.json.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sluice_components.example import inputs_of
from sluice_components.project.rule import Estimator
from sluice_components.project.section import Features
from sluice_components.train.stage import train

RESULT = Path(__file__).resolve().parents[2] / "build" / "bench" / "predict_row.json"
NUMBERS = tuple(f"number {n}" for n in range(8))
TEXTS = {"text a": 3, "text b": 16, "text c": 100}
ESTIMATORS = {
    "LogisticRegression": ("linear_model.LogisticRegression", {"max_iter": 300}),
    "HistGradientBoosting": ("ensemble.HistGradientBoostingClassifier", {}),
    "RandomForest, 50 trees": (
        "ensemble.RandomForestClassifier",
        {"n_estimators": 50, "max_depth": 10},
    ),
}


def main() -> None:
    """Fit both recipes, time single rows in turn, print and keep the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds; figures are rough")
    rounds = 3 if parser.parse_args().quick else 20
    frame = rows(20_000)
    models = {}
    for name, (kind, parameters) in ESTIMATORS.items():
        for features in (Features(numeric=NUMBERS, categorical=tuple(TEXTS)), _numbers_only()):
            learner = Estimator(class_=f"sklearn.{kind}", parameters=parameters)
            ours = train(frame, features=features, target="y", estimator=learner, seed=1).model
            names = list(features.names)
            what = "numbers and texts" if features.categorical else "numbers"
            other = textbook(clone(ours[-1]), features).fit(frame[names], frame["y"])
            models[name, what] = (ours, other, inputs_of(frame.iloc[[5]], names))
    figures = [
        {"estimator": name, "features": what, **medians(*three, rounds=rounds)}
        for (name, what), three in models.items()
    ]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    record = {"name": "predict_row", "rounds": rounds, "rows": figures}
    RESULT.write_text(json.dumps(record | {"load_average": os.getloadavg()[0]}, indent=2) + "\n")
    Console().print(table_of(figures))


def rows(count: int) -> pd.DataFrame:
    """Seeded rows with some missing numbers."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.normal(size=count) for name in NUMBERS})
    for name, width in TEXTS.items():
        frame[name] = rng.choice([f"value {n}" for n in range(width)], count)
    frame["y"] = (frame[NUMBERS[0]] + rng.normal(size=count) > 0).astype("int64")
    frame.loc[::17, NUMBERS[1]] = np.nan
    return frame


def textbook(estimator: Any, features: Features) -> Pipeline:
    """The steps that most tutorials put before any estimator."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    fill = SimpleImputer(strategy="constant", fill_value="missing")
    texts = make_pipeline(fill, OneHotEncoder(handle_unknown="ignore"))
    parts = [("n", numbers, list(features.numeric)), ("t", texts, list(features.categorical))]
    # dense where the estimator needs it: this one trait is not the textbook's to choose
    wants_dense = type(estimator).__name__.startswith("Hist")
    columns = ColumnTransformer(
        [part for part in parts if part[2]], sparse_threshold=0.0 if wants_dense else 0.3
    )
    return Pipeline([("columns", columns), ("estimator", estimator)])


def medians(ours: Any, other: Any, row: pd.DataFrame, *, rounds: int) -> dict[str, float]:
    """Milliseconds of processor time per row; the two take turns and so meet the same load."""
    taken: dict[str, list[float]] = {"sluice_ms": [], "textbook_ms": []}
    for _ in range(rounds):
        for name, model in (("sluice_ms", ours), ("textbook_ms", other)):
            for _ in range(10):
                started = time.thread_time()
                model.predict_proba(row)
                taken[name].append((time.thread_time() - started) * 1000)
    return {name: round(float(np.median(times)), 2) for name, times in taken.items()}


def table_of(figures: list[dict[str, Any]]) -> Table:
    """The figures for people."""
    table = Table("estimator", "features", "sluice, ms", "textbook, ms")
    for row in figures:
        table.add_row(*(str(value) for value in row.values()))
    return table


def _numbers_only() -> Features:
    return Features(numeric=NUMBERS)


if __name__ == "__main__":
    main()
