"""What one look leaves to be written down: entries of the record, events, results of actions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluice_operator.api.v1alpha1 import Gate, Spec
from sluice_operator.cluster.kind import Object, name_of
from sluice_operator.cluster.port import Plain
from sluice_operator.controller.counts import counts_shown
from sluice_operator.controller.journal import MOST_WAITING
from sluice_operator.controller.memory import Memory, Page, structure_of
from sluice_operator.controller.moment import moment_text
from sluice_operator.controller.shelf import action_of
from sluice_operator.controller.view import gate_shown
from sluice_operator.model import Event, Observation, Question
from sluice_operator.rollout.action import overtaken_by
from sluice_operator.rollout.decide import Decision
from sluice_operator.rollout.gate import questions_due
from sluice_operator.rollout.status import Attempt, GateState, Status

IGNORED = "ActionIgnored"
RESTARTED = "taken before the operator was started anew; the RolloutRun tells what came of it"
_KEPT = ("name", "estimate", "lower", "upper", "eHarm", "eSafe", "verdict", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look and what was decided on it."""

    spec: Spec
    before: Status
    seen: Observation
    decision: Decision
    waiting: Sequence[Object] = ()
    """RolloutActions about the deployment."""
    query: Callable[[Question], str] = str
    """What a person may ask to see the counts of a gate."""

    @property
    def after(self) -> Status:
        """The status that was decided."""
        return self.decision.status

    @property
    def carried_out(self) -> Object | None:
        """The action that was carried out, or found not to fit."""
        if self.before.last_action == self.after.last_action:
            return None
        done = self.after.last_action
        return next((body for body in self.waiting if action_of(body).id == done), None)

    @property
    def overtaken(self) -> list[Object]:
        """Those before it that were not, and are not to be any more."""
        first, last = self.before.last_action, self.after.last_action
        return [body for body in self.waiting if first < action_of(body).id < last]


def page_of(look: Look) -> Page:
    """A blank page when nothing happened that anybody would want to read about."""
    before, after = look.before, look.after
    if structure_of(before) == structure_of(after) and not look.decision.events:
        return Page()
    ended = after.history[-1] if after.history else None
    news = ended is not None and ended.number == after.attempt and ended not in before.history
    return Page(
        decisions=[(after.attempt, decision_shown(look))],
        outcomes={ended.number: _outcome(ended)} if news and ended else {},
        events=list(look.decision.events),
        actions=_results(look),
        checkpoint=bool(after.gates),
    )


def looked(memory: Memory, look: Look) -> Page:
    """The look itself, for the journal; blank for one that has changed nothing."""
    if look.after.attempt == 0 or (look.before == look.after and not look.decision.events):
        return Page()
    if memory.book.looks >= MOST_WAITING:
        memory.book.lose_looks()
        memory.pen.lift()
    at = moment_text(look.seen.now)
    return Page(looks=[memory.pen.line(look.spec, look.before, look.seen, look.after, at)])


def _outcome(ended: Attempt) -> Plain:
    return {
        "outcome": ended.outcome.value,
        "cause": ended.cause[:1024],
        "peakWeight": ended.peak_weight,
        "endedAt": moment_text(ended.ended_at),
    }


def decision_shown(look: Look) -> Plain:
    """The entry of the RolloutRun; a RolloutAction and a query are named if the look knows them."""
    after, events = look.after, look.decision.events
    entry: Plain = {
        "at": moment_text(look.seen.now),
        "reason": events[-1].reason if events else after.phase.value,
        "message": (events[-1].message if events else after.message)[:1024],
        "phase": after.shown_phase,
        "step": after.step,
        "weight": after.weight,
        "mirror": after.mirror,
    }
    if gates := _gates(look):
        entry["gates"] = gates
    if (done := look.carried_out) is not None:
        action = action_of(done)
        entry["action"] = {
            "id": name_of(done),
            "verb": action.verb.value,
            "by": action.by,
            "reason": action.reason,
        }
    return entry


def _gates(look: Look) -> list[Plain]:
    """Those that were asked at this look."""
    questions = {question.gate: question for question in questions_due(look.spec, look.before)}
    return [
        _gate(gate, look.after.gates[gate.name]) | {"source": look.query(questions[gate.name])}
        for gate in look.spec.gates
        if gate.name in questions and gate.name in look.after.gates
    ]


def _gate(gate: Gate, state: GateState) -> Plain:
    """Counts, interval and e-values: all that a verdict rests on."""
    shown = gate_shown(gate, state)
    return {name: shown[name] for name in _KEPT if name in shown} | counts_shown(state)


def _results(look: Look) -> list[tuple[Object, Plain]]:
    done, at = look.carried_out, look.seen.now
    if done is None:
        return []
    late = overtaken_by(action_of(done))
    overtaken = [(body, _result("Ignored", late, at)) for body in look.overtaken]
    return [*overtaken, (done, _outcome_of_action(look.decision.events, at))]


def _outcome_of_action(events: Sequence[Event], at: datetime) -> Plain:
    """The last event tells of the action that was carried out; before it come overtaken ones."""
    if events and events[-1].reason == IGNORED:
        return _result("Ignored", events[-1].message, at)
    said = next((event.message for event in events if event.reason != IGNORED), "")
    return _result("Done", said, at)


def _result(state: str, message: str, at: datetime) -> Plain:
    return {"state": state, "message": message[:1024], "at": moment_text(at)}


def unanswered(memory: Memory, done: Look) -> Page:
    """Actions that an earlier process took, and could not say what came of them any more."""
    taken = [
        action
        for action in done.waiting
        if action["metadata"]["uid"] not in memory.answered
        and (not is_new(action, memory) or action_of(action).id <= done.after.last_action)
    ]
    memory.answered |= {action["metadata"]["uid"] for action in taken}
    result = _result("Done", RESTARTED, done.seen.now)
    return Page(actions=[(action, result) for action in taken])


def is_new(action: Object, memory: Memory) -> bool:
    """Whether it was not carried out last, however often it was touched since."""
    return not memory.status.last_action.endswith(f".{action['metadata']['uid']}")
