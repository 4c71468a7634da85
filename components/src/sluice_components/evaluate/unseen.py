"""Proof that the hold-out is new to the model, from the tables themselves.

`split` keeps them apart; this looks again at what training really read, because a metric on rows
that the model knows is worth nothing.
"""

import numpy as np
import pandas as pd

from sluice_components.errors import LeakageError
from sluice_components.example import Examples


def refuse_seen_rows(train: Examples, holdout: Examples, trained_on: str) -> None:
    """Compare two tables row by row, by content.

    Args:
        train: The training rows.
        holdout: The rows for the evaluation.
        trained_on: Digest of the table that the model says it was trained on.

    Raises:
        LeakageError: The model was trained on another table, or a row of the hold-out is among
            the training rows.
    """
    if trained_on != train.digest:
        raise LeakageError(
            f"training rows: the model was trained on {trained_on[:19]}…, but this table is "
            f"{train.digest[:19]}…; give the table that it was trained on, or train again"
        )
    seen = _seen(train.frame, holdout.frame)
    if seen.any():
        raise LeakageError(
            f"hold-out: {int(seen.sum())} of {len(seen)} rows were trained on, the first being "
            f"{holdout.frame[seen].iloc[0].to_dict()}; evaluate on the hold-out of the same split"
        )


def _seen(
    train: pd.DataFrame, holdout: pd.DataFrame
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    columns = sorted(set(train.columns) & set(holdout.columns))
    known, held = (
        pd.util.hash_pandas_object(part[columns], index=False).to_numpy()
        for part in (train, holdout)
    )
    return np.isin(held, known)
