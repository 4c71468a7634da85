"""The sketch of a column of numbers."""

import math
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sluice_package.bucket import (
    COARSEST,
    FINEST,
    Counts,
    count_values,
    counts_of,
    join,
    middle,
    relative_error,
)
from sluice_package.error import ProfileError


class NumberSketch(BaseModel):
    """Counts, extremes, moments and buckets of the numbers of one column."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, ser_json_inf_nan="strings"
    )

    kind: Literal["number"] = "number"
    count: int = Field(default=0, ge=0)
    """Finite values."""
    missing: int = Field(default=0, ge=0)
    infinite: int = Field(default=0, ge=0)
    minimum: float | None = None
    """Smallest finite value; None without any."""
    maximum: float | None = None
    mean: float = 0.0
    squares: float = 0.0
    """Sum of the squared distances from the mean."""
    precision: int = Field(default=FINEST, ge=COARSEST, le=FINEST)
    """Bits of the mantissa by which buckets are told apart."""
    buckets: dict[int, int] = Field(default_factory=dict)
    """Values per bucket, by key; see `sluice_package.bucket`."""

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """The sketch of values, of which NaN are missing ones.

        Shapes: values: (rows,) float64.
        """
        missing = int(np.isnan(values).sum())
        finite = values[np.isfinite(values)] if not np.isfinite(values).all() else values
        sketch = cls(missing=missing, infinite=values.size - missing - finite.size)
        return sketch if finite.size == 0 else sketch._with_values(finite)

    def merge(self, other: "NumberSketch") -> "NumberSketch":
        """The sketch of both sets; counts are exact, moments exact up to rounding.

        Source: Chan, Golub, LeVeque, Updating formulae for computing sample variances (1979).
        """
        if not (self.count and other.count):
            filled = self if self.count else other
            return filled.model_copy(update=self._absences(other))
        total = self.count + other.count
        apart = other.mean - self.mean
        joined = join(self.counts, other.counts)
        lowest, highest = _extremes(self, other)
        return NumberSketch(
            count=total,
            minimum=lowest,
            maximum=highest,
            mean=self.mean + apart * (other.count / total),
            squares=self.squares
            + other.squares
            + apart * apart * (self.count * other.count / total),
            **_bucket_fields(joined),
            **self._absences(other),
        )

    @property
    def counts(self) -> Counts:
        """Values per bucket, in the order of the values."""
        return counts_of(self.precision, self.buckets)

    @property
    def relative_error(self) -> float:
        """Largest error of `quantile`, as a share of the true value."""
        return relative_error(self.precision)

    @property
    def deviation(self) -> float:
        """Standard deviation of the values as a population; NaN without any."""
        return math.sqrt(self.squares / self.count) if self.count else math.nan

    def quantile(self, share: float) -> float:
        """About the smallest value that at least this share of the values does not exceed.

        Raises:
            ProfileError: There are no values, or the share is not between 0 and 1.
        """
        if not self.count or not 0 <= share <= 1:
            raise ProfileError(
                f"No quantile {share} of {self.count} values; ask for 0 to 1 of some"
            )
        assert self.minimum is not None
        assert self.maximum is not None
        counts = self.counts
        rank = max(1, math.ceil(share * self.count))
        place = int(np.searchsorted(np.cumsum(counts.counts), rank))
        estimate = middle(int(counts.keys[place]), self.precision)
        return min(max(estimate, self.minimum), self.maximum)

    def _with_values(self, finite: NDArray[np.float64]) -> Self:
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(finite.mean())
            squares = float(np.square(finite - mean).sum())
        fields = {
            "count": int(finite.size),
            "minimum": float(finite.min()),
            "maximum": float(finite.max()),
            "mean": mean,
            "squares": squares,
        }
        return self.model_copy(update=fields | _bucket_fields(count_values(finite)))

    def _absences(self, other: "NumberSketch") -> dict[str, int]:
        return {
            "missing": self.missing + other.missing,
            "infinite": self.infinite + other.infinite,
        }


def _extremes(left: NumberSketch, right: NumberSketch) -> tuple[float, float]:
    known = [v for s in (left, right) for v in (s.minimum, s.maximum) if v is not None]
    return min(known), max(known)


def _bucket_fields(counts: Counts) -> dict[str, object]:
    buckets = dict(zip(counts.keys.tolist(), counts.counts.tolist(), strict=True))
    return {"precision": counts.precision, "buckets": buckets}
