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
"""Up to this many one-hot columns a row is handed to the estimator dense, which is quicker for a
single row; more of them stay sparse if the estimator can read that."""
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


def quick_to_predict(model: Pipeline, categories: int) -> Pipeline:
    """The fitted pipeline, handing dense rows to its estimator if they are narrow enough.

    Linear models are fitted on sparse columns, which takes a fraction of the time, and predict the
    same from dense ones, which for a single row take less.
    """
    columns = model.named_steps.get("features")
    if columns is not None and is_linear(model[-1]) and categories <= DENSE_CATEGORIES:
        columns.named_transformers_["categorical"].set_params(sparse_output=False)
        columns.sparse_output_ = False
    return model


def is_linear(estimator: Any) -> bool:
    """Whether the fitted estimator is a table of coefficients, whatever its input was."""
    return type(estimator).__module__.startswith("sklearn.linear_model.")


def takes_missing(estimator: Any) -> bool:
    """Whether the estimator reads missing values itself, as scikit-learn's trees do."""
    return bool(get_tags(estimator).input_tags.allow_nan)


def _wants_sparse(estimator: Any, categories: int) -> bool:
    worth_it = is_linear(estimator) or categories > DENSE_CATEGORIES
    return worth_it and bool(get_tags(estimator).input_tags.sparse)


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
    return ColumnTransformer(
        [part for part in parts if part[2]],
        # sparse if the encoder is: a share of zeros must not decide what the estimator gets
        sparse_threshold=1.0,
        verbose_feature_names_out=False,
    )
