"""These tests run in the environment of serving-v1: `serving-v1/.venv/bin/pytest tests/serving_v1`.

The other environments have no seldon-core and collect nothing here; pytest ends with an error if
the right one collects nothing either.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = find_spec("seldon_core") is not None
collect_ignore_glob = [] if HERE else ["*"]
if HERE:
    from wrapper_process import TRAINING_PYTHON, made_by

TRIPS = """
import json, sys
from pathlib import Path
from package_making import trip_package
from training_rows import FEATURES, trips
from sluice_package.package import ModelPackage
import pickle

folder = Path({folder!r})
digest = trip_package(folder)
model = pickle.loads(ModelPackage.open(folder / "package", digest).read("model.pkl"))
asked = trips(20, seed=31)[list(FEATURES.names)]
rows = [[None if v != v else v for v in row] for row in asked.values.tolist()]
print(json.dumps({{
    "digest": digest,
    "names": list(asked.columns),
    "rows": rows,
    "predictions": model.predict(asked).tolist(),
    "confidences": model.predict_proba(asked).max(axis=1).tolist(),
}}))
"""


@pytest.fixture(scope="session")
def trips(tmp_path_factory):
    """A package as training makes it; rows, and what its model said of them in training."""
    folder: Path = tmp_path_factory.mktemp("trips")
    made = made_by(TRAINING_PYTHON, TRIPS.format(folder=str(folder)))
    return made | {"package": folder / "package"}
