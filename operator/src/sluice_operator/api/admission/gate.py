"""Rules about one gate: its metric, what it compares with, its margin and its chances of error."""

from collections.abc import Callable, Iterator

from sluice_operator.api.admission.rule import Check, Rule
from sluice_operator.api.fields import format_duration, parse_duration
from sluice_operator.api.v1alpha1 import Comparison, Gate, Metric, Spec

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


def _each_gate(broken: Callable[[Gate], str]) -> Check:
    """The check of a rule that looks at one gate: what is broken, or nothing."""

    def check(spec: Spec) -> Iterator[str]:
        for i, gate in enumerate(spec.gates):
            if words := broken(gate):
                yield f"spec.gates[{i}] ({gate.name}){words}"

    return check


def _ratio(gate: Gate) -> str:
    if gate.comparison is not Comparison.RELATIVE or gate.margin > 1:
        return ""
    return f".margin: {gate.margin:g} is no tolerated ratio; give one over 1, for example 1.5"


def _rate(gate: Gate) -> str:
    if gate.comparison is not Comparison.ABSOLUTE or 0 < gate.margin < 1:
        return ""
    return f".margin: {gate.margin:g} is no rate; give one between 0 and 1, for example 0.01"


def _loss(gate: Gate) -> str:
    if gate.comparison is not Comparison.PAIRED or gate.margin < 1:
        return ""
    return f".margin: {gate.margin:g} is no tolerated loss; give a share below 1, for example 0.02"


def _accuracy_is_paired(gate: Gate) -> str:
    if gate.metric is not Metric.ACCURACY or gate.comparison is Comparison.PAIRED:
        return ""
    return ": Accuracy is judged on pairs; say comparison: Paired and add a mirror"


def _pairs_are_of_accuracy(gate: Gate) -> str:
    if gate.comparison is not Comparison.PAIRED or gate.metric is Metric.ACCURACY:
        return ""
    return f": {gate.metric} is not judged on pairs; say Relative or Absolute"


def _threshold_is_needed(gate: Gate) -> str:
    if gate.metric is not Metric.LATENCY_EXCEEDANCE or gate.threshold is not None:
        return ""
    return ".threshold: missing; LatencyExceedance needs one, for example 250ms"


def _threshold_is_not_needed(gate: Gate) -> str:
    if gate.metric is Metric.LATENCY_EXCEEDANCE or gate.threshold is None:
        return ""
    return f".threshold: {gate.metric} has none; remove it, or say metric: LatencyExceedance"


def _threshold_is_an_edge(gate: Gate) -> str:
    if gate.threshold is None or gate.threshold in map(parse_duration, EDGES):
        return ""
    return (
        f".threshold: {format_duration(gate.threshold)} is between two buckets, so nobody counts "
        f"it; write one of {', '.join(EDGES)}"
    )


GATE = (
    Rule(
        name="relative-margin-is-a-ratio",
        at=_GATE,
        cel="self.comparison != 'Relative' || double(self.margin) > 1.0",
        message="margin: a Relative gate tolerates a ratio; give one over 1, for example '1.5'",
        check=_each_gate(_ratio),
    ),
    Rule(
        name="absolute-margin-is-a-rate",
        at=_GATE,
        cel="self.comparison != 'Absolute'"
        " || (double(self.margin) > 0.0 && double(self.margin) < 1.0)",
        message="margin: an Absolute gate tolerates a rate; give one between 0 and 1, for example"
        " '0.01'",
        check=_each_gate(_rate),
    ),
    Rule(
        name="paired-margin-is-a-loss",
        at=_GATE,
        cel="self.comparison != 'Paired' || double(self.margin) < 1.0",
        message="margin: a Paired gate tolerates a loss; give a share below 1, for example '0.02'",
        check=_each_gate(_loss),
    ),
    Rule(
        name="accuracy-is-paired",
        at=_GATE,
        cel="self.metric != 'Accuracy' || self.comparison == 'Paired'",
        message="Accuracy is judged on pairs; say comparison: Paired and add a mirror step",
        check=_each_gate(_accuracy_is_paired),
    ),
    Rule(
        name="pairs-are-of-accuracy",
        at=_GATE,
        cel="self.comparison != 'Paired' || self.metric == 'Accuracy'",
        message="only Accuracy is judged on pairs; say comparison: Relative or Absolute",
        check=_each_gate(_pairs_are_of_accuracy),
    ),
    Rule(
        name="threshold-is-needed",
        at=_GATE,
        cel="self.metric != 'LatencyExceedance' || has(self.threshold)",
        message="threshold: missing; LatencyExceedance needs one, for example 250ms",
        check=_each_gate(_threshold_is_needed),
    ),
    Rule(
        name="threshold-is-not-needed",
        at=_GATE,
        cel="self.metric == 'LatencyExceedance' || !has(self.threshold)",
        message="threshold: only LatencyExceedance has one; remove it or say that metric",
        check=_each_gate(_threshold_is_not_needed),
    ),
    Rule(
        name="threshold-is-an-edge",
        at=_GATE,
        cel=f"!has(self.threshold) || duration(self.threshold) in [{_EDGES}]",
        message="threshold: a time between two buckets is counted by nobody; write one of "
        + ", ".join(EDGES),
        check=_each_gate(_threshold_is_an_edge),
    ),
    Rule(
        name="alpha-is-a-small-chance",
        at=_GATE,
        cel="double(self.alpha) > 0.0 && double(self.alpha) <= 0.05",
        message="alpha: a chance of false rollback over 0 and up to 0.05; write for example '0.01'",
    ),
    Rule(
        name="alpha-safe-is-a-small-chance",
        at=_GATE,
        cel="double(self.alphaSafe) > 0.0 && double(self.alphaSafe) <= 0.1",
        message="alphaSafe: a chance of false safety over 0 and up to 0.1; write for example"
        " '0.05'",
    ),
)
