"""What one gate has to prove, and how surely: the fixed part of a sequential test."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from sluice_operator.errors import SpecError

RELATIVE = "Relative"
ABSOLUTE = "Absolute"
PAIRED = "Paired"

_MARGINS: dict[str, tuple[Callable[[float], bool], str]] = {
    RELATIVE: (lambda margin: 0 < margin < inf, "a ratio above 0, for example 1.5"),
    ABSOLUTE: (lambda margin: 0 < margin < 1, "a rate between 0 and 1, for example 0.01"),
    PAIRED: (lambda margin: 0 <= margin < 1, "a loss of at least 0, below 1, for example 0.02"),
}
"""Comparison to whether a margin can be one, and the way out in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Two one-sided hypotheses about the candidate, each with its own error rate.

    Changing any field asks another question: evidence of the old one does not answer it.

    Raises:
        SpecError: A field is out of range; the message names it.
    """

    __test__: ClassVar[bool] = False  # pytest must not take the name for a test case

    metric: str = "ErrorRate"
    """What counts as bad; only words depend on it."""
    comparison: str = RELATIVE
    """`Relative`: against stable at the same time. `Absolute`: against a constant. `Paired`:
    against stable on the same requests."""
    margin: float
    """Safety is proven against this. Relative: ratio of bad rates. Absolute: rate of bad requests
    (harm is proven against it, too). Paired: loss of mean; 0 asks for proof of a gain."""
    alpha_harm: float = 0.01
    """Chance, over all looks together, that a candidate without harm is called harmful."""
    alpha_safe: float = 0.05
    """Chance, over all looks together, that a candidate at the margin is called safe."""
    min_samples: int = 100
    """Candidate's requests, or labelled pairs, before safety can be proven; harm needs none."""

    def __post_init__(self) -> None:
        """Refuse what no test could be built from."""
        if self.comparison not in _MARGINS:
            raise SpecError(
                f"comparison: {self.comparison!r} is unknown; say one of {', '.join(_MARGINS)}"
            )
        possible, way_out = _MARGINS[self.comparison]
        if not possible(self.margin):
            raise SpecError(f"margin: {self.margin:g} with {self.comparison}; give {way_out}")
        for name in ("alpha_harm", "alpha_safe"):
            if not 0 < getattr(self, name) < 1:
                raise SpecError(f"{name}: {getattr(self, name):g}; give a chance between 0 and 1")
        if self.min_samples < 0:
            raise SpecError(f"min_samples: {self.min_samples}; give a count of at least 0")
