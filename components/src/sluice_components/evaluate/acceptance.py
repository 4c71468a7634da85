"""Whether the acceptance rules are met. What cannot be measured is not met."""

from collections.abc import Mapping

from sluice_components.evaluation import Outcome
from sluice_components.project.rule import Acceptance


def outcome_of(rule: Acceptance, metrics: Mapping[str, float]) -> Outcome:
    """What the rule says about these metrics."""
    value = metrics.get(rule.metric)
    reason = _unmeasured(rule) if value is None else _broken_limit(rule, value)
    return Outcome(rule=spelled(rule), value=value, passed=not reason, reason=reason)


def spelled(rule: Acceptance) -> str:
    """The rule as a person says it: `roc_auc >= 0.6`."""
    limits = []
    if rule.minimum is not None:
        limits.append(f"{rule.metric} >= {rule.minimum:g}")
    if rule.maximum is not None:
        limits.append(f"{rule.metric} <= {rule.maximum:g}")
    return " and ".join(limits)


def _broken_limit(rule: Acceptance, value: float) -> str:
    if rule.minimum is not None and value < rule.minimum:
        return f"{value:.4g} is below {rule.minimum:g}"
    if rule.maximum is not None and value > rule.maximum:
        return f"{value:.4g} is above {rule.maximum:g}"
    return ""


def _unmeasured(rule: Acceptance) -> str:
    return (
        f"{rule.metric} cannot be measured here: the model states no probabilities, or the "
        "hold-out has one class only; choose another metric or estimator"
    )
