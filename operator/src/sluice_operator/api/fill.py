"""What a strategy without steps means: the steps and gates that make three lines of it safe."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType

from sluice_operator.api.admission.strategy import STEPPED
from sluice_operator.api.admission.whole import FAMILY_ALPHA, guardrail_alpha
from sluice_operator.api.gate import MOST_GATES
from sluice_operator.api.v1alpha1 import (
    AnalysisStep,
    Comparison,
    Gate,
    GateRole,
    Metric,
    MirrorStep,
    PauseStep,
    Spec,
    Step,
    StrategyType,
)

SLO = Gate(
    name="slo",
    metric=Metric.ERROR_RATE,
    comparison=Comparison.ABSOLUTE,
    role=GateRole.OBJECTIVE,
    margin=0.02,
)
"""What the analyses wait for. Unlike a ratio it can be proven while nothing fails, by some 250
requests; a service that fails two of a hundred requests is down by anybody's agreement."""
ERRORS = Gate(name="errors", metric=Metric.ERROR_RATE)
"""Finds what is worse than stable and still below 2 %; an incident of both proves nothing."""
LATENCY = Gate(name="latency", metric=Metric.LATENCY_EXCEEDANCE)
"""The same for slowness, around stable's own p99: no time needs to be guessed."""
DEFAULTS = (SLO, ERRORS, LATENCY)
"""The share of requests is not among them: sticky clients shift it, and nothing is wrong then."""

FIRST_WEIGHT, FIRST_PAUSE = 1, timedelta(minutes=5)
"""One request of a hundred for five minutes shows a candidate that fails all of them to few users;
what is rarer takes more requests than one of a hundred brings, so nothing is waited for."""
WEIGHTS = (5, 25, 50)
"""Each at most five times the one before, so that nothing that grows with load can grow faster."""
LEAST = timedelta(minutes=10)
"""At each weight, so that caches, autoscalers and batches have met the load at least once."""
LEAST_ON_COPIES = timedelta(minutes=30)
"""Copies cost no user, and what comes after them comes for many users at once."""
MOST, MOST_FOR_LABELS = timedelta(hours=24), timedelta(hours=168)
"""One cycle of the day, or of the week where labels or events have to come first; then people are
asked. 250 requests at 5 % take seven hours at 0.2 requests/s."""
_LATE = frozenset({Metric.ACCURACY, Metric.LABEL_COVERAGE, Metric.BUSINESS_KPI})


def filled(spec: Spec) -> Spec:
    """The spec with the steps and gates that it leaves out; never written anywhere."""
    if spec.strategy.steps or spec.strategy.type not in STEPPED:
        return spec
    gates = spec.gates if spec.strategy.ungated else _with_defaults(spec.gates)
    strategy = spec.strategy.model_copy(
        update={"steps": tuple(_STEPS[spec.strategy.type](gates, spec.gates))}
    )
    return spec.model_copy(update={"strategy": strategy, "gates": gates})


def _with_defaults(own: tuple[Gate, ...]) -> tuple[Gate, ...]:
    """The gates, and those of the defaults that none of them stands for, within the budget."""
    gates = own
    for default in DEFAULTS:
        longer = (*gates, default)
        affordable = guardrail_alpha(longer) <= FAMILY_ALPHA + 1e-9 and len(longer) <= MOST_GATES
        if _stand_in(default, own) is None and affordable:
            gates = longer
    return gates


def _stand_in(default: Gate, gates: tuple[Gate, ...]) -> Gate | None:
    """The gate that asks what a default would ask, or bears its name."""
    same = (default.metric, default.comparison)
    named = (gate for gate in gates if gate.name == default.name)
    alike = (gate for gate in gates if (gate.metric, gate.comparison) == same)
    return next(named, None) or next(alike, None)


def _canary(gates: tuple[Gate, ...], own: tuple[Gate, ...]) -> Iterator[Step]:
    yield Step(set_weight=FIRST_WEIGHT)
    yield Step(pause=PauseStep(duration=FIRST_PAUSE))
    *early, last = WEIGHTS
    for weight in early:
        yield Step(set_weight=weight)
        yield _analysis(_slo(gates), gates, LEAST)
    yield Step(set_weight=last)
    yield _analysis((*_slo(gates), *_objectives(own)), gates, LEAST)


def _shadow(gates: tuple[Gate, ...], own: tuple[Gate, ...]) -> Iterator[Step]:
    yield Step(mirror=MirrorStep(percent=100))
    awaited = (*_slo(gates), *_objectives(own), *_on_pairs(own))
    yield _analysis(awaited, gates, LEAST_ON_COPIES)


def _blue_green(gates: tuple[Gate, ...], own: tuple[Gate, ...]) -> Iterator[Step]:
    yield from _shadow(gates, own)
    yield Step(set_weight=100)


_STEPS: Mapping[StrategyType, Callable[[tuple[Gate, ...], tuple[Gate, ...]], Iterator[Step]]] = (
    MappingProxyType(
        {
            StrategyType.CANARY: _canary,
            StrategyType.SHADOW: _shadow,
            StrategyType.BLUE_GREEN: _blue_green,
        }
    )
)


def _slo(gates: tuple[Gate, ...]) -> tuple[str, ...]:
    slo = _stand_in(SLO, gates)
    return () if slo is None else (slo.name,)


def _objectives(own: tuple[Gate, ...]) -> tuple[str, ...]:
    return tuple(gate.name for gate in own if gate.role is GateRole.OBJECTIVE)


def _on_pairs(own: tuple[Gate, ...]) -> tuple[str, ...]:
    enforced = (gate for gate in own if gate.role is not GateRole.OBSERVE)
    return tuple(gate.name for gate in enforced if gate.comparison is Comparison.PAIRED)


def _analysis(names: tuple[str, ...], gates: tuple[Gate, ...], least: timedelta) -> Step:
    """Waits for the gates, or rests if there is none to wait for."""
    if not names:
        return Step(pause=PauseStep(duration=least))
    awaited = tuple(dict.fromkeys(names))
    late = any(gate.metric in _LATE for gate in gates if gate.name in awaited)
    most = MOST_FOR_LABELS if late else MOST
    return Step(analysis=AnalysisStep(gates=awaited, min_duration=least, max_duration=most))
