"""The model inside of a package: found by MLflow's description, unpickled as it was pickled.

Its law: bytes are unpickled only after they were compared with the manifest.
"""

import pickle
from typing import Any

import yaml
from sluice_package.layout import MODEL
from sluice_package.package import ModelPackage

from sluice_serving.error import RefusedPackageError

PICKLES = frozenset({"pickle", "cloudpickle"})


def load_model(package: ModelPackage) -> Any:
    """The unpickled model of a package that was opened, and so verified.

    Raises:
        RefusedPackageError: The description names no pickled scikit-learn model, or unpickling it
            fails here.
        DifferentContentError: A file changed since the package was opened.
    """
    path = _path_of_pickle(package)
    content = package.read(path)
    try:
        # cloudpickle writes pickles that plain pickle reads, as long as cloudpickle is installed
        return pickle.loads(content)  # noqa: S301 - the digest of these bytes was just compared
    except (Exception, SystemExit) as raised:
        raise RefusedPackageError(
            f"{package.folder}: {path} cannot be unpickled here: {type(raised).__name__}: {raised};"
            " package it with the versions that serving/uv.lock pins, and without own modules"
        ) from raised


def _path_of_pickle(package: ModelPackage) -> str:
    flavour = _sklearn_flavour(package)
    form = flavour.get("serialization_format", "pickle")
    if form not in PICKLES:
        raise _refused(package, f"serialization_format is {form}; save it as pickle or cloudpickle")
    if flavour.get("code"):
        raise _refused(
            package, "it brings code_paths; register own modules with cloudpickle instead"
        )
    path = flavour.get("pickled_model")
    if not isinstance(path, str):
        raise _refused(package, "flavors.sklearn.pickled_model is missing; save the model again")
    return path


def _sklearn_flavour(package: ModelPackage) -> dict[str, Any]:
    try:
        document = yaml.safe_load(package.read(MODEL))
        flavour = document["flavors"]["sklearn"]
    except (yaml.YAMLError, KeyError, TypeError) as wrong:
        raise _refused(package, "there is no sklearn flavour; save a scikit-learn model") from wrong
    if not isinstance(flavour, dict):
        raise _refused(package, "the sklearn flavour is no mapping; save the model again")
    return flavour


def _refused(package: ModelPackage, problem: str) -> RefusedPackageError:
    return RefusedPackageError(f"{package.folder}: {MODEL}: {problem}")
