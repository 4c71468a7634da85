"""Makes the learned column, and refuses one that cannot be learned."""

import pandas as pd

from sluice_components.errors import TargetError
from sluice_components.project.section import Target


def with_target(frame: pd.DataFrame, target: Target) -> pd.DataFrame:
    """The rows whose target is known, with the learned column as the last one.

    Under a threshold the learned column is 1 above it and 0 else; truth values become 1 and 0.

    Raises:
        TargetError: No row has a target.
    """
    known = frame[frame[target.column].notna()]
    if known.empty:
        raise TargetError(
            f"the target {target.column!r} is missing in all {len(frame)} rows; choose another"
            " `target.column`, or a `window` in which the outcome is known"
        )
    values = known[target.column]
    if target.above is not None:
        values = (values > target.above).astype("int64")
    elif pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_integer_dtype(values.dtype):
        values = values.astype("int64")
    return known.drop(columns=target.name, errors="ignore").assign(**{target.name: values})


def refuse_one_class(part: pd.DataFrame, target: Target, where: str) -> None:
    """Two classes are the least that can be told apart.

    Raises:
        TargetError: All rows of the part have the same target.
    """
    classes = part[target.name].unique()
    if len(classes) == 1:
        limit = (
            "" if target.above is None else f" (column {target.column!r} above {target.above:g})"
        )
        raise TargetError(
            f"the target {target.name!r}{limit} has only the class {classes[0]} in the"
            f" {len(part)} rows of the {where}; choose another limit, window or split"
        )
