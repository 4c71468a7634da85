"""Rules about one gate: its metric, what it compares with, its margin and its chances of error."""

from collections.abc import Callable

from sluice_operator.api.admission.rule import WITH_GATES, Rule
from sluice_operator.api.fields import format_duration, parse_duration
from sluice_operator.api.metric import (
    ALPHA,
    ALPHA_OF_RATIO,
    COMPARISONS,
    NO_MARGIN,
    RATIO_BY_CONSTANT,
)
from sluice_operator.api.v1alpha1 import Comparison, Gate, Metric

EDGES = (
    "5ms",
    "10ms",
    "25ms",
    "50ms",
    "100ms",
    "250ms",
    "500ms",
    "1s",
    "2500ms",
    "5s",
    "10s",
)
"""Where buckets of latency end in Seldon Core 1 and 2, in our runtime and in Envoy alike; a gate
at any other time would stay blind for ever.

Source: DefBuckets of prometheus/client_golang; HistogramBucketSettings of Envoy.
"""
_EDGES = ", ".join(f"duration('{edge}')" for edge in EDGES)
_GATE = "spec.gates[]"


def _listed(metrics: frozenset[Metric]) -> str:
    """As a list of CEL."""
    return "[" + ", ".join(f"'{metric}'" for metric in sorted(metrics)) + "]"


def _with(comparison: Comparison) -> frozenset[Metric]:
    """Metrics that can be compared so."""
    return frozenset(metric for metric, known in COMPARISONS.items() if comparison in known)


_FIXED = frozenset(m for m, known in COMPARISONS.items() if known[0] is Comparison.ABSOLUTE)
_HOW = (
    f"(has(self.comparison) ? self.comparison : self.metric in {_listed(_FIXED)}"
    " ? 'Absolute' : 'Relative')"
)
"""The comparison of a gate, which is not written into the object when it is left out."""
_IS_RATE = (
    f"(({_HOW} == 'Absolute' && !(self.metric in {_listed(RATIO_BY_CONSTANT)}))"
    f" || ({_HOW} == 'Paired' && self.metric == 'PredictionShift'))"
)
_IS_RATIO = f"({_HOW} == 'Relative' || self.metric in {_listed(RATIO_BY_CONSTANT)})"


def role_of(gate: str) -> str:
    """The role of a gate in CEL, likewise."""
    observed = f"{gate}.metric == 'FeatureDrift' ? 'Observe' : 'Guardrail'"
    return f"(has({gate}.role) ? {gate}.role : {observed})"


def alpha_of(gate: str) -> str:
    """The alpha of a gate in CEL, likewise."""
    default = f"{gate}.metric == 'SampleRatio' ? {ALPHA_OF_RATIO} : {ALPHA}"
    return f"(has({gate}.alpha) ? double({gate}.alpha) : {default})"


def _is_rate(gate: Gate) -> bool:
    by_constant = gate.comparison is Comparison.ABSOLUTE and gate.metric not in RATIO_BY_CONSTANT
    paired = gate.comparison is Comparison.PAIRED
    return by_constant or (paired and gate.metric is Metric.PREDICTION_SHIFT)


def _is_ratio(gate: Gate) -> bool:
    return gate.comparison is Comparison.RELATIVE or gate.metric in RATIO_BY_CONSTANT


def _comparison(gate: Gate) -> str:
    known = COMPARISONS[gate.metric]
    if gate.comparison in known:
        return ""
    return f".comparison: {gate.metric} is not judged so; say {' or '.join(known)}"


def _margin_is_needed(gate: Gate) -> str:
    if not _is_rate(gate) or gate.margin != NO_MARGIN:
        return ""
    return ".margin: missing or 0; only you know what may fail; give a rate, for example 0.01"


def _ratio(gate: Gate) -> str:
    if not _is_ratio(gate) or gate.margin > 1:
        return ""
    return f".margin: {gate.margin:g} is no tolerated ratio; give one over 1, for example 1.5"


def _rate(gate: Gate) -> str:
    if not _is_rate(gate) or gate.margin < 1:
        return ""
    return f".margin: {gate.margin:g} is no rate; give one between 0 and 1, for example 0.01"


def _loss(gate: Gate) -> str:
    if gate.comparison is not Comparison.PAIRED or gate.metric is not Metric.ACCURACY:
        return ""
    if gate.margin < 1:
        return ""
    return f".margin: {gate.margin:g} is no tolerated loss; give a share below 1, for example 0.02"


def _counts_labels(gate: Gate) -> bool:
    if gate.metric is Metric.ACCURACY:
        return gate.comparison is not Comparison.PAIRED
    return gate.metric is Metric.LABEL_COVERAGE


def _labels_are_needed(gate: Gate) -> str:
    if not _counts_labels(gate) or gate.labels is not None:
        return ""
    return ".labels: missing; say at which age answers are counted, for example {maturity: 24h}"


def _labels_are_not_needed(gate: Gate) -> str:
    if _counts_labels(gate) or gate.labels is None:
        return ""
    return f".labels: {gate.metric} {gate.comparison} does not wait for labels; remove it"


def _owned(
    metric: Metric, field: str, example: str
) -> tuple[Callable[[Gate], str], Callable[[Gate], str]]:
    """Two checks of a field that one metric needs and the others have not."""

    def needed(gate: Gate) -> str:
        if gate.metric is not metric or getattr(gate, field) is not None:
            return ""
        return f".{field}: missing; {metric} needs it, for example {example}"

    def not_needed(gate: Gate) -> str:
        if gate.metric is metric or getattr(gate, field) is None:
            return ""
        return f".{field}: {gate.metric} has none; remove it, or say metric: {metric}"

    return needed, not_needed


_KPI = "{name: purchase, maturity: 24h}"
_COUNTERS = "{bad: failures_total, total: attempts_total}"
_kpi_is_needed, _kpi_is_not_needed = _owned(Metric.BUSINESS_KPI, "kpi", _KPI)
_counters_are_needed, _counters_are_not_needed = _owned(Metric.COUNTERS, "counters", _COUNTERS)
_, _threshold_is_not_needed = _owned(Metric.LATENCY_EXCEEDANCE, "threshold", "250ms")


def _kpi_has_a_span(gate: Gate) -> str:
    if gate.kpi is None or (gate.kpi.lowest is None and gate.kpi.highest is None):
        return ""
    lowest, highest = gate.kpi.lowest, gate.kpi.highest
    if lowest is not None and highest is not None and max(lowest, 0) < highest:
        return ""
    return ".kpi: lowest and highest come together, the lower first, the higher over 0; correct it"


def _threshold_is_an_edge(gate: Gate) -> str:
    if gate.threshold is None or gate.threshold in map(parse_duration, EDGES):
        return ""
    return (
        f".threshold: {format_duration(gate.threshold)} is between two buckets, so nobody counts "
        f"it; write one of {', '.join(EDGES)}"
    )


def _latency_by_rate_has_a_threshold(gate: Gate) -> str:
    absolute = gate.comparison is Comparison.ABSOLUTE
    if gate.metric is not Metric.LATENCY_EXCEEDANCE or not absolute or gate.threshold is not None:
        return ""
    return ".threshold: missing; a constant rate is one of a time, for example 250ms"


def _answer_is_not_needed(gate: Gate) -> str:
    if gate.answer is None:
        return ""
    if gate.metric is Metric.PREDICTION_SHIFT and gate.comparison is Comparison.RELATIVE:
        return ""
    return (
        f".answer: {gate.metric} {gate.comparison} has none; remove it, or say metric:"
        f" {Metric.PREDICTION_SHIFT} and comparison: {Comparison.RELATIVE}"
    )


def _rule(
    name: str, cel: str, message: str, of_gate: Callable[[Gate], str] | None, at: str = _GATE
) -> Rule:
    return Rule(name=name, at=at, cel=cel, message=message, of_gate=of_gate, kinds=WITH_GATES)


_LABELLED = f"(self.metric == 'LabelCoverage' || (self.metric == 'Accuracy' && {_HOW} != 'Paired'))"
MARGIN = (
    _rule(
        "metric-knows-the-comparison",
        f"{_HOW} == 'Relative' ? self.metric in {_listed(_with(Comparison.RELATIVE))}"
        f" : {_HOW} == 'Absolute' ? self.metric in {_listed(_with(Comparison.ABSOLUTE))}"
        f" : self.metric in {_listed(_with(Comparison.PAIRED))}",
        "comparison: the metric is not judged so; see the table of metrics in the documentation of"
        " ModelDeployment, or leave comparison out",
        _comparison,
    ),
    _rule(
        "rate-needs-a-margin",
        f"!{_IS_RATE} || (has(self.margin) ? double(self.margin) > 0.0"
        " : self.metric == 'PredictionShift')",
        "margin: missing or 0; only you know what may fail; give a rate, for example '0.01'",
        _margin_is_needed,
    ),
    _rule(
        "margin-is-a-ratio",
        f"!{_IS_RATIO} || !has(self.margin) || double(self.margin) > 1.0",
        "margin: this gate tolerates a ratio; give one over 1, for example '1.5'",
        _ratio,
    ),
    _rule(
        "margin-is-a-rate",
        f"!{_IS_RATE} || !has(self.margin) || double(self.margin) < 1.0",
        "margin: this gate tolerates a rate; give one between 0 and 1, for example '0.01'",
        _rate,
    ),
    _rule(
        "margin-is-a-loss",
        f"{_HOW} != 'Paired' || self.metric != 'Accuracy' || !has(self.margin)"
        " || double(self.margin) < 1.0",
        "margin: a Paired gate tolerates a loss; give a share below 1, for example '0.02'",
        _loss,
    ),
)
FIELD = (
    _rule(
        "labels-are-needed",
        f"!{_LABELLED} || has(self.labels)",
        "labels: missing; say at which age answers are counted, for example {maturity: 24h}",
        _labels_are_needed,
    ),
    _rule(
        "labels-are-not-needed",
        f"{_LABELLED} || !has(self.labels)",
        "labels: only Accuracy on split traffic and LabelCoverage wait for labels; remove it",
        _labels_are_not_needed,
    ),
    _rule(
        "kpi-is-needed",
        "self.metric != 'BusinessKPI' || has(self.kpi)",
        f"kpi: missing; BusinessKPI needs it, for example {_KPI}",
        _kpi_is_needed,
    ),
    _rule(
        "kpi-is-not-needed",
        "self.metric == 'BusinessKPI' || !has(self.kpi)",
        "kpi: only BusinessKPI has one; remove it, or say that metric",
        _kpi_is_not_needed,
    ),
    _rule(
        "kpi-has-a-span",
        "has(self.lowest) == has(self.highest) && (!has(self.lowest) || !has(self.highest)"
        " || (double(self.lowest) < double(self.highest) && double(self.highest) > 0.0))",
        "lowest and highest come together, the lower first, the higher over 0; correct or remove"
        " them",
        _kpi_has_a_span,
        at=f"{_GATE}.kpi",
    ),
    _rule(
        "counters-are-needed",
        "self.metric != 'Counters' || has(self.counters)",
        f"counters: missing; Counters needs them, for example {_COUNTERS}",
        _counters_are_needed,
    ),
    _rule(
        "counters-are-not-needed",
        "self.metric == 'Counters' || !has(self.counters)",
        "counters: only the metric Counters has them; remove them, or say that metric",
        _counters_are_not_needed,
    ),
    _rule(
        "answer-is-not-needed",
        f"!has(self.answer) || (self.metric == 'PredictionShift' && {_HOW} == 'Relative')",
        "answer: only PredictionShift that compares with stable (Relative) has one; remove it, or"
        " say that metric and comparison",
        _answer_is_not_needed,
    ),
    _rule(
        "constant-latency-needs-a-threshold",
        f"self.metric != 'LatencyExceedance' || {_HOW} != 'Absolute' || has(self.threshold)",
        "threshold: missing; a constant rate is one of a time, for example 250ms",
        _latency_by_rate_has_a_threshold,
    ),
    _rule(
        "threshold-is-not-needed",
        "self.metric == 'LatencyExceedance' || !has(self.threshold)",
        "threshold: only LatencyExceedance has one; remove it or say that metric",
        _threshold_is_not_needed,
    ),
    _rule(
        "threshold-is-an-edge",
        f"!has(self.threshold) || duration(self.threshold) in [{_EDGES}]",
        "threshold: a time between two buckets is counted by nobody; write one of "
        + ", ".join(EDGES),
        _threshold_is_an_edge,
    ),
)
CHANCE = (
    _rule(
        "alpha-is-a-small-chance",
        "!has(self.alpha) || (double(self.alpha) > 0.0 && double(self.alpha) <= 0.05)",
        "alpha: a chance of false rollback over 0 and up to 0.05; write for example '0.01'",
        None,
    ),
    _rule(
        "alpha-safe-is-a-small-chance",
        "double(self.alphaSafe) > 0.0 && double(self.alphaSafe) <= 0.1",
        "alphaSafe: a chance of false safety over 0 and up to 0.1; write for example '0.05'",
        None,
    ),
)
COVERAGE = (
    Rule(
        name="coverage-is-a-share",
        at=f"{_GATE}.labels.minCoverage",
        cel="double(self) <= 1.0",
        message="a share of answers is at most 1; write for example '0.8'",
        kinds=WITH_GATES,
    ),
    Rule(
        name="maturity-takes-time",
        at=f"{_GATE}.labels.maturity",
        cel="duration(self) > duration('0s')",
        message="no label comes with the answer; write for example 24h",
        kinds=WITH_GATES,
    ),
    Rule(
        name="figure-takes-time",
        at=f"{_GATE}.kpi.maturity",
        cel="duration(self) > duration('0s')",
        message="nothing follows an answer at once; write for example 24h",
        kinds=WITH_GATES,
    ),
)
GATE = (*MARGIN, *FIELD, *CHANCE, *COVERAGE)
