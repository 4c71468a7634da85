"""Checks of the estimator, by the signature of the class itself.

scikit-learn is imported only here and only as far as the named class needs it; the list of all
classifiers, which is slow to make, is made only for a suggestion.
"""

import importlib
import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from sluice_components.project.problem import Problem
from sluice_components.project.rule import Estimator

_PATH = ("estimator", "class")


def estimator_problems(estimator: Estimator) -> Iterator[Problem]:
    """The class exists and is a classifier, and it takes the parameters."""
    found = estimator_class(estimator.class_)
    if found is None:
        yield Problem(
            path=_PATH, message=f"{estimator.class_} does not exist;{_nearest(estimator)}"
        )
    elif not _classifies(found):
        yield Problem(
            path=_PATH,
            message=f"{estimator.class_} is not a classifier; Sluice trains classifiers",
        )
    else:
        yield from _parameter_problems(estimator, found)


def estimator_class(name: str) -> type[Any] | None:
    """The class of scikit-learn with this full name, if there is one."""
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ModuleNotFoundError:
        return None
    return found if inspect.isclass(found) else None


def _classifies(found: type[Any]) -> bool:
    from sklearn.base import ClassifierMixin  # noqa: PLC0415 - see the head of the module

    return issubclass(found, ClassifierMixin)


def _parameter_problems(estimator: Estimator, found: type[Any]) -> Iterator[Problem]:
    takes = inspect.signature(found).parameters
    short = found.__name__
    for name in estimator.parameters:
        if name not in takes:
            near = get_close_matches(name, takes, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(takes)}"
            yield Problem(
                path=("estimator", "parameters", name),
                message=f"{short} takes no parameter {name!r}; {hint}",
            )
    for name, parameter in takes.items():
        if parameter.default is parameter.empty and name not in estimator.parameters:
            yield Problem(
                path=("estimator", "parameters"), message=f"{short} needs the parameter {name!r}"
            )


def _nearest(estimator: Estimator) -> str:
    from sklearn.utils import all_estimators  # noqa: PLC0415 - see the head of the module

    names = {
        short: f"{'.'.join(kind.__module__.split('.')[:2])}.{short}"
        for short, kind in all_estimators(type_filter="classifier")
    }
    wanted = estimator.class_.rpartition(".")[2]
    near = get_close_matches(wanted, names, n=1)
    return f" did you mean {names[near[0]]}?" if near else " name a classifier of scikit-learn"
