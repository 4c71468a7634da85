"""Builders of model packages: small, real, and fitted within milliseconds.

Nothing here needs MLflow, so the tests of the serving runtime, which has an environment of its own,
use the same builders; `mlflow_packages` saves the same models through MLflow.
"""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sluice_package.contract import Contract
from sluice_package.profile import Profile, profile_frame
from sluice_package.schema import Column, ColumnType, Schema
from sluice_package.seal import seal

TARGET = "late"
LOAN_COLUMNS = Schema(
    columns=(
        Column(name="amount", type=ColumnType.FLOAT, nullable=True, minimum=0, maximum=1e6),
        Column(name="age", type=ColumnType.INTEGER, minimum=18, maximum=120),
        Column(name="region", type=ColumnType.STRING, categories=("north", "south", "west")),
        Column(name="member", type=ColumnType.BOOLEAN),
    )
)
LOAN_CONTRACT = Contract(input=LOAN_COLUMNS, target=TARGET, classes=("0", "1"))
ML_MODEL = """\
flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.pkl
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
"""


def loans(rows: int = 200, seed: int = 3) -> pd.DataFrame:
    """Loans of people, of which the larger and the younger ones are late more often."""
    rng = np.random.default_rng(seed)
    amount = rng.lognormal(8, 1, rows).round(2)
    age = rng.integers(18, 90, rows)
    late = (amount / 3000 - age / 40 + rng.normal(0, 0.5, rows)) > 0
    frame = pd.DataFrame({"amount": amount, "age": age})
    frame["region"] = rng.choice(["north", "south", "west"], rows)
    frame["member"] = rng.random(rows) < 0.5
    frame.loc[rng.random(rows) < 0.1, "amount"] = np.nan
    frame[TARGET] = late.astype(int)
    return frame


def loan_model(estimator: Any = None, rows: int = 200) -> Pipeline:
    """A fitted pipeline like those that `sluice train` makes."""
    estimator = LogisticRegression() if estimator is None else estimator
    frame = loans(rows)
    numeric = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    features = ColumnTransformer(
        [
            ("numeric", numeric, ["amount", "age"]),
            ("category", OneHotEncoder(handle_unknown="ignore"), ["region", "member"]),
        ]
    )
    model = Pipeline([("features", features), ("estimator", estimator)])
    return model.fit(frame[[c.name for c in LOAN_COLUMNS.columns]], frame[TARGET])


def loan_profile(rows: int = 200) -> Profile:
    """The profile of what `loan_model` was fitted on."""
    return profile_frame(loans(rows), LOAN_CONTRACT.profiled)


def write_model(folder: Path, model: object) -> None:
    """Save a model as MLflow's sklearn flavour does, without MLflow."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MLmodel").write_text(ML_MODEL)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))


def seal_loans(folder: Path, contract: Contract = LOAN_CONTRACT) -> str:
    """Seal a folder that holds a saved model; the digest of the package."""
    return seal(
        folder,
        contract=contract,
        profile=profile_frame(loans(), contract.profiled),
        lineage={"data": "sha256:00", "code": "sha256:01"},
        metrics={"roc_auc": 0.8, "accepted": True},
        card="# Loans\n",
    )


def loan_package(
    folder: Path, model: object = None, save: Callable[[Path, object], None] = write_model
) -> str:
    """A sealed package of a fitted model; its digest."""
    save(folder, loan_model() if model is None else model)
    return seal_loans(folder)


def amount_package(folder: Path) -> str:
    """A sealed package of a regression: the amount of a loan by age; its digest."""
    frame = loans().dropna()
    write_model(folder, LinearRegression().fit(frame[["age"]], frame["amount"]))
    column = Column(name="age", type=ColumnType.INTEGER, minimum=18, maximum=120)
    return seal_loans(folder, Contract(input=Schema(columns=(column,)), target="amount"))
