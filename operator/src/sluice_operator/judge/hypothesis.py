"""What one gate has to prove, and how surely: the fixed part of a sequential test."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from sluice_operator.errors import SpecError

RELATIVE = "Relative"
ABSOLUTE = "Absolute"
PAIRED = "Paired"

LATENCY = "LatencyExceedance"
ACCURACY = "Accuracy"
PREDICTIONS = "PredictionShift"
FEATURES = "FeatureDrift"
SPLIT = "SampleRatio"
COVERAGE = "LabelCoverage"
KEY_FIGURE = "BusinessKPI"

COMPARISONS: dict[str, tuple[str, ...]] = {
    PREDICTIONS: (RELATIVE, PAIRED),
    FEATURES: (ABSOLUTE,),
    SPLIT: (ABSOLUTE,),
    COVERAGE: (RELATIVE,),
    KEY_FIGURE: (RELATIVE,),
}
"""What a metric with tests of its own can be compared with; others with anything."""

_Margin = tuple[Callable[[float], bool], str]
_RATIO: _Margin = (lambda margin: 0 < margin < inf, "a ratio above 0, for example 1.5")
_RATE: _Margin = (lambda margin: 0 < margin < 1, "a rate between 0 and 1, for example 0.01")
_LOSS: _Margin = (lambda margin: 0 <= margin < 1, "a loss of at least 0, below 1, for example 0.02")
_BOTH_WAYS: _Margin = (lambda margin: 1 < margin < inf, "a ratio above 1, for example 1.25")
"""Whether a margin can be one, and the way out in words."""

_MARGINS: dict[str, _Margin] = {RELATIVE: _RATIO, ABSOLUTE: _RATE, PAIRED: _LOSS}
_MARGINS_OF: dict[tuple[str, str], _Margin] = {
    (PREDICTIONS, RELATIVE): _BOTH_WAYS,
    (PREDICTIONS, PAIRED): _RATE,
    (FEATURES, ABSOLUTE): _BOTH_WAYS,
    (SPLIT, ABSOLUTE): _BOTH_WAYS,
    (COVERAGE, RELATIVE): _BOTH_WAYS,
}
"""Where the metric decides what a margin is, and not the comparison alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Two one-sided hypotheses about the candidate, each with its own error rate.

    Changing any field asks another question: evidence of the old one does not answer it.

    Raises:
        SpecError: A field is out of range; the message names it.
    """

    __test__: ClassVar[bool] = False  # pytest must not take the name for a test case

    metric: str = "ErrorRate"
    """What counts as bad. After a space may follow, in words, what else belongs to the question:
    `LatencyExceedance over 250ms`."""
    comparison: str = RELATIVE
    """`Relative`: against stable at the same time. `Absolute`: against a constant. `Paired`:
    against stable on the same requests. With the metric it chooses the family of tests."""
    margin: float
    """Safety is proven against this. Relative: ratio of bad rates. Absolute: rate of bad requests
    (harm is proven against it, too). Paired: loss of mean; 0 asks for proof of a gain. Metrics with
    tests of their own say in their family what it is."""
    alpha_harm: float = 0.01
    """Chance, over all looks together, that a candidate without harm is called harmful."""
    alpha_safe: float = 0.05
    """Chance, over all looks together, that a candidate at the margin is called safe."""
    min_samples: int = 100
    """Candidate's requests, or labelled pairs, before safety can be proven; harm needs none."""
    min_coverage: float = 0.0
    """Least share of matured answers with a label, on either side; below it there is no data."""
    lowest: float | None = None
    highest: float | None = None
    """BusinessKPI: bounds of the worth of one answer; without both the test is asymptotic."""
    source: str = ""
    """What else belongs to the question and is not said in sentences: selectors of counters."""

    def __post_init__(self) -> None:
        """Refuse what no test could be built from."""
        self._refuse_comparison()
        possible, way_out = _MARGINS_OF.get((self.kind, self.comparison), _MARGINS[self.comparison])
        if not possible(self.margin):
            raise SpecError(f"margin: {self.margin:g} with {self.comparison}; give {way_out}")
        for name in ("alpha_harm", "alpha_safe"):
            if not 0 < getattr(self, name) < 1:
                raise SpecError(f"{name}: {getattr(self, name):g}; give a chance between 0 and 1")
        if self.min_samples < 0:
            raise SpecError(f"min_samples: {self.min_samples}; give a count of at least 0")
        self._refuse_limits()

    @property
    def kind(self) -> str:
        """The metric alone."""
        return self.metric.partition(" ")[0]

    @property
    def detail(self) -> str:
        """What follows the metric, in words."""
        return self.metric.partition(" ")[2]

    @property
    def is_bounded(self) -> bool:
        """Whether the worth of one answer has both bounds."""
        return self.lowest is not None and self.highest is not None

    def _refuse_comparison(self) -> None:
        if self.comparison not in _MARGINS:
            raise SpecError(
                f"comparison: {self.comparison!r} is unknown; say one of {', '.join(_MARGINS)}"
            )
        allowed = COMPARISONS.get(self.kind, tuple(_MARGINS))
        if self.comparison not in allowed:
            way_out = " or ".join(allowed)
            raise SpecError(
                f"comparison: {self.kind} is not judged {self.comparison}; say {way_out}"
            )

    def _refuse_limits(self) -> None:
        if not 0 <= self.min_coverage <= 1:
            raise SpecError(f"min_coverage: {self.min_coverage:g}; give a share between 0 and 1")
        low, high = self.lowest, self.highest
        if low is not None and high is not None and not max(low, 0.0) < high < inf:
            raise SpecError(
                f"highest: {high:g} with lowest {low:g}; give more than that, and more than 0"
            )
