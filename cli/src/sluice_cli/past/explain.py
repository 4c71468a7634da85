"""Decisions of one attempt in words and as plain values."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from sluice_operator.api.metric import Comparison, Metric
from sluice_operator.api.v1alpha1 import Gate
from sluice_operator.errors import SpecError
from sluice_operator.judge.verdict import effect_of, explain
from sluice_operator.model import Question, Verdict, Window
from sluice_operator.rollout.gate import questions_due
from sluice_operator.rollout.replay import Replayed

from sluice_cli.past.reason import counts_words, moved, otherwise, proof_words, rule_of
from sluice_cli.past.source import Past


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One decision with its number in the record."""

    number: int
    turn: Replayed


def chosen(past: Past, at: str) -> tuple[Told, ...]:
    """All decisions that moved something, or the one of that number or moment.

    Raises:
        SpecError: There is no such decision, or the words name none.
    """
    numbered = [Told(number=n, turn=turn) for n, turn in enumerate(past.turns, start=1)]
    if not at:
        return tuple(one for one in numbered if moved(one.turn))
    if at.isdecimal():
        if not 1 <= int(at) <= len(numbered):
            raise SpecError(f"--at {at}: the record has decisions 1 to {len(numbered)}")
        return (numbered[int(at) - 1],)
    moment = _moment(at, numbered[0].turn.seen.now)
    before = [one for one in numbered if one.turn.seen.now <= moment]
    if not before:
        raise SpecError(f"--at {at}: the record begins at {numbered[0].turn.seen.now}")
    return (before[-1],)


def _moment(text: str, day: datetime) -> datetime:
    """A whole moment, or a time of the day on which the attempt began."""
    try:
        if "-" not in text:
            text = f"{day:%Y-%m-%d}T{text}"
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise SpecError(
            f"--at {text}: neither a number nor a time such as 14:03:27 or 2026-01-31T14:03:27Z"
        ) from wrong
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def plain_of(past: Past, told: Sequence[Told]) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "name": past.name,
        "attempt": past.attempt,
        "notes": list(past.notes),
        "decisions": [_decision(past, one) for one in told],
    }


def _decision(past: Past, told: Told) -> dict[str, Any]:
    turn, rule = told.turn, rule_of(told.turn)
    status = turn.decision.status
    return {
        "number": told.number,
        "at": turn.seen.now.isoformat(),
        "equal": not past.difference(told.number),
        "difference": past.difference(told.number),
        "events": [{"reason": e.reason, "message": e.message} for e in turn.decision.events],
        "message": status.message,
        "phase": status.shown_phase,
        "step": status.step,
        "weight": status.weight,
        "mirror": status.mirror,
        "rule": asdict(rule),
        "gates": [_gate(past, *asked) for asked in asked_of(turn)],
        "otherwise": list(otherwise(turn)),
    }


def asked_of(turn: Replayed) -> Iterator[tuple[Replayed, Gate, Question, Window]]:
    """Each gate that was asked at a look, with the question and the answer."""
    questions = {question.gate: question for question in questions_due(turn.spec, turn.before)}
    for window in turn.seen.windows:
        gate = next((gate for gate in turn.spec.gates if gate.name == window.gate), None)
        if gate is not None and window.gate in questions:
            yield turn, gate, questions[window.gate], window


def _gate(
    past: Past, turn: Replayed, gate: Gate, question: Question, window: Window
) -> dict[str, Any]:
    state = turn.decision.status.gates[gate.name]
    evidence, effect = state.evidence, effect_of(state.test, state.evidence)
    return {
        "name": gate.name,
        "asked": asked_words(gate, question),
        "source": past.sources.get(gate.name, ""),
        "window": counts_words(window),
        "found": explain(state.test, evidence),
        "estimate": effect.est,
        "lower": effect.lo,
        "upper": effect.hi,
        "eHarm": evidence.e_harm,
        "eHarmNeeded": 1 / gate.alpha,
        "eSafe": evidence.e_safe,
        "eSafeNeeded": 1 / gate.alpha_safe,
        "verdict": evidence.verdict.value,
        "error": state.error,
    }


def asked_words(gate: Gate, question: Question) -> str:
    """The question of a gate as a sentence."""
    margin, stable = f"{gate.margin:g}", question.stable
    against = {
        (Metric.PREDICTION_SHIFT, Comparison.RELATIVE): (
            f"any class more than {margin} times as often or as rarely as {stable}"
        ),
        (Metric.PREDICTION_SHIFT, Comparison.PAIRED): (
            f"other than {stable} on more than {margin} of the same requests"
        ),
        (Metric.FEATURE_DRIFT, Comparison.ABSOLUTE): (
            f"any bin more than {margin} times as full or as empty as in training"
        ),
        (Metric.SAMPLE_RATIO, Comparison.ABSOLUTE): (
            f"odds of its share more than {margin} times off those that it was given"
        ),
        (Metric.BUSINESS_KPI, Comparison.RELATIVE): (
            f"worth less than {stable} by a factor of more than {margin}"
        ),
    }
    usual = {
        Comparison.RELATIVE: f"more than {margin} times as often as {stable}",
        Comparison.ABSOLUTE: f"more often than {margin}",
        Comparison.PAIRED: f"worse by more than {margin} than {stable} on the same requests",
    }
    words = against.get((gate.metric, gate.comparison), usual[gate.comparison])
    return f"{gate.metric} of {question.candidate}: {words}?"


def show(past: Past, told: Sequence[Told], console: Console) -> None:
    """Decisions for people."""
    began = past.turns[0].seen.now
    for note in past.notes:
        console.print(f"[yellow]{escape(note)}[/]", soft_wrap=True)
    for one in told:
        after = (one.turn.seen.now - began).total_seconds()
        lines = "\n".join(_lines(past, one))
        title = f"decision {one.number}, {one.turn.seen.now:%Y-%m-%d %H:%M:%S} (+{after:.0f} s)"
        console.print(f"[bold]{title}[/]\n{escape(lines)}\n", soft_wrap=True)


def _lines(past: Past, told: Told) -> Iterator[str]:
    turn = told.turn
    status = turn.decision.status
    for event in turn.decision.events:
        yield f"  {event.reason}: {event.message}"
    if not turn.decision.events:
        yield f"  {status.shown_phase}: {status.message}"
    yield f"  now {status.shown_phase}, weight {status.weight}, mirror {status.mirror}"
    rule = rule_of(turn)
    yield f"  rule {rule.name}: {rule.sentence}"
    for _, gate, question, window in asked_of(turn):
        state = turn.decision.status.gates[gate.name]
        yield f"  gate {gate.name}: {asked_words(gate, question)}"
        if source := past.sources.get(gate.name):
            yield f"    asked: {source}"
        yield f"    this look: {counts_words(window)}"
        yield f"    in all: {explain(state.test, state.evidence)}"
        if state.evidence.verdict is not Verdict.INCONCLUSIVE:
            yield f"    now {proof_words(state.evidence, gate.alpha, gate.alpha_safe)}"
    changes = list(otherwise(turn))
    for change in changes:
        yield f"  otherwise: {change}"
    if difference := past.difference(told.number):
        yield f"  DIFFERS from what was recorded: {difference}"
