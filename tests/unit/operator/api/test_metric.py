"""Metrics: what they can be compared with, and what they mean when little is said."""

import pytest
from admission_objects import COUNTERS, FIGURE, LABELS, gates
from sluice_operator.api.load import parse
from sluice_operator.api.metric import COMPARISONS, MARGINS
from sluice_operator.api.v1alpha1 import Comparison, Gate, GateRole, Metric
from sluice_operator.errors import SpecError
from sluice_operator.rollout.gate import test_of as sequential_test_of

NEEDS = {
    Metric.LABEL_COVERAGE: {"labels": LABELS},
    Metric.BUSINESS_KPI: {"kpi": FIGURE},
    Metric.COUNTERS: {"counters": COUNTERS},
}
PAIRS = [(metric, how) for metric, known in COMPARISONS.items() for how in known]


def gate_of(metric: Metric, comparison: Comparison) -> dict:
    """The shortest gate of a pair that is admitted."""
    gate = {"name": "g", "metric": metric.value, "comparison": comparison.value}
    gate |= NEEDS.get(metric, {})
    if metric is Metric.ACCURACY and comparison is not Comparison.PAIRED:
        gate["labels"] = LABELS
    if (metric, comparison) not in MARGINS:
        gate["margin"] = "0.01"
    if (metric, comparison) == (Metric.LATENCY_EXCEEDANCE, Comparison.ABSOLUTE):
        gate["threshold"] = "250ms"
    return gate


def admitted(*some: dict) -> tuple[Gate, ...]:
    return parse(gates(*some, {"name": "errors", "metric": "ErrorRate"})).spec.gates


def test_every_metric_has_a_comparison() -> None:
    assert COMPARISONS.keys() == set(Metric)


@pytest.mark.parametrize(("metric", "comparison"), PAIRS)
def test_what_is_admitted_can_be_judged(metric: Metric, comparison: Comparison) -> None:
    gate, _ = admitted(gate_of(metric, comparison))
    assert sequential_test_of(gate).margin == gate.margin


@pytest.mark.parametrize(
    ("metric", "comparison"),
    [(m, c) for m in Metric for c in Comparison if c not in COMPARISONS[m]],
)
def test_any_other_pair_is_refused(metric: Metric, comparison: Comparison) -> None:
    with pytest.raises(SpecError, match=f"comparison: {metric} is not judged so; say"):
        admitted(gate_of(metric, comparison) | {"margin": "0.5"})


@pytest.mark.parametrize(
    ("metric", "comparison", "role", "margin", "alpha"),
    [
        ("ErrorRate", Comparison.RELATIVE, GateRole.GUARDRAIL, 1.5, 0.01),
        ("SampleRatio", Comparison.ABSOLUTE, GateRole.GUARDRAIL, 1.25, 0.001),
        ("FeatureDrift", Comparison.ABSOLUTE, GateRole.OBSERVE, 2.0, 0.01),
        ("PredictionShift", Comparison.RELATIVE, GateRole.GUARDRAIL, 2.0, 0.01),
    ],
)
def test_a_metric_alone_says_enough(metric, comparison, role, margin, alpha) -> None:
    gate = Gate(name="g", metric=metric)
    assert (gate.comparison, gate.role, gate.margin, gate.alpha) == (
        comparison,
        role,
        margin,
        alpha,
    )


def test_what_is_said_wins_over_what_is_meant() -> None:
    gate = Gate(name="g", metric="SampleRatio", margin="1.5", alpha="0.01", role="Observe")
    assert (gate.margin, gate.alpha, gate.role) == (1.5, 0.01, GateRole.OBSERVE)


def test_only_its_owner_knows_what_may_fail() -> None:
    with pytest.raises(SpecError, match=r"margin: missing or 0; only you know what may fail"):
        admitted({"name": "slo", "metric": "ErrorRate", "comparison": "Absolute"})


def test_a_wrong_metric_is_the_only_thing_that_is_told() -> None:
    """What depends on it is not told as missing too."""
    with pytest.raises(SpecError) as told:
        admitted({"name": "x", "metric": "Errors"})
    assert len(str(told.value).splitlines()) == 1


def test_a_figure_may_be_a_loss_and_large() -> None:
    bounds = {"lowest": "-250000.5", "highest": "999999999"}
    gate, _ = admitted({"name": "g", "metric": "BusinessKPI", "kpi": FIGURE | bounds})
    assert gate.kpi is not None
    assert (gate.kpi.lowest, gate.kpi.highest) == (-250000.5, 999999999.0)
    assert gate.to_wire()["kpi"] == FIGURE | bounds
