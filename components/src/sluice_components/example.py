"""Rows as a model sees them: one way from a table to inputs and truth, for every stage.

Texts stay texts, everything else becomes float64, and what is missing is NaN in both. Training,
evaluation and serving must agree on this, or encoders see other values than they learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sluice_components.dataset import manifest_of, read_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """A table of examples and the digest of what was really read."""

    frame: pd.DataFrame
    digest: str


def read_examples(path: Path | str) -> Examples:
    """A table of `split`; the digest is computed again, not believed."""
    return Examples(frame=read_frame(path), digest=manifest_of(pq.read_table(path)).digest)


def inputs_of(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The named columns in that order, in the types that models are fitted with."""
    return pd.DataFrame({name: _input(frame[name]) for name in names}, index=frame.index)


def truth_of(frame: pd.DataFrame, target: str) -> NDArray[Any]:
    """The target as an array of texts, integers or booleans; it has no missing values."""
    values = frame[target]
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.to_numpy(dtype=bool)
    if pd.api.types.is_numeric_dtype(values.dtype) and (values % 1 == 0).all():
        return values.to_numpy(dtype=np.int64)
    return values.to_numpy(dtype=object)


def class_text(value: Any) -> str:
    """The one text of a class, as predictions and labels are compared: `1` for 1, 1.0 and True."""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _input(values: "pd.Series[Any]") -> "pd.Series[Any]":
    # booleans are numeric to pandas, and become 0 and 1
    return values.astype("float64" if pd.api.types.is_numeric_dtype(values.dtype) else "str")
