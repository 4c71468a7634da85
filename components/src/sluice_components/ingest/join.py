"""Left joins that can neither multiply rows nor mix up names."""

from collections.abc import Sequence

import pandas as pd

from sluice_components.errors import JoinError


def left_join(
    left: pd.DataFrame, right: pd.DataFrame, keys: Sequence[str], where: str
) -> pd.DataFrame:
    """Rows of `left`, in their order, with the columns of `right`; a missing key matches nothing.

    Raises:
        JoinError: The right side is not unique on the keys; the message shows one that repeats.
    """
    names = list(keys)
    complete = right.dropna(subset=names)
    repeated = complete.duplicated(names)
    if repeated.any():
        raise JoinError(_repeated_message(complete, repeated, names, where))
    return left.merge(complete, how="left", on=names)


def _repeated_message(right: pd.DataFrame, repeated: pd.Series, keys: list[str], where: str) -> str:
    first = right.loc[repeated, keys].iloc[0]
    key = ", ".join(f"{name}={value}" for name, value in first.items())
    return (
        f"{where}: the key {key} stands in more than one row ({int(repeated.sum())} rows repeat a"
        " key), so the join would multiply rows; make the table unique on its keys, or name"
        " more columns in `on`"
    )
