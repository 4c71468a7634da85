"""The leakage guard: proof that training has not seen the hold-out."""

from datetime import timedelta

import numpy as np
import pandas as pd

from sluice_components.errors import LeakageError


def refuse_leakage(
    train: pd.DataFrame,
    holdout: pd.DataFrame,
    *,
    time: str | None = None,
    gap: timedelta = timedelta(0),
) -> None:
    """Compare two parts, by the content of their rows and, if a time column is given, by time.

    Raises:
        LeakageError: One row is in both parts, or a training row is not earlier than the first
            held-out row less the gap.
    """
    _refuse_shared_rows(train, holdout)
    if time is not None:
        _refuse_shared_time(train[time], holdout[time], gap)


def _refuse_shared_rows(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    seen = pd.util.hash_pandas_object(train, index=False)
    held = pd.util.hash_pandas_object(holdout[list(train.columns)], index=False)
    shared = np.isin(held.to_numpy(), seen.to_numpy())
    if shared.any():
        example = holdout[shared].iloc[0].to_dict()
        raise LeakageError(
            f"{int(shared.sum())} held-out rows are also training rows, the first being {example};"
            " a hold-out must be new to the model: remove the repeated rows from the source, or"
            " divide by another `split`"
        )


def _refuse_shared_time(
    train: "pd.Series[pd.Timestamp]", holdout: "pd.Series[pd.Timestamp]", gap: timedelta
) -> None:
    last, first = train.max(), holdout.min()
    if last >= first - gap:
        late = int((train >= first - gap).sum())
        raise LeakageError(
            f"the column {train.name!r} overlaps the split: {late} training rows are as late as"
            f" {last}, but the hold-out begins at {first} and the gap is {gap}; begin the hold-out"
            " later (`split.after`, `split.holdout`), or make `split.gap` shorter"
        )
