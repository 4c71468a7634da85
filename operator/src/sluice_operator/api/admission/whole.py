"""Rules that strategy and gates must keep together."""

from collections import Counter
from collections.abc import Iterator

from sluice_operator.api.admission.rule import Rule
from sluice_operator.api.v1alpha1 import Comparison, GateRole, Spec, StrategyType

FAMILY_ALPHA = 0.05
"""Most that the alphas of all guardrails may sum to: chance of a false rollback per rollout."""
_ROUNDING = 1e-9
"""Far below the last digit that a decimal may have."""


def _names(spec: Spec) -> str:
    return ", ".join(sorted(gate.name for gate in spec.gates)) or "none"


def unique_gates(spec: Spec) -> Iterator[str]:
    """Breaches of what the API server keeps by itself: `spec.gates` is a map by name."""
    for name, times in Counter(gate.name for gate in spec.gates).items():
        if times > 1:
            yield f"spec.gates: {times} gates are called {name!r}; give each its own name"


def _known_gates(spec: Spec) -> Iterator[str]:
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
    if experiment and experiment.primary_gate not in {gate.name for gate in spec.gates}:
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


def _pairs_need_a_mirror(spec: Spec) -> Iterator[str]:
    if any(step.mirror and step.mirror.percent for step in spec.strategy.steps):
        return
    for i, gate in enumerate(spec.gates):
        if gate.comparison is Comparison.PAIRED:
            yield (
                f"spec.gates[{i}] ({gate.name}): a Paired gate needs a mirror step, because pairs "
                "exist only where both revisions answer the same request"
            )


def _family_alpha(spec: Spec) -> Iterator[str]:
    total = sum(gate.alpha for gate in spec.gates if gate.role is GateRole.GUARDRAIL)
    if total > FAMILY_ALPHA + _ROUNDING:
        yield (
            f"spec.gates: the alphas of all Guardrail gates sum to {total:g}; at most "
            f"{FAMILY_ALPHA} keeps the chance of a false rollback; lower them or say role: Observe"
        )


def _enforced(spec: Spec) -> Iterator[str]:
    strategy = spec.strategy
    if strategy.type is StrategyType.IMMEDIATE or strategy.ungated:
        return
    if all(gate.role is GateRole.OBSERVE for gate in spec.gates):
        yield (
            "spec.gates: no gate is enforced; add a Guardrail or an Objective, or say "
            "strategy.ungated: true"
        )


WHOLE = (
    Rule(
        name="analysis-names-known-gates",
        at="spec",
        cel="self.strategy.steps.all(s, !has(s.analysis)"
        " || s.analysis.gates.all(n, self.gates.exists(g, g.name == n)))",
        message="strategy.steps: an analysis names a gate that spec.gates does not have; correct"
        " the name, or add the gate",
        check=_known_gates,
    ),
    Rule(
        name="experiment-names-a-known-gate",
        at="spec",
        cel="!has(self.strategy.experiment)"
        " || self.gates.exists(g, g.name == self.strategy.experiment.primaryGate)",
        message="strategy.experiment.primaryGate: spec.gates has no gate of that name; correct it,"
        " or add the gate",
        check=_known_primary_gate,
    ),
    Rule(
        name="primary-gate-is-the-objective",
        at="spec",
        cel="!has(self.strategy.experiment) || self.gates.all(g,"
        " (g.role == 'Objective') == (g.name == self.strategy.experiment.primaryGate))",
        message="gates: the primary gate of an ABTest is its only Objective; say role: Objective"
        " there, and Guardrail or Observe elsewhere",
        check=_primary_gate_is_the_objective,
    ),
    Rule(
        name="pairs-need-a-mirror",
        at="spec",
        cel="!self.gates.exists(g, g.comparison == 'Paired')"
        " || self.strategy.steps.exists(s, has(s.mirror) && s.mirror.percent > 0)",
        message="gates: a Paired gate needs a mirror step, because pairs exist only where both"
        " revisions answer the same request; add mirror: {percent: 100}",
        check=_pairs_need_a_mirror,
    ),
    Rule(
        name="guardrails-share-one-alpha",
        at="spec",
        cel="self.gates.filter(g, g.role == 'Guardrail').map(g, double(g.alpha)).sum()"
        f" <= {FAMILY_ALPHA + _ROUNDING:.9f}",
        message=f"gates: the alphas of all Guardrail gates sum to more than {FAMILY_ALPHA}, the"
        " chance of a false rollback; lower them, or say role: Observe",
        check=_family_alpha,
    ),
    Rule(
        name="some-gate-is-enforced",
        at="spec",
        cel="self.strategy.type == 'Immediate' || self.strategy.ungated"
        " || self.gates.exists(g, g.role != 'Observe')",
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
