"""Which steps stand before the estimator: the fewest that it needs.

A request of one row spends most of its time between steps, not in them, so steps are left out
where they change nothing: trees take missing values and unscaled numbers as they are, and numbers
alone need no ColumnTransformer (`bench/pipeline/predict_row.py` has the figures). Only classes of
scikit-learn appear: the package must open where nothing of Sluice is installed.
"""

from typing import Any, Final

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils import get_tags

from sluice_components.project.section import Features, Unseen

DENSE_CATEGORIES: Final = 256
"""More one-hot columns than this are kept sparse if the estimator can read that; below it, dense
rows are quicker to predict."""
UNSEEN_CODE: Final = -1
"""What trees see for a category that training never had."""


def pipeline(estimator: Any, features: Features, categories: int) -> Pipeline:
    """An unfitted pipeline of the steps that the estimator needs, and the estimator.

    Args:
        estimator: An unfitted classifier.
        features: The columns, numeric ones first.
        categories: Distinct values of all categorical features together.
    """
    if takes_missing(estimator):
        steps = _steps_for_trees(features)
    else:
        steps = _steps_for_numbers(features, sparse=_wants_sparse(estimator, categories))
    return Pipeline([*steps, ("estimator", estimator)])


def takes_missing(estimator: Any) -> bool:
    """Whether the estimator reads missing values itself, as scikit-learn's trees do."""
    return bool(get_tags(estimator).input_tags.allow_nan)


def _wants_sparse(estimator: Any, categories: int) -> bool:
    return categories > DENSE_CATEGORIES and bool(get_tags(estimator).input_tags.sparse)


def _steps_for_trees(features: Features) -> list[tuple[str, Any]]:
    if not features.categorical:
        return []
    codes = OrdinalEncoder(**_unseen_code(features.unseen))
    return [("features", _columns(features, "passthrough", codes))]


def _steps_for_numbers(features: Features, *, sparse: bool) -> list[tuple[str, Any]]:
    numbers = [
        # a column that is empty in training was refused before; keep the width regardless
        ("impute", SimpleImputer(strategy="mean", keep_empty_features=True)),
        ("scale", StandardScaler()),
    ]
    if not features.categorical:
        return numbers
    known = "ignore" if features.unseen is Unseen.IGNORE else "error"
    # no imputer here: a missing category is a category of its own to the encoder
    one_hot = OneHotEncoder(handle_unknown=known, sparse_output=sparse)
    return [("features", _columns(features, Pipeline(numbers), one_hot))]


def _unseen_code(unseen: Unseen) -> dict[str, Any]:
    if unseen is Unseen.REFUSE:
        return {"handle_unknown": "error"}
    return {"handle_unknown": "use_encoded_value", "unknown_value": UNSEEN_CODE}


def _columns(features: Features, numbers: Any, categories: Any) -> ColumnTransformer:
    parts = [
        ("numeric", numbers, list(features.numeric)),
        ("categorical", categories, list(features.categorical)),
    ]
    return ColumnTransformer([part for part in parts if part[2]], verbose_feature_names_out=False)
