"""The two ways to set a hold-out apart: by time and at random. They say which rows, and no more."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from sluice_components.errors import LeakageError, TargetError
from sluice_components.project.section import StratifiedSplit, TemporalSplit

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Which rows train and which are held out; those of neither lie in the gap."""

    train: Mask
    holdout: Mask


def by_time(times: "pd.Series[pd.Timestamp]", split: TemporalSplit) -> Division:
    """The last rows are held out; rows of one moment stay together.

    Raises:
        LeakageError: One side would be empty.
    """
    first = _first_held_out(times, split)
    division = Division(
        train=(times < first - split.gap).to_numpy(), holdout=(times >= first).to_numpy()
    )
    if not division.train.any() or not division.holdout.any():
        raise LeakageError(
            f"a hold-out from {first} on (times go from {times.min()} to {times.max()}, the gap is"
            f" {split.gap}) leaves {division.train.sum()} rows for training and"
            f" {division.holdout.sum()} held out; both sides need rows: change `split` or `window`"
        )
    return division


def _first_held_out(times: "pd.Series[pd.Timestamp]", split: TemporalSplit) -> pd.Timestamp:
    if split.after is not None:
        return pd.Timestamp(split.after)
    assert split.holdout is not None, "a temporal split states a share or a date"
    held_out = max(1, round(len(times) * split.holdout))
    return pd.Timestamp(np.sort(times.to_numpy())[-held_out])


def at_random(frame: pd.DataFrame, target: str, split: StratifiedSplit, seed: int) -> Division:
    """Every class is held out in its share; rows that are equal in all columns stay together.

    Raises:
        TargetError: A class has a single row, so it cannot be on both sides.
    """
    identity = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    _, first, group = np.unique(identity, return_index=True, return_inverse=True)
    classes = frame[target].to_numpy()[first]
    _refuse_lonely_class(classes, target)
    rows = np.arange(len(first))
    try:
        _, held_out = train_test_split(
            rows, test_size=split.holdout, stratify=classes, random_state=seed
        )
    except ValueError as error:
        raise TargetError(f"{len(rows)} different rows cannot be split: {error}") from error
    holdout = np.isin(group, held_out)
    return Division(train=~holdout, holdout=holdout)


def _refuse_lonely_class(classes: NDArray[np.object_], target: str) -> None:
    values, counts = np.unique(classes, return_counts=True)
    if counts.min() == 1:
        lonely = values[counts.argmin()]
        raise TargetError(
            f"the class {lonely} of the target {target!r} has a single row (equal rows count once);"
            " a stratified split needs two at least: add rows or leave the class out"
        )
