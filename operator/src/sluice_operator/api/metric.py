"""What gates count and compare, and what each pair of the two means by default.

The tables are the only place that says so: types, admission and CEL are made from them.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class GateRole(StrEnum):
    """What a verdict of the gate does."""

    GUARDRAIL = "Guardrail"
    """Proven harm takes the candidate back, at any time."""
    OBJECTIVE = "Objective"
    """Must be proven safe before the candidate gets more than `maxWeightBeforeObjectives`; proven
    harm takes the candidate back."""
    OBSERVE = "Observe"
    """Reported, never acted upon."""


class Metric(StrEnum):
    """What a gate counts."""

    ERROR_RATE = "ErrorRate"
    """Requests that the revision failed (5xx), out of all it answered."""
    LATENCY_EXCEEDANCE = "LatencyExceedance"
    """Requests slower than `threshold`, out of all that were answered. Without a threshold: slower
    than stable's p99 when the rollout began, and than the edges beside it."""
    ACCURACY = "Accuracy"
    """Wrong predictions among those whose label has arrived."""
    PREDICTION_SHIFT = "PredictionShift"
    """How often each class, or each decile of the score (see `answer`), is predicted. Paired: how
    often both revisions say something different of the same request."""
    FEATURE_DRIFT = "FeatureDrift"
    """How often inputs fall into each bin of the package's profile."""
    SAMPLE_RATIO = "SampleRatio"
    """Whether the candidate gets the share of requests that it was given."""
    LABEL_COVERAGE = "LabelCoverage"
    """Matured answers without a label: a model may change which requests get one."""
    BUSINESS_KPI = "BusinessKPI"
    """Mean worth of the events that follow an answer, such as purchases."""
    COUNTERS = "Counters"
    """Two counters of the user's own in Prometheus."""


class Comparison(StrEnum):
    """What the candidate is compared with."""

    RELATIVE = "Relative"
    """The stable revision, at the same time; `margin` is the largest tolerated ratio."""
    ABSOLUTE = "Absolute"
    """A constant: `margin`; for FeatureDrift the profile, for SampleRatio the wanted share."""
    PAIRED = "Paired"
    """The stable revision on the same request; `margin` is the largest tolerated loss, for
    PredictionShift the largest tolerated share of different predictions."""


COMPARISONS: Mapping[Metric, tuple[Comparison, ...]] = MappingProxyType(
    {
        Metric.ERROR_RATE: (Comparison.RELATIVE, Comparison.ABSOLUTE),
        Metric.LATENCY_EXCEEDANCE: (Comparison.RELATIVE, Comparison.ABSOLUTE),
        Metric.ACCURACY: (Comparison.RELATIVE, Comparison.ABSOLUTE, Comparison.PAIRED),
        Metric.PREDICTION_SHIFT: (Comparison.RELATIVE, Comparison.PAIRED),
        Metric.FEATURE_DRIFT: (Comparison.ABSOLUTE,),
        Metric.SAMPLE_RATIO: (Comparison.ABSOLUTE,),
        Metric.LABEL_COVERAGE: (Comparison.RELATIVE,),
        Metric.BUSINESS_KPI: (Comparison.RELATIVE,),
        Metric.COUNTERS: (Comparison.RELATIVE, Comparison.ABSOLUTE),
    }
)
"""What each metric can be compared with; the first is meant when nothing is said."""

RATIO_BY_CONSTANT = frozenset({Metric.FEATURE_DRIFT, Metric.SAMPLE_RATIO})
"""Absolute, but the constant comes with the counts, and `margin` is a ratio to it."""

NO_MARGIN = 0.0
"""Stands for a margin that nobody gave where none can be guessed; admission refuses it."""

MARGINS: Mapping[tuple[Metric, Comparison], float] = MappingProxyType(
    {
        (Metric.ERROR_RATE, Comparison.RELATIVE): 1.5,
        (Metric.LATENCY_EXCEEDANCE, Comparison.RELATIVE): 1.5,
        (Metric.ACCURACY, Comparison.RELATIVE): 1.2,
        (Metric.ACCURACY, Comparison.PAIRED): 0.02,
        (Metric.PREDICTION_SHIFT, Comparison.RELATIVE): 2.0,
        (Metric.PREDICTION_SHIFT, Comparison.PAIRED): 0.05,
        (Metric.FEATURE_DRIFT, Comparison.ABSOLUTE): 2.0,
        (Metric.SAMPLE_RATIO, Comparison.ABSOLUTE): 1.25,
        (Metric.LABEL_COVERAGE, Comparison.RELATIVE): 1.25,
        (Metric.BUSINESS_KPI, Comparison.RELATIVE): 1.05,
        (Metric.COUNTERS, Comparison.RELATIVE): 1.5,
    }
)
"""Margins where one can be guessed. An Absolute rate is a promise that only its owner can know.

Source: 1.5 for ratios of rates is the lower of the margins (1.5 to 2) for which times to a proof
are known at 2 to 20 requests/s; wrong answers are more frequent than errors, so 1.2 can be proven.
Two points of accuracy are what about 1,000 labelled pairs can prove at 5 % of different answers. A
class that is predicted twice or half as often is a large effect by Cohen (w of 0.5 at a share of
20 %). 1.25 is the limit of bioequivalence for ratios (EMA, CPMP/EWP/QWP/1401/98 Rev. 1). 5 % of a
mean is what some 100,000 answers of each revision resolve where one in ten is bought.
"""

ALPHA, ALPHA_OF_RATIO = 0.01, 0.001
"""A sample ratio is asked at every look of every rollout and is wrong only if the router is: a
false alarm there sends people to look for a fault that is none.

Source: Fabijan et al., Diagnosing Sample Ratio Mismatch (KDD 2019), who alarm below 0.0005.
"""


def default_comparison(gate: Mapping[str, Any]) -> Comparison:
    """What a metric is compared with when the gate does not say."""
    return COMPARISONS[gate["metric"]][0]


def default_margin(gate: Mapping[str, Any]) -> float:
    """The margin of a gate that gives none."""
    return MARGINS.get((gate["metric"], gate["comparison"]), NO_MARGIN)


def default_alpha(gate: Mapping[str, Any]) -> float:
    """The chance of a false alarm of a gate that gives none."""
    return ALPHA_OF_RATIO if gate["metric"] is Metric.SAMPLE_RATIO else ALPHA


def default_role(gate: Mapping[str, Any]) -> GateRole:
    """Inputs drift for both revisions alike: a reason to look, and no proof against either."""
    return GateRole.OBSERVE if gate["metric"] is Metric.FEATURE_DRIFT else GateRole.GUARDRAIL
