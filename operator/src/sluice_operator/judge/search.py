"""Where a one-sided test stops to reject: the bound that belongs to it."""

from collections.abc import Callable

import numpy as np

from sluice_operator.judge.mixture import BoolArray, FloatArray

_ROUNDS = 3
_PIECES = 16


def last_rejected(
    rejected: Callable[[FloatArray], BoolArray], outer: float, inner: float
) -> float | None:
    """The rejected value nearest to `inner`, within 1/4,096 of the distance; None if none is.

    `rejected` must be true from `outer` up to some value and false from there on, so the answer
    errs to the outside: a bound made of it is a little too wide, never too narrow.
    """
    found: float | None = None
    for _ in range(_ROUNDS):
        points = np.linspace(outer, inner, _PIECES + 1)
        hits = rejected(points)
        count = _PIECES + 1 if hits.all() else int(hits.argmin())
        if count == 0:
            return found
        found = outer = float(points[count - 1])
        inner = float(points[min(count, _PIECES)])
    return found
