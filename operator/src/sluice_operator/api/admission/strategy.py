"""Rules about the strategy: which steps it may have, and in which order."""

from collections.abc import Iterator

from sluice_operator.api.admission.rule import Rule
from sluice_operator.api.v1alpha1 import Spec, Step, StrategyType

STEPPED = frozenset({StrategyType.CANARY, StrategyType.SHADOW, StrategyType.BLUE_GREEN})
"""Strategies that are made of steps; one without any gets those of its type."""


def _weights(spec: Spec) -> list[int]:
    return [s.set_weight for s in spec.strategy.steps if s.set_weight is not None]


def _mirrors(step: Step) -> bool:
    return step.mirror is not None and step.mirror.percent > 0


def _steps_are_not_needed(spec: Spec) -> Iterator[str]:
    if spec.strategy.type is StrategyType.IMMEDIATE and spec.strategy.steps:
        yield "spec.strategy.steps: an Immediate strategy has none; remove them or say Canary"
    if spec.strategy.type is StrategyType.AB_TEST and spec.strategy.steps:
        yield "spec.strategy.steps: an ABTest has an experiment in their place; remove them"


def _rising_weights(spec: Spec) -> Iterator[str]:
    highest = 0
    for i, step in enumerate(spec.strategy.steps):
        if step.set_weight is not None and step.set_weight < highest:
            yield (
                f"spec.strategy.steps[{i}].setWeight: {step.set_weight} after {highest}; "
                "give weights in rising order"
            )
        highest = max(highest, step.set_weight or 0)


def _canary_sets_a_weight(spec: Spec) -> Iterator[str]:
    strategy = spec.strategy
    if strategy.type is StrategyType.CANARY and strategy.steps and not _weights(spec):
        yield (
            "spec.strategy.steps: a Canary sets a weight; add a setWeight step, or say Shadow or "
            "BlueGreen"
        )


def _shadow_sets_no_weight(spec: Spec) -> Iterator[str]:
    if spec.strategy.type is StrategyType.SHADOW and _weights(spec):
        yield "spec.strategy.steps: Shadow never sets a weight; say Canary for shadow, then canary"


def _shadow_mirrors(spec: Spec) -> Iterator[str]:
    shadow = spec.strategy.type is StrategyType.SHADOW and spec.strategy.steps
    if shadow and not any(map(_mirrors, spec.strategy.steps)):
        yield "spec.strategy.steps: Shadow needs a mirror step; add one, for example percent: 100"


def _blue_green_switches_at_once(spec: Spec) -> Iterator[str]:
    if spec.strategy.type is not StrategyType.BLUE_GREEN:
        return
    for i, step in enumerate(spec.strategy.steps):
        if step.set_weight not in {None, 100}:
            yield (
                f"spec.strategy.steps[{i}].setWeight: {step.set_weight}; BlueGreen switches at "
                "once: write 100, or say Canary"
            )


def _blue_green_switches_last(spec: Spec) -> Iterator[str]:
    strategy = spec.strategy
    if strategy.type is not StrategyType.BLUE_GREEN or not _weights(spec):
        return
    if len(_weights(spec)) > 1 or strategy.steps[-1].set_weight is None:
        yield (
            "spec.strategy.steps: nothing comes after the switch of a BlueGreen; put checks before "
            "setWeight: 100, and watch afterwards with rollback.bake"
        )


def _analysis_needs_traffic(spec: Spec) -> Iterator[str]:
    for i, step in enumerate(spec.strategy.steps):
        if step.set_weight is not None or _mirrors(step):
            return
        if step.analysis is not None:
            yield (
                f"spec.strategy.steps[{i}].analysis: the candidate has had no request yet; put a "
                "setWeight or mirror step before it"
            )
            return


def _mirror_comes_first(spec: Spec) -> Iterator[str]:
    weighted = False
    for i, step in enumerate(spec.strategy.steps):
        weighted = weighted or step.set_weight is not None
        if weighted and _mirrors(step):
            yield (
                f"spec.strategy.steps[{i}].mirror: a candidate that answers users cannot be "
                "mirrored too; put it before the first setWeight"
            )


def _experiment_is_needed(spec: Spec) -> Iterator[str]:
    if spec.strategy.type is StrategyType.AB_TEST and spec.strategy.experiment is None:
        yield (
            "spec.strategy.experiment: missing; an ABTest needs it, for example "
            "{weight: 50, primaryGate: fast, duration: 168h}"
        )


def _experiment_is_not_needed(spec: Spec) -> Iterator[str]:
    if spec.strategy.type is not StrategyType.AB_TEST and spec.strategy.experiment is not None:
        yield "spec.strategy.experiment: only an ABTest has one; remove it or say type: ABTest"


def _experiment_may_have_its_weight(spec: Spec) -> Iterator[str]:
    experiment, most = spec.strategy.experiment, spec.strategy.max_weight_before_objectives
    if experiment is not None and experiment.weight > most:
        yield (
            f"spec.strategy.experiment.weight: {experiment.weight}, but an unproven candidate gets "
            f"at most maxWeightBeforeObjectives: {most}; lower the one or raise the other"
        )


_HEAVY = "has(s.setWeight)"
_ASKED = "has(s.setWeight) || (has(s.mirror) && s.mirror.percent > 0)"
_ORDER = f"self.steps.filter(s, has(s.analysis) || {_ASKED}).map(s, has(s.analysis) ? 1 : 0)"

STRATEGY = (
    Rule(
        name="steps-are-not-needed",
        at="spec.strategy",
        cel="!(self.type in ['Immediate', 'ABTest']) || self.steps.size() == 0",
        message="steps: Immediate and ABTest have none; remove them, or say type: Canary",
        check=_steps_are_not_needed,
    ),
    Rule(
        name="weights-rise",
        at="spec.strategy",
        cel=f"self.steps.filter(s, {_HEAVY}).map(s, s.setWeight).isSorted()",
        message="steps: a setWeight is below the one before it; give weights in rising order",
        check=_rising_weights,
    ),
    Rule(
        name="canary-sets-a-weight",
        at="spec.strategy",
        cel=f"self.type != 'Canary' || self.steps.size() == 0 || self.steps.exists(s, {_HEAVY})",
        message="steps: a Canary sets a weight; add a setWeight step, or say Shadow or BlueGreen",
        check=_canary_sets_a_weight,
    ),
    Rule(
        name="shadow-sets-no-weight",
        at="spec.strategy",
        cel=f"self.type != 'Shadow' || !self.steps.exists(s, {_HEAVY})",
        message="steps: Shadow never sets a weight; say type: Canary for shadow, then canary",
        check=_shadow_sets_no_weight,
    ),
    Rule(
        name="shadow-mirrors",
        at="spec.strategy",
        cel="self.type != 'Shadow' || self.steps.size() == 0"
        " || self.steps.exists(s, has(s.mirror) && s.mirror.percent > 0)",
        message="steps: Shadow needs a mirror step; add one, for example mirror: {percent: 100}",
        check=_shadow_mirrors,
    ),
    Rule(
        name="blue-green-switches-at-once",
        at="spec.strategy",
        cel=f"self.type != 'BlueGreen' || self.steps.all(s, !({_HEAVY}) || s.setWeight == 100)",
        message="steps: BlueGreen switches at once; write setWeight: 100, or say type: Canary",
        check=_blue_green_switches_at_once,
    ),
    Rule(
        name="blue-green-switches-last",
        at="spec.strategy",
        cel=f"self.type != 'BlueGreen' || !self.steps.exists(s, {_HEAVY})"
        f" || (self.steps.exists_one(s, {_HEAVY})"
        " && has(self.steps[self.steps.size() - 1].setWeight))",
        message="steps: nothing comes after the switch of a BlueGreen; put checks before"
        " setWeight: 100, and watch afterwards with rollback.bake",
        check=_blue_green_switches_last,
    ),
    Rule(
        name="analysis-needs-traffic",
        at="spec.strategy",
        cel=f"{_ORDER}.size() == 0 || {_ORDER}[0] == 0",
        message="steps: the candidate has had no request when the first analysis begins; put a"
        " setWeight or mirror step before it",
        check=_analysis_needs_traffic,
    ),
    Rule(
        name="mirror-comes-first",
        at="spec.strategy",
        cel=f"self.steps.filter(s, {_ASKED}).map(s, {_HEAVY} ? 1 : 0).isSorted()",
        message="steps: a candidate that answers users cannot be mirrored too; put mirror steps"
        " before the first setWeight, which ends them",
        check=_mirror_comes_first,
    ),
    Rule(
        name="experiment-is-needed",
        at="spec.strategy",
        cel="self.type != 'ABTest' || has(self.experiment)",
        message="experiment: missing; an ABTest needs it, for example"
        " experiment: {weight: 50, primaryGate: fast, duration: 168h}",
        check=_experiment_is_needed,
    ),
    Rule(
        name="experiment-is-not-needed",
        at="spec.strategy",
        cel="self.type == 'ABTest' || !has(self.experiment)",
        message="experiment: only an ABTest has one; remove it, or say type: ABTest",
        check=_experiment_is_not_needed,
    ),
    Rule(
        name="experiment-may-have-its-weight",
        at="spec.strategy",
        cel="!has(self.experiment) || self.experiment.weight <= self.maxWeightBeforeObjectives",
        message="experiment.weight: an unproven candidate gets at most maxWeightBeforeObjectives;"
        " lower the one or raise the other",
        check=_experiment_may_have_its_weight,
    ),
)
