"""Running sums of what was counted, by the number of looks that time has made so far."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import sub

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(slots=True)
class Flow:
    """Sums of some counts of one revision; looks at which it was not asked leave no row."""

    width: int
    _marks: list[int] = field(default_factory=list)
    _sums: list[tuple[int, ...]] = field(default_factory=list)

    def add(self, first: int, rows: Counts) -> None:
        """Counts of one look after the other; `first` is the number of the first of them."""
        last = self._sums[-1] if self._sums else (0,) * self.width
        if len(rows) == 1:  # most looks of the loop are drawn by themselves
            self._marks.append(first)
            self._sums.append(tuple(a + b for a, b in zip(last, rows[0].tolist(), strict=True)))
            return
        sums = np.cumsum(np.vstack([np.array([last], dtype=np.int64), rows]), axis=0)[1:]
        self._marks += range(first, first + len(rows))
        self._sums += map(tuple, sums.tolist())

    def cut(self, looks: int) -> None:
        """Take back what was counted after so many looks."""
        keep = bisect_right(self._marks, looks)
        del self._marks[keep:], self._sums[keep:]

    def between(self, begin: int, end: int) -> tuple[int, ...]:
        """Counts of the looks after `begin`, up to `end`."""
        first, last = self._upto(begin), self._upto(end)
        return tuple(map(sub, last, first))

    def each(self, looks: Sequence[int]) -> Counts:
        """Counts from one of these looks to the next. Shape: (looks - 1, width)."""
        sums = np.array([self._upto(look) for look in looks], dtype=np.int64)
        return sums[1:] - sums[:-1]

    def _upto(self, looks: int) -> tuple[int, ...]:
        row = bisect_right(self._marks, looks)
        return self._sums[row - 1] if row else (0,) * self.width
