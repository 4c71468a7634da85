"""Which family of tests answers a question: the metric and the comparison choose it together."""

from sluice_operator.judge.bounded import BoundedFamily
from sluice_operator.judge.coverage import CoverageFamily
from sluice_operator.judge.disagreement import DisagreementFamily
from sluice_operator.judge.drift import DriftFamily
from sluice_operator.judge.edge import EdgeFamily
from sluice_operator.judge.family import Family
from sluice_operator.judge.hypothesis import (
    ABSOLUTE,
    COVERAGE,
    FEATURES,
    KEY_FIGURE,
    LATENCY,
    PAIRED,
    PREDICTIONS,
    RELATIVE,
    SPLIT,
    Test,
)
from sluice_operator.judge.paired import PairedFamily
from sluice_operator.judge.rate import RateFamily
from sluice_operator.judge.ratio import RatioFamily
from sluice_operator.judge.shift import ShiftFamily
from sluice_operator.judge.split import SplitFamily
from sluice_operator.judge.tailed import TailedFamily

PLAIN: dict[str, Family] = {
    RELATIVE: RatioFamily(),
    ABSOLUTE: RateFamily(),
    PAIRED: PairedFamily(),
}
"""Families of metrics that count bad of total, by comparison."""
FAMILIES: dict[tuple[str, str], Family] = {
    (LATENCY, RELATIVE): EdgeFamily(),
    (PREDICTIONS, RELATIVE): ShiftFamily(),
    (PREDICTIONS, PAIRED): DisagreementFamily(),
    (FEATURES, ABSOLUTE): DriftFamily(),
    (SPLIT, ABSOLUTE): SplitFamily(),
    (COVERAGE, RELATIVE): CoverageFamily(),
    (KEY_FIGURE, RELATIVE): TailedFamily(),
}
"""Families of metrics that have their own, by metric and comparison."""
_BOUNDED = BoundedFamily()


def family_of(test: Test) -> Family:
    """The family that carries out the test."""
    if test.kind == LATENCY and test.detail:
        return PLAIN[test.comparison]
    if test.kind == KEY_FIGURE and test.is_bounded:
        return _BOUNDED
    return FAMILIES.get((test.kind, test.comparison)) or PLAIN[test.comparison]
