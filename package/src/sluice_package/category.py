"""The sketch of a column of texts.

Law: the LIMIT categories with the smallest hashes are counted exactly; all others are counted in
OVERFLOW groups by their hash. A category that is among the smallest of the whole is so in each part
in which it occurs, so merging the sketches of parts gives the sketch of the whole. A hash decides,
not how often a category occurs: the most frequent of the first part need not be those of the whole.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

LIMIT = 4096
OVERFLOW = 256


class CategorySketch(BaseModel):
    """Counts of the categories of one column."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["category"] = "category"
    count: int = Field(default=0, ge=0)
    """Values that are not missing."""
    missing: int = Field(default=0, ge=0)
    categories: dict[str, int] = Field(default_factory=dict)
    """Values per category, exact."""
    overflow: dict[int, int] = Field(default_factory=dict)
    """Values of all further categories, per group of hashes; empty up to LIMIT categories."""

    @classmethod
    def of(cls, counts: Mapping[str, int], missing: int) -> Self:
        """The sketch of a column with these values per category."""
        kept, overflow = _divided(Counter(counts))
        return cls(
            count=sum(counts.values()), missing=missing, categories=kept, overflow=dict(overflow)
        )

    def merge(self, other: "CategorySketch") -> "CategorySketch":
        """The sketch of both sets, exact."""
        kept, overflow = _divided(Counter(self.categories) + Counter(other.categories))
        return CategorySketch(
            count=self.count + other.count,
            missing=self.missing + other.missing,
            categories=kept,
            overflow=dict(overflow + Counter(self.overflow) + Counter(other.overflow)),
        )


def _divided(counts: Counter[str]) -> tuple[dict[str, int], Counter[int]]:
    """What is counted by name, and what by group."""
    if len(counts) <= LIMIT:
        return dict(counts), Counter()
    hashes = {category: _hash(category) for category in counts}
    order = sorted(counts, key=lambda category: (hashes[category], category))
    overflow: Counter[int] = Counter()
    for category in order[LIMIT:]:
        overflow[hashes[category] % OVERFLOW] += counts[category]
    return {category: counts[category] for category in order[:LIMIT]}, overflow


def _hash(category: str) -> int:
    content = category.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest())
