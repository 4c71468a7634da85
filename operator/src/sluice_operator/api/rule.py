"""Rules across the fields of a spec; each names the field and says what to write instead."""

from collections import Counter
from collections.abc import Callable, Iterator

from sluice_operator.api.v1alpha1 import Comparison, GateRole, Metric, Spec, StrategyType

FAMILY_ALPHA = 0.05
"""Most that the alphas of all guardrails may sum to: chance of a false rollback per rollout."""


def _one_kind_per_step(spec: Spec) -> Iterator[str]:
    for i, step in enumerate(spec.strategy.steps):
        if len(step.kinds) != 1:
            yield (
                f"spec.strategy.steps[{i}]: has {len(step.kinds)} kinds; give exactly one of "
                "setWeight, mirror, pause, analysis, approval"
            )


def _rising_weights(spec: Spec) -> Iterator[str]:
    highest = 0
    for i, step in enumerate(spec.strategy.steps):
        if step.set_weight is not None and step.set_weight < highest:
            yield (
                f"spec.strategy.steps[{i}].setWeight: {step.set_weight} after {highest}; "
                "give weights in rising order"
            )
        highest = max(highest, step.set_weight or 0)


def _known_gates(spec: Spec) -> Iterator[str]:
    known = {gate.name for gate in spec.gates}
    for i, step in enumerate(spec.strategy.steps):
        for name in step.analysis.gates if step.analysis else ():
            if name not in known:
                yield (
                    f"spec.strategy.steps[{i}].analysis.gates: no gate is called {name!r}; "
                    f"spec.gates has {', '.join(sorted(known)) or 'none'}"
                )


def _unique_gates(spec: Spec) -> Iterator[str]:
    for name, times in Counter(gate.name for gate in spec.gates).items():
        if times > 1:
            yield f"spec.gates: {times} gates are called {name!r}; give each its own name"


def _steps_fit_the_strategy(spec: Spec) -> Iterator[str]:
    strategy = spec.strategy
    weights = any(step.set_weight is not None for step in strategy.steps)
    mirrors = any(step.mirror is not None for step in strategy.steps)
    if strategy.type is StrategyType.IMMEDIATE:
        if strategy.steps:
            yield "spec.strategy.steps: an Immediate strategy has none; remove them or say Canary"
    elif not strategy.steps:
        yield f"spec.strategy.steps: missing; a {strategy.type} strategy needs at least one step"
    if strategy.type is StrategyType.SHADOW and weights:
        yield "spec.strategy.steps: Shadow never sets a weight; say Canary for shadow, then canary"
    if strategy.type is StrategyType.SHADOW and not mirrors:
        yield "spec.strategy.steps: Shadow needs a mirror step; add one, for example percent: 100"


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
    if total > FAMILY_ALPHA + 1e-12:
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


def _margins(spec: Spec) -> Iterator[str]:
    for i, gate in enumerate(spec.gates):
        where = f"spec.gates[{i}] ({gate.name}).margin: {gate.margin:g}"
        if gate.comparison is Comparison.RELATIVE and gate.margin <= 1:
            yield f"{where} is no tolerated ratio; give one over 1, for example 1.5"
        if gate.comparison is Comparison.ABSOLUTE and not 0 < gate.margin < 1:
            yield f"{where} is no rate; give one between 0 and 1, for example 0.01"
        if gate.comparison is Comparison.PAIRED and gate.margin >= 1:
            yield f"{where} is no tolerated loss; give a share below 1, for example 0.02"


def _metric_fits_the_comparison(spec: Spec) -> Iterator[str]:
    for i, gate in enumerate(spec.gates):
        where = f"spec.gates[{i}] ({gate.name})"
        if gate.metric is Metric.ACCURACY and gate.comparison is not Comparison.PAIRED:
            yield f"{where}: Accuracy is judged on pairs; say comparison: Paired and add a mirror"
        if gate.metric is Metric.ERROR_RATE and gate.comparison is Comparison.PAIRED:
            yield f"{where}: ErrorRate is not judged on pairs; say Relative or Absolute"


def _durations(spec: Spec) -> Iterator[str]:
    for i, step in enumerate(spec.strategy.steps):
        analysis = step.analysis
        if analysis and analysis.min_duration > analysis.max_duration:
            yield (
                f"spec.strategy.steps[{i}].analysis: minDuration is longer than maxDuration; "
                "shorten it"
            )


RULES: tuple[Callable[[Spec], Iterator[str]], ...] = (
    _one_kind_per_step,
    _steps_fit_the_strategy,
    _rising_weights,
    _unique_gates,
    _known_gates,
    _metric_fits_the_comparison,
    _pairs_need_a_mirror,
    _margins,
    _family_alpha,
    _enforced,
    _durations,
)


def problems(spec: Spec) -> tuple[str, ...]:
    """Every broken rule in words; empty for a spec that can be carried out."""
    return tuple(problem for rule in RULES for problem in rule(spec))
