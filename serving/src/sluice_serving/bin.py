"""Bins of a package's profile: where inputs fell in training, and where they fall now.

A request must not pay for this. Rows wait as the arrays that they are, and are put into bins
together, once there are enough of them or somebody reads the counters.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sluice_package.bucket import edges
from sluice_package.category import CategorySketch
from sluice_package.contract import Contract
from sluice_package.number import NumberSketch
from sluice_package.profile import Profile
from sluice_package.schema import ColumnType

MOST_BINS = 10
"""Of one field."""
MOST_FIELDS = 50
"""The first ones of the contract; each costs up to ten series of every model server."""
MOST_WAITING = 64
"""Requests that wait to be put into bins together."""
MOST_ROWS = 4096
"""Rows of them: requests with many rows need not wait for others."""
LONGEST_NAME = 64
"""Of a bin; every sample of it bears the name."""
MISSING = "missing"
OTHER = "other"
Columns: TypeAlias = Mapping[str, NDArray[Any]]
Place: TypeAlias = Callable[[list[NDArray[Any]]], NDArray[np.intp]]
"""Values of several requests to the places of their bins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned:
    """The bins of one field."""

    names: tuple[str, ...]
    shares: tuple[float, ...]
    """Of the training data, in the order of the names."""
    place: Place


class InputBins:
    """Counts the rows of one revision by field and bin; may be fed from one thread, read from any.

    Equal packages have equal bins, so counts go on when a model is loaded anew.
    """

    def __init__(self, profile: Profile, contract: Contract) -> None:
        """Times are left out: the days of training are over, so every later one is new."""
        self.fields: dict[str, Binned] = {}
        for column in contract.input.columns:
            found = _binned(profile.columns.get(column.name), column.type)
            if found is not None and len(self.fields) < MOST_FIELDS:
                self.fields[column.name] = found
        self._counts = {
            name: np.zeros(len(one.names), dtype=np.int64) for name, one in self.fields.items()
        }
        self._waiting: list[Columns] = []
        self._rows = 0
        self._lock = threading.Lock()

    def add(self, columns: Columns) -> None:
        """Take in the rows of one request; a model may change its input later, so it is copied."""
        copies = {name: columns[name].copy() for name in self.fields}
        with self._lock:
            self._waiting.append(copies)
            self._rows += len(next(iter(copies.values()), ()))
            is_due = len(self._waiting) >= MOST_WAITING or self._rows >= MOST_ROWS
        if is_due:
            self._settle()

    def counts(self) -> dict[str, list[int]]:
        """Rows by bin, of each field, of all requests so far."""
        self._settle()
        with self._lock:
            return {name: counts.tolist() for name, counts in self._counts.items()}

    def has_bins_of(self, other: "InputBins") -> bool:
        """Whether counts of both mean the same."""
        mine, theirs = (
            {name: (one.names, one.shares) for name, one in bins.fields.items()}
            for bins in (self, other)
        )
        return mine == theirs

    def _settle(self) -> None:
        with self._lock:
            waiting, self._waiting, self._rows = self._waiting, [], 0
            if not waiting:
                return
            for name, field in self.fields.items():
                places = field.place([columns[name] for columns in waiting])
                self._counts[name] += np.bincount(places, minlength=len(field.names))


def _binned(sketch: NumberSketch | CategorySketch | None, kind: ColumnType) -> Binned | None:
    if sketch is None or sketch.count == 0 or kind is ColumnType.TIMESTAMP:
        return None
    if isinstance(sketch, NumberSketch):
        return _of_numbers(sketch)
    return _of_categories(sketch, kind)


def _of_numbers(sketch: NumberSketch) -> Binned:
    """About equally full bins, what is below and above them, and what is missing.

    They end where buckets of the sketch do, so that shares are exact.
    """
    keys, below = sketch.counts.keys, np.cumsum(sketch.counts.counts)
    parts = MOST_BINS - 3
    wanted = np.arange(1, parts + 1) * sketch.count / parts
    last = np.unique(np.searchsorted(below, wanted))
    starts = [_start(int(keys[0]), sketch.precision)]
    starts += [_end(int(keys[place]), sketch.precision) for place in last]
    lowest = np.array(starts)

    def place(values: list[NDArray[Any]]) -> NDArray[np.intp]:
        numbers = np.concatenate(values).astype(np.float64, copy=False)
        places = np.searchsorted(lowest, numbers, side="right")
        places[np.isnan(numbers)] = len(lowest) + 1
        return places

    full = np.diff(below[last], prepend=0).tolist()
    total = sketch.count + sketch.missing + sketch.infinite
    counts = (0, *full, 0, sketch.missing + sketch.infinite)
    return Binned(
        names=(*_ranges(starts), MISSING),
        shares=tuple(count / total for count in counts),
        place=place,
    )


def _ranges(starts: list[float]) -> tuple[str, ...]:
    """Names of what lies below, between and above, as short as they differ."""
    texts = [f"{start:.6g}" for start in starts]
    if len(set(texts)) < len(texts):
        texts = [repr(start) for start in starts]
    return tuple(f"{low}..{high}" for low, high in zip(["", *texts], [*texts, ""], strict=True))


def _start(key: int, precision: int) -> float:
    """The least value of a bucket; the end that is nearer to zero belongs to it."""
    near, far = edges(key, precision)
    return near if key >= 0 else float(np.nextafter(far, np.inf))


def _end(key: int, precision: int) -> float:
    """The least value that is above a bucket."""
    near, far = edges(key, precision)
    if key == -1:
        return 0.0  # zero has no sign here
    return far if key >= 0 else float(np.nextafter(near, np.inf))


def _of_categories(sketch: CategorySketch, kind: ColumnType) -> Binned:
    """The commonest categories by name, and all others together."""
    most = sorted(sketch.categories, key=lambda name: (-sketch.categories[name], name))
    names = [name for name in most if name not in {MISSING, OTHER}][: MOST_BINS - 2]
    total = sketch.count + sketch.missing
    counts = [sketch.categories[name] for name in names]
    places = {name: place for place, name in enumerate(names)}
    other, missing = len(names), len(names) + 1
    known: dict[Any, int] = {None: missing, **places}
    if kind is ColumnType.BOOLEAN:
        known |= {value: places.get("true" if value else "false", other) for value in (True, False)}

    def place(values: list[NDArray[Any]]) -> NDArray[np.intp]:
        listed = chain.from_iterable(array.tolist() for array in values)
        found = [known.get(one, missing if one != one else other) for one in listed]  # noqa: PLR0124
        return np.array(found, dtype=np.intp)

    shares = [*(count / total for count in counts), (sketch.count - sum(counts)) / total]
    return Binned(
        names=(*(shown(name) for name in names), OTHER, MISSING),
        shares=(*shares, sketch.missing / total),
        place=place,
    )


def shown(name: str) -> str:
    """A category as the value of a label."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}~{crc32(name.encode('utf-8', 'replace')):08x}"
