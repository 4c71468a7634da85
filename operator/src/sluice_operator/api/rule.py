"""Every rule of admission, and what a spec breaks of them."""

from collections.abc import Callable, Iterator

from sluice_operator.api.admission.deployment import BACKEND, DEADLINES, MODEL, NAME
from sluice_operator.api.admission.gate import GATE
from sluice_operator.api.admission.rule import WITH_GATES, Rule
from sluice_operator.api.admission.step import STEP
from sluice_operator.api.admission.strategy import STRATEGY
from sluice_operator.api.admission.whole import (
    WHOLE,
    family_alpha,
    few_tables,
    unique_gates,
)
from sluice_operator.api.v1alpha1 import Gate, Spec

DURATION_RULE = Rule(
    name="durations-end",
    at="*",
    cel="duration(self) <= duration('8760h')",
    message="a duration of a rollout is at most a year; write at most 8760h",
    kinds=WITH_GATES,
)
"""Holds for every field that is a duration; `crd.py` puts it there."""
RECORDS = (
    Rule(
        name="run-never-changes",
        kinds=("RolloutRun",),
        at="spec",
        cel="self == oldSelf",
        message="a RolloutRun says what was tried; it cannot change afterwards",
    ),
    Rule(
        name="action-never-changes",
        kinds=("RolloutAction",),
        at="spec",
        cel="self == oldSelf",
        message="a RolloutAction says what was asked; create another one to ask for something else",
    ),
)
RULES: tuple[Rule, ...] = (
    *NAME,
    *BACKEND,
    *MODEL,
    *STRATEGY,
    *STEP,
    *GATE,
    *WHOLE,
    *DEADLINES,
    DURATION_RULE,
    *RECORDS,
)


def problems(spec: Spec) -> tuple[str, ...]:
    """Every broken rule in words; empty for a spec that can be carried out."""
    broken = (problem for rule in RULES for problem in breaches(rule, spec))
    return (*unique_gates(spec.gates), *broken)


def breaches(rule: Rule, spec: Spec) -> Iterator[str]:
    """Every place at which a spec breaks one rule, in words."""
    if rule.check is not None:
        yield from rule.check(spec)
    if rule.of_gate is not None:
        yield from _of_gates(rule.of_gate, spec.gates)


def template_problems(gates: tuple[Gate, ...]) -> tuple[str, ...]:
    """Every rule that the gates of a template break by themselves."""
    checks = (rule.of_gate for rule in RULES if rule.of_gate is not None)
    broken = (problem for check in checks for problem in _of_gates(check, gates))
    return (*unique_gates(gates), *broken, *family_alpha(gates), *few_tables(gates))


def _of_gates(check: Callable[[Gate], str], gates: tuple[Gate, ...]) -> Iterator[str]:
    for i, gate in enumerate(gates):
        if words := check(gate):
            yield f"spec.gates[{i}] ({gate.name}){words}"
