"""Rules that strategy and gates must keep together."""

from collections import Counter
from collections.abc import Iterator

from sluice_operator.api.admission.gate import alpha_of, role_of
from sluice_operator.api.admission.rule import WITH_GATES, Rule
from sluice_operator.api.admission.strategy import STEPPED
from sluice_operator.api.gate import MOST_DRIFTS, MOST_SHIFTS
from sluice_operator.api.v1alpha1 import Comparison, Gate, GateRole, Metric, Spec, StrategyType

FAMILY_ALPHA = 0.05
"""Most that the alphas of all guardrails may sum to: chance of a false rollback per rollout."""
_TOO_LONG = "the evidence of more does not fit into a RolloutRun; remove some"
_ROUNDING = 1e-9
"""Far below the last digit that a decimal may have."""


def _names(spec: Spec) -> str:
    return ", ".join(sorted(gate.name for gate in spec.gates)) or "none"


def unique_gates(gates: tuple[Gate, ...]) -> Iterator[str]:
    """Breaches of what the API server keeps by itself: `spec.gates` is a map by name."""
    for name, times in Counter(gate.name for gate in gates).items():
        if times > 1:
            yield f"spec.gates: {times} gates are called {name!r}; give each its own name"


def _known_gates(spec: Spec) -> Iterator[str]:
    if spec.gate_templates:
        return
    known = {gate.name for gate in spec.gates}
    for i, step in enumerate(spec.strategy.steps):
        for name in step.analysis.gates if step.analysis else ():
            if name not in known:
                yield (
                    f"spec.strategy.steps[{i}].analysis.gates: no gate is called {name!r}; "
                    f"spec.gates has {_names(spec)}"
                )


def _known_primary_gate(spec: Spec) -> Iterator[str]:
    experiment = spec.strategy.experiment
    if spec.gate_templates or experiment is None:
        return
    if experiment.primary_gate not in {gate.name for gate in spec.gates}:
        yield (
            "spec.strategy.experiment.primaryGate: no gate is called "
            f"{experiment.primary_gate!r}; spec.gates has {_names(spec)}"
        )


def _primary_gate_is_the_objective(spec: Spec) -> Iterator[str]:
    experiment = spec.strategy.experiment
    for i, gate in enumerate(spec.gates if experiment else ()):
        assert experiment is not None
        primary = gate.name == experiment.primary_gate
        if primary and gate.role is not GateRole.OBJECTIVE:
            yield f"spec.gates[{i}] ({gate.name}).role: the primary gate decides; say Objective"
        if not primary and gate.role is GateRole.OBJECTIVE:
            yield (
                f"spec.gates[{i}] ({gate.name}).role: only the primary gate of an ABTest is an "
                "Objective; say Guardrail or Observe"
            )


def _defaults_mirror(spec: Spec) -> bool:
    strategy = spec.strategy
    return not strategy.steps and strategy.type in {StrategyType.SHADOW, StrategyType.BLUE_GREEN}


def _pairs_need_a_mirror(spec: Spec) -> Iterator[str]:
    mirrored = any(step.mirror and step.mirror.percent for step in spec.strategy.steps)
    if mirrored or _defaults_mirror(spec):
        return
    for i, gate in enumerate(spec.gates):
        if gate.comparison is Comparison.PAIRED:
            yield (
                f"spec.gates[{i}] ({gate.name}): a Paired gate needs a mirror step, because pairs "
                "exist only where both revisions answer the same request"
            )


def _shares_need_a_weight(spec: Spec) -> Iterator[str]:
    strategy = spec.strategy
    weighted = any(step.set_weight for step in strategy.plan)
    if weighted or (strategy.type is StrategyType.CANARY and not strategy.steps):
        return
    for i, gate in enumerate(spec.gates):
        if gate.metric is Metric.SAMPLE_RATIO:
            yield (
                f"spec.gates[{i}] ({gate.name}): a SampleRatio gate needs a setWeight step or an "
                "experiment, because copies are no share of the users"
            )


def guardrail_alpha(gates: tuple[Gate, ...]) -> float:
    """Chance that a healthy candidate is taken back by one of its guardrails, at most."""
    return sum(gate.alpha for gate in gates if gate.role is GateRole.GUARDRAIL)


def family_alpha(gates: tuple[Gate, ...]) -> Iterator[str]:
    """Breaches of the budget that all guardrails share."""
    total = guardrail_alpha(gates)
    if total > FAMILY_ALPHA + _ROUNDING:
        yield (
            f"spec.gates: the alphas of all Guardrail gates sum to {total:g}; at most "
            f"{FAMILY_ALPHA} keeps the chance of a false rollback; lower them or say role: Observe"
        )


def _family_alpha(spec: Spec) -> Iterator[str]:
    yield from family_alpha(spec.gates)


def few_tables(gates: tuple[Gate, ...]) -> Iterator[str]:
    """Breaches of how many gates may keep a table."""
    yield from _few_drifts(gates)
    yield from _few_shifts(gates)


def _few_drifts(gates: tuple[Gate, ...]) -> Iterator[str]:
    count = sum(gate.metric is Metric.FEATURE_DRIFT for gate in gates)
    if count > MOST_DRIFTS:
        yield f"spec.gates: {count} FeatureDrift gates; at most {MOST_DRIFTS}; {_TOO_LONG}"


def _few_shifts(gates: tuple[Gate, ...]) -> Iterator[str]:
    shifts = [gate for gate in gates if gate.metric is Metric.PREDICTION_SHIFT]
    count = sum(gate.comparison is not Comparison.PAIRED for gate in shifts)
    if count > MOST_SHIFTS:
        yield (
            f"spec.gates: {count} PredictionShift gates that are not Paired; at most"
            f" {MOST_SHIFTS}; {_TOO_LONG}"
        )


def _enforced(spec: Spec) -> Iterator[str]:
    strategy = spec.strategy
    if strategy.type is StrategyType.IMMEDIATE or strategy.ungated or spec.gate_templates:
        return
    if strategy.type in STEPPED and not strategy.steps:
        return  # the gates of the strategy hold
    if all(gate.role is GateRole.OBSERVE for gate in spec.gates):
        yield (
            "spec.gates: no gate is enforced; add a Guardrail or an Objective, or say "
            "strategy.ungated: true"
        )


_BORROWS = "self.gateTemplates.size() > 0"
"""Gates of templates hold too, and the API server cannot see them: the operator checks these."""
WHOLE = (
    Rule(
        name="analysis-names-known-gates",
        at="spec",
        cel=f"{_BORROWS} || self.strategy.steps.all(s, !has(s.analysis)"
        " || s.analysis.gates.all(n, self.gates.exists(g, g.name == n)))",
        message="strategy.steps: an analysis names a gate that spec.gates does not have; correct"
        " the name, or add the gate",
        check=_known_gates,
    ),
    Rule(
        name="experiment-names-a-known-gate",
        at="spec",
        cel=f"{_BORROWS} || !has(self.strategy.experiment)"
        " || self.gates.exists(g, g.name == self.strategy.experiment.primaryGate)",
        message="strategy.experiment.primaryGate: spec.gates has no gate of that name; correct it,"
        " or add the gate",
        check=_known_primary_gate,
    ),
    Rule(
        name="primary-gate-is-the-objective",
        at="spec",
        cel="!has(self.strategy.experiment) || self.gates.all(g,"
        f" ({role_of('g')} == 'Objective') == (g.name == self.strategy.experiment.primaryGate))",
        message="gates: the primary gate of an ABTest is its only Objective; say role: Objective"
        " there, and Guardrail or Observe elsewhere",
        check=_primary_gate_is_the_objective,
    ),
    Rule(
        name="pairs-need-a-mirror",
        at="spec",
        cel="!self.gates.exists(g, has(g.comparison) && g.comparison == 'Paired')"
        " || (self.strategy.steps.size() == 0 && self.strategy.type in ['Shadow', 'BlueGreen'])"
        " || self.strategy.steps.exists(s, has(s.mirror) && s.mirror.percent > 0)",
        message="gates: a Paired gate needs a mirror step, because pairs exist only where both"
        " revisions answer the same request; add mirror: {percent: 100}",
        check=_pairs_need_a_mirror,
    ),
    Rule(
        name="shares-need-a-weight",
        at="spec",
        cel="!self.gates.exists(g, g.metric == 'SampleRatio') || has(self.strategy.experiment)"
        " || (self.strategy.steps.size() == 0 && self.strategy.type == 'Canary')"
        " || self.strategy.steps.exists(s, has(s.setWeight))",
        message="gates: a SampleRatio gate needs a setWeight step or an experiment, because copies"
        " are no share of the users; remove the gate, or add such a step",
        check=_shares_need_a_weight,
    ),
    Rule(
        name="guardrails-share-one-alpha",
        at="spec",
        cel=f"self.gates.filter(g, {role_of('g')} == 'Guardrail').map(g, {alpha_of('g')}).sum()"
        f" <= {FAMILY_ALPHA + _ROUNDING:.9f}",
        message=f"gates: the alphas of all Guardrail gates sum to more than {FAMILY_ALPHA}, the"
        " chance of a false rollback; lower them, or say role: Observe",
        check=_family_alpha,
        kinds=WITH_GATES,
    ),
    Rule(
        name="few-gates-count-bins",
        at="spec",
        cel=f"self.gates.filter(g, g.metric == 'FeatureDrift').size() <= {MOST_DRIFTS}",
        message=f"gates: more than {MOST_DRIFTS} FeatureDrift gates; {_TOO_LONG}",
        check=lambda spec: _few_drifts(spec.gates),
        kinds=WITH_GATES,
    ),
    Rule(
        name="few-gates-count-classes",
        at="spec",
        cel="self.gates.filter(g, g.metric == 'PredictionShift'"
        f" && !(has(g.comparison) && g.comparison == 'Paired')).size() <= {MOST_SHIFTS}",
        message=f"gates: more than {MOST_SHIFTS} PredictionShift gates that are not Paired;"
        f" {_TOO_LONG}",
        check=lambda spec: _few_shifts(spec.gates),
        kinds=WITH_GATES,
    ),
    Rule(
        name="some-gate-is-enforced",
        at="spec",
        cel=f"{_BORROWS} || self.strategy.type == 'Immediate' || self.strategy.ungated"
        " || (self.strategy.steps.size() == 0 && self.strategy.type != 'ABTest')"
        f" || self.gates.exists(g, {role_of('g')} != 'Observe')",
        message="gates: no gate is enforced; add a Guardrail or an Objective, or say"
        " strategy.ungated: true",
        check=_enforced,
    ),
    Rule(
        name="ambassador-tries-nothing",
        at="spec",
        cel="self.backend.ingress != 'Ambassador' || (self.model.uri == oldSelf.model.uri"
        " && self.model.digest == oldSelf.model.digest)",
        message="model: behind Ambassador no candidate can be prepared beside stable, for a"
        " weight of 0 is dropped and traffic then divided evenly; say backend.ingress: Istio",
    ),
)
