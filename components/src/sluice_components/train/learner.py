"""From the `estimator` section to an unfitted scikit-learn classifier."""

import importlib
import inspect
from typing import Any

from sluice_components.errors import ProjectError
from sluice_components.project.rule import Estimator


def learner(estimator: Estimator, seed: int) -> Any:
    """The classifier, with the seed of the project where it takes one and none was stated.

    Raises:
        ProjectError: There is no such class, or it does not take the parameters.
    """
    kind = _class_named(estimator.class_)
    parameters = dict(estimator.parameters)
    if "random_state" in inspect.signature(kind).parameters:
        parameters.setdefault("random_state", seed)
    try:
        return kind(**parameters)
    except TypeError as wrong:
        raise ProjectError(f"estimator.parameters: {kind.__name__}: {wrong}") from wrong


def _class_named(name: str) -> type[Any]:
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ModuleNotFoundError:
        found = None
    if not (inspect.isclass(found) and hasattr(found, "fit") and hasattr(found, "predict")):
        raise ProjectError(
            f"estimator.class: {name} is not an estimator of the installed scikit-learn; "
            "name a classifier, e.g. sklearn.linear_model.LogisticRegression"
        )
    return found
