"""Buckets for numbers, read from their bits: exact, the same on every machine, and mergeable.

A finite float64 is sign, exponent and mantissa. Keeping the exponent and the first `precision` bits
of the mantissa divides every octave into `2**precision` buckets of equal width. The key of a bucket
is a signed integer that rises with the value; one bit less of precision is `key >> 1`. No logarithm
is taken, so no rounding of a library can put one value into different buckets.

Law: among all precisions, the counts of a set have the finest one at which the set fills at most
LIMIT buckets, but never one below COARSEST. A part of a set fills no more buckets than the whole,
so joining the counts of parts finds the same precision and the same counts as counting the whole.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sluice_package.error import ProfileError

FINEST = 20
"""Bits at which integers below 2**21 each have a bucket of their own."""
COARSEST = 6
"""Bits that are never given up: a value in a bucket differs from its middle by at most 1/128."""
LIMIT = 2048
MANTISSA = 52
SAMPLE = 20_000
WIDEST_TABLE = 1 << 22

Keys = NDArray[np.int64]


class Counts(NamedTuple):
    """How many values fell into each bucket, in the order of the values.

    Shapes: keys, counts: (buckets,) int64.
    """

    precision: int
    keys: Keys
    counts: Keys


def relative_error(precision: int) -> float:
    """Largest distance of a value from the middle of its bucket, as a share of the value.

    Holds for normal numbers; below 2.3e-308 the distance is at most that number.
    """
    return 2.0 ** -(precision + 1)


def count_values(values: NDArray[np.float64]) -> Counts:
    """Counts of finite values.

    Shapes: values: (rows,) float64.
    """
    sample = _counted(_keys(values[:SAMPLE], FINEST))
    precision = _collapsed(Counts(FINEST, *sample)).precision
    return _collapsed(Counts(precision, *_counted(_keys(values, precision))))


def join(left: Counts, right: Counts) -> Counts:
    """The counts of both sets together."""
    precision = min(left.precision, right.precision)
    keys = np.concatenate([c.keys >> (c.precision - precision) for c in (left, right)])
    order = np.argsort(keys, kind="stable")
    counts = np.concatenate([left.counts, right.counts])[order]
    return _collapsed(Counts(precision, *_summed(keys[order], counts)))


def middle(key: int, precision: int) -> float:
    """The middle of a bucket, zero for that of zero; infinite if it reaches to infinity."""
    if key == 0:
        return 0.0
    near, far = edges(key, precision)
    return near + (far - near) / 2


def edges(key: int, precision: int) -> tuple[float, float]:
    """The ends of a bucket, the one nearer to zero first, which is the one that belongs to it."""
    magnitude = key if key >= 0 else ~key
    bits = np.array([magnitude, magnitude + 1], dtype=np.int64) << (MANTISSA - precision)
    near, far = bits.view(np.float64).tolist()
    return (near, far) if key >= 0 else (-near, -far)


def _keys(values: NDArray[np.float64], precision: int) -> Keys:
    bits = np.ascontiguousarray(values + 0.0).view(np.int64)  # + 0.0 makes one zero of the two
    magnitude = (bits & np.int64(0x7FFF_FFFF_FFFF_FFFF)) >> (MANTISSA - precision)
    return np.where(bits < 0, ~magnitude, magnitude)


def _counted(keys: Keys) -> tuple[Keys, Keys]:
    if keys.size == 0:
        return keys, keys
    lowest = keys.min()
    if int(keys.max()) - int(lowest) >= WIDEST_TABLE:
        found, counts = np.unique(keys, return_counts=True)
        return found, counts.astype(np.int64)
    table = np.bincount(keys - lowest)
    filled = np.flatnonzero(table)
    return filled + lowest, table[filled].astype(np.int64)


def _collapsed(counts: Counts) -> Counts:
    while counts.keys.size > LIMIT and counts.precision > COARSEST:
        summed = _summed(counts.keys >> 1, counts.counts)
        counts = Counts(counts.precision - 1, *summed)
    return counts


def _summed(keys: Keys, counts: Keys) -> tuple[Keys, Keys]:
    """Sorted keys once each, with the sum of their counts."""
    if keys.size == 0:
        return keys, counts
    starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    return keys[starts], np.add.reduceat(counts, starts)


def counts_of(precision: int, buckets: dict[int, int]) -> Counts:
    """Counts from a mapping of key to count.

    Raises:
        ProfileError: The precision is not one that this version makes.
    """
    if not COARSEST <= precision <= FINEST:
        raise ProfileError(
            f"Precision {precision} is not between {COARSEST} and {FINEST}; profile the data again"
        )
    keys = np.array(sorted(buckets), dtype=np.int64)
    counts = np.array([buckets[key] for key in keys.tolist()], dtype=np.int64)
    return Counts(precision, keys, counts)
