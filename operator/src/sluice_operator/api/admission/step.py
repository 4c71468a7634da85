"""Rules about one step, and about the experiment that stands in place of steps."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from sluice_operator.api.admission.rule import Check, Rule
from sluice_operator.api.v1alpha1 import OnTimeout, Spec, Step

_STEP = "spec.strategy.steps[]"
_KINDS = "setWeight, mirror, pause, analysis, approval"
_NOW = timedelta(0)


def _each_step(broken: Callable[[Step], str]) -> Check:
    """The check of a rule that looks at one step: what is broken, or nothing."""

    def check(spec: Spec) -> Iterator[str]:
        for i, step in enumerate(spec.strategy.steps):
            if words := broken(step):
                yield f"spec.strategy.steps[{i}]{words}"

    return check


def _has_one_kind(step: Step) -> str:
    if len(step.kinds) == 1:
        return ""
    return f": has {len(step.kinds)} kinds; give exactly one of {_KINDS}"


def _pause_takes_time(step: Step) -> str:
    if step.pause is None or step.pause.duration != _NOW:
        return ""
    return ".pause.duration: 0s is no pause; write for example 10m, or remove the step"


def _approval_takes_time(step: Step) -> str:
    if step.approval is None or step.approval.timeout != _NOW:
        return ""
    return ".approval.timeout: nobody can approve in 0s; write for example 24h"


def _timeout_is_needed(step: Step) -> str:
    approval = step.approval
    if approval is None or approval.on_timeout is OnTimeout.PAUSE or approval.timeout is not None:
        return ""
    return ".approval.timeout: missing; onTimeout: Rollback needs one, for example 24h"


def _analysis_takes_time(step: Step) -> str:
    if step.analysis is None or step.analysis.max_duration > _NOW:
        return ""
    return ".analysis.maxDuration: nothing can be proven in 0s; write for example 1h"


def _analysis_has_a_span(step: Step) -> str:
    if step.analysis is None or step.analysis.min_duration <= step.analysis.max_duration:
        return ""
    return ".analysis: minDuration is longer than maxDuration; shorten it"


def _experiment_takes_time(spec: Spec) -> Iterator[str]:
    experiment = spec.strategy.experiment
    if experiment is not None and experiment.duration == _NOW:
        yield "spec.strategy.experiment.duration: nothing can be proven in 0s; write for ex. 168h"


def _experiment_has_a_span(spec: Spec) -> Iterator[str]:
    experiment = spec.strategy.experiment
    if experiment is not None and experiment.min_duration > experiment.duration:
        yield "spec.strategy.experiment: minDuration is longer than duration; shorten it"


STEP = (
    Rule(
        name="one-kind-per-step",
        at=_STEP,
        cel="[has(self.setWeight), has(self.mirror), has(self.pause), has(self.analysis),"
        " has(self.approval)].exists_one(set, set)",
        message=f"give exactly one of {_KINDS}; write two steps for two of them",
        check=_each_step(_has_one_kind),
    ),
    Rule(
        name="pause-takes-time",
        at=f"{_STEP}.pause",
        cel="!has(self.duration) || duration(self.duration) > duration('0s')",
        message="duration: 0s is no pause; write for example 10m, or remove the step",
        check=_each_step(_pause_takes_time),
    ),
    Rule(
        name="approval-takes-time",
        at=f"{_STEP}.approval",
        cel="!has(self.timeout) || duration(self.timeout) > duration('0s')",
        message="timeout: nobody can approve in 0s; write for example 24h",
        check=_each_step(_approval_takes_time),
    ),
    Rule(
        name="rollback-needs-a-timeout",
        at=f"{_STEP}.approval",
        cel="self.onTimeout != 'Rollback' || has(self.timeout)",
        message="timeout: missing; onTimeout: Rollback needs one, for example 24h",
        check=_each_step(_timeout_is_needed),
    ),
    Rule(
        name="analysis-takes-time",
        at=f"{_STEP}.analysis",
        cel="duration(self.maxDuration) > duration('0s')",
        message="maxDuration: nothing can be proven in 0s; write for example 1h",
        check=_each_step(_analysis_takes_time),
    ),
    Rule(
        name="analysis-has-a-span",
        at=f"{_STEP}.analysis",
        cel="duration(self.minDuration) <= duration(self.maxDuration)",
        message="minDuration is longer than maxDuration; shorten it",
        check=_each_step(_analysis_has_a_span),
    ),
    Rule(
        name="experiment-takes-time",
        at="spec.strategy.experiment",
        cel="duration(self.duration) > duration('0s')",
        message="duration: nothing can be proven in 0s; write for example 168h",
        check=_experiment_takes_time,
    ),
    Rule(
        name="experiment-has-a-span",
        at="spec.strategy.experiment",
        cel="duration(self.minDuration) <= duration(self.duration)",
        message="minDuration is longer than duration; shorten it",
        check=_experiment_has_a_span,
    ),
)
