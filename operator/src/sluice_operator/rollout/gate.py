"""Gates of the spec, as the judge sees them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from sluice_operator.api.fields import format_duration
from sluice_operator.api.fill import filled
from sluice_operator.api.v1alpha1 import AnswerPart, Comparison, Gate, GateRole, Metric, Spec
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.verdict import explain
from sluice_operator.model import Counters, Kpi, Question, Verdict, Window
from sluice_operator.rollout.split import split_words
from sluice_operator.rollout.status import GateState, Phase, Status


def test_of(gate: Gate) -> Test:
    """The sequential test that judges a gate."""
    labels, kpi, counters = gate.labels, gate.kpi, gate.counters
    return Test(
        metric=" ".join((gate.metric, *_details(gate))),
        comparison=gate.comparison,
        margin=gate.margin,
        alpha_harm=gate.alpha,
        alpha_safe=gate.alpha_safe,
        min_samples=gate.min_samples,
        min_coverage=labels.min_coverage if labels and gate.metric is Metric.ACCURACY else 0.0,
        lowest=kpi.lowest if kpi else None,
        highest=kpi.highest if kpi else None,
        source=f"{counters.bad} of {counters.total} by {counters.label}" if counters else "",
    )


def _details(gate: Gate) -> Iterator[str]:
    """What else the question is about, in words: another threshold asks another question."""
    if gate.threshold is not None:
        yield f"over {format_duration(gate.threshold)}"
    if gate.kpi is not None:
        yield f"{gate.kpi.name} after {format_duration(gate.kpi.maturity)}"
    if gate.labels is not None:
        yield f"after {format_duration(gate.labels.maturity)}"
    if gate.answer is not None and gate.answer is not AnswerPart.CLASS:
        yield f"by {gate.answer.lower()}"


def maturity_of(gate: Gate) -> timedelta | None:
    """Age at which the gate counts an answer; None for one that does not wait."""
    waits = gate.labels or gate.kpi
    return None if waits is None else waits.maturity


def fresh_gates(spec: Spec) -> Mapping[str, GateState]:
    """Gates that have seen nothing."""
    return {gate.name: GateState(test=test_of(gate)) for gate in spec.gates}


def state_of(gate: Gate, status: Status) -> GateState:
    """What is known about a gate; a gate whose definition was edited starts anew."""
    test = test_of(gate)
    state = status.gates.get(gate.name)
    return state if state is not None and state.test == test else GateState(test=test)


def questions_due(spec: Spec, status: Status) -> tuple[Question, ...]:
    """What to ask of the evidence sources now; nothing when no candidate has traffic."""
    spec = filled(spec)
    judged, against = status.judged, status.stable
    if judged is None or against is None:
        return ()
    return tuple(
        Question(
            gate=gate.name,
            metric=gate.metric,
            comparison=gate.comparison,
            stable=against.name,
            candidate=judged.name,
            cursor=state_of(gate, status).cursor,
            threshold=gate.threshold,
            maturity=maturity_of(gate),
            kpi=_kpi(gate),
            counters=_counters(gate),
            answer=gate.answer or AnswerPart.CLASS,
        )
        for gate in armed(spec, status)
    )


def _kpi(gate: Gate) -> Kpi | None:
    kpi = gate.kpi
    return None if kpi is None else Kpi(name=kpi.name, lowest=kpi.lowest, highest=kpi.highest)


def _counters(gate: Gate) -> Counters | None:
    pair = gate.counters
    return None if pair is None else Counters(bad=pair.bad, total=pair.total, label=pair.label)


def armed(spec: Spec, status: Status) -> tuple[Gate, ...]:
    """The gates to ask now.

    They are asked before the first request of the candidate, too: its cursor must lie before it.
    In a bake nothing runs beside the new stable: no comparison, and no share of it.
    """
    if status.phase is Phase.BAKING:
        return tuple(
            gate
            for gate in spec.gates
            if gate.comparison is Comparison.ABSOLUTE and gate.metric is not Metric.SAMPLE_RATIO
        )
    return spec.gates if status.on_trial else ()


def unseen_by(spec: Spec, windows: Iterable[Window]) -> str:
    """Gates in force whose source is away, each with its reason; empty when there is none."""
    away = {window.gate: window.error for window in windows if window.away}
    hidden = (gate.name for gate in enforced(spec) if gate.name in away)
    return "; ".join(f"{name}: {away[name]}" for name in hidden)


def harmed(spec: Spec, status: Status) -> Gate | None:
    """The first enforced gate that has proven harm."""
    return next((g for g in enforced(spec) if verdict(status, g.name) is Verdict.HARM), None)


def enforced(spec: Spec) -> tuple[Gate, ...]:
    """The gates that may take a candidate back, in the order of the spec."""
    return tuple(gate for gate in spec.gates if gate.role is not GateRole.OBSERVE)


def unproven(status: Status, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the gates that are not proven safe."""
    return tuple(name for name in names if verdict(status, name) is not Verdict.SAFE)


def awaited(spec: Spec, status: Status) -> tuple[str, ...]:
    """Names of the gates whose verdict the present step waits for."""
    steps = spec.strategy.plan
    if not status.on_trial or status.step >= len(steps):
        return ()
    analysis = steps[status.step].analysis
    return analysis.gates if analysis else ()


def objectives(spec: Spec) -> tuple[str, ...]:
    """Names of the gates that must be proven safe before a promotion."""
    return tuple(gate.name for gate in spec.gates if gate.role is GateRole.OBJECTIVE)


def words_of(state: GateState) -> str:
    """What a gate has found, in one sentence."""
    said = explain(state.test, state.evidence)
    shares = split_words(state)
    return f"{said}; {shares}" if shares else said


def verdict(status: Status, name: str) -> Verdict:
    """The verdict of one gate; a gate that nobody has asked yet is inconclusive."""
    state = status.gates.get(name)
    return state.evidence.verdict if state else Verdict.INCONCLUSIVE
