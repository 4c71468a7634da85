"""Every rule of admission, and what a spec breaks of them."""

from sluice_operator.api.admission.deployment import BACKEND, DEADLINES, MODEL, NAME
from sluice_operator.api.admission.gate import GATE
from sluice_operator.api.admission.rule import Rule
from sluice_operator.api.admission.step import STEP
from sluice_operator.api.admission.strategy import STRATEGY
from sluice_operator.api.admission.whole import WHOLE, unique_gates
from sluice_operator.api.v1alpha1 import Spec

DURATION_RULE = Rule(
    name="durations-end",
    at="*",
    cel="duration(self) <= duration('8760h')",
    message="a duration of a rollout is at most a year; write at most 8760h",
)
"""Holds for every field that is a duration; `crd.py` puts it there."""
RECORDS = (
    Rule(
        name="run-never-changes",
        kind="RolloutRun",
        at="spec",
        cel="self == oldSelf",
        message="a RolloutRun says what was tried; it cannot change afterwards",
    ),
    Rule(
        name="action-never-changes",
        kind="RolloutAction",
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
    checks = (rule.check for rule in RULES if rule.check is not None)
    return (
        *unique_gates(spec),
        *(problem for check in checks for problem in check(spec)),
    )
