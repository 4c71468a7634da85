"""The loop of `sluice up`: for each deployment in the home, look, decide, act, remember."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.errors import SluiceError, SpecError
from sluice_operator.laptop.home import Home
from sluice_operator.laptop.memory import Memory, Tell
from sluice_operator.model import Routing
from sluice_operator.rollout.ports import Ports
from sluice_operator.rollout.reconcile import Reconciled, Wish, reconcile
from sluice_operator.rollout.standing import standing
from sluice_operator.rollout.status import Phase

TICK = timedelta(milliseconds=500)
"""Between two looks while something is under way."""
RESTING_LOOK = timedelta(seconds=5)
"""Between two looks at a deployment with nothing under way."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Controller:
    """The only writer of statuses in a home; its caller holds the lock."""

    home: Home
    ports: Ports
    tell: Tell | None = None
    """Told of every event, once its decision is remembered."""
    _memory: dict[str, Memory] = field(default_factory=dict)
    _trouble: dict[str, str] = field(default_factory=dict)
    """What is wrong with each deployment, as it was logged last."""

    def run(self, stop: threading.Event) -> None:
        """Turn after turn until told to stop."""
        while not stop.is_set():
            self.turn()
            stop.wait(self._pause().total_seconds())

    def _pause(self) -> timedelta:
        """Until the next look that is due, a tick at most: people may ask for something."""
        now = self.ports.clock()
        waits = [m.next_look - now for m in self._memory.values() if m.next_look is not None]
        return max(min([TICK, *waits]), timedelta(0))

    def turn(self) -> None:
        """One look at every deployment that is due; a bad one does not stop the others."""
        names = tuple(self.home.deployments())
        for gone in self._memory.keys() - set(names):
            del self._memory[gone]
        for name in names:
            try:
                self._look_at(name)
            except SluiceError as wrong:
                self._put_off(name, f"Skipped: {wrong}")
            except Exception as bug:  # noqa: BLE001 - one turn must not end the servers of all
                self._put_off(name, f"Could not look: {bug!r}", bug)

    def _look_at(self, name: str) -> None:
        memory = self._memory.get(name)
        if memory is None:
            memory = self._memory[name] = Memory.of(self.home, name)
        problems: list[str] = []
        spec = self._wanted(name, memory, problems)
        actions = self.home.actions(name)
        # a deletion that has begun is carried through, even if somebody applies the name again
        deleted = self.home.deleted(name) or memory.status.phase is Phase.TERMINATING
        news = spec != memory.spec or bool(actions) or deleted
        if not news and not memory.is_due(self.ports.clock(), RESTING_LOOK):
            return
        wish = Wish(spec=spec, actions=actions, deleted=deleted)
        turn = reconcile(wish, memory.status, self.ports)
        problems += self._remembered(memory, spec, turn)
        if memory.is_saved:
            self.home.clear_actions(actions, memory.status.last_action)
        self._report(name, problems)
        if _gone(turn):
            self.ports.serving.route(name, Routing())
            self.home.forget(name)
            del self._memory[name]

    def _wanted(self, name: str, memory: Memory, problems: list[str]) -> Spec:
        """What the file and its templates say.

        What was damaged meanwhile does not disarm the guardrails; without gates that anybody knows
        nothing begins and nothing goes on.
        """
        before = memory.spec if not memory.stands else None
        memory.unmet, memory.stands = "", False
        try:
            own = self.home.wanted(name).spec
        except SpecError as damaged:
            if before is None:
                raise
            problems.append(f"Going on with what was wanted before: {damaged}")
            return before
        try:
            return self.home.in_force(own)
        except SpecError as unmet:
            memory.unmet, memory.stands = str(unmet), before is None
            problems.append(f"Nothing new begins: {unmet}")
            return before or standing(own, memory.status)

    def _remembered(self, memory: Memory, spec: Spec, turn: Reconciled) -> Iterator[str]:
        """Keep and tell what was decided; what of it did not work, in words."""
        wait = turn.decision.requeue_after
        memory.next_look = turn.seen.now + (RESTING_LOOK if wait is None else min(wait, TICK))
        if turn.error:
            yield f"Engine refused: {turn.error}"
        yield from memory.take(spec, turn)
        for event in turn.decision.events:
            level = logging.WARNING if event.warning else logging.INFO
            _log.log(level, "%s %s: %s", memory.status.deployment, event.reason, event.message)
        if self.tell is not None:
            try:
                memory.tell(self.tell)
            except Exception as broken:  # noqa: BLE001 - who listens must not stop the loop
                yield f"Could not tell of an event, will try again: {broken!r}"

    def _put_off(self, name: str, why: str, bug: Exception | None = None) -> None:
        """To the next tick: what goes wrong at once must not be tried without a pause."""
        memory = self._memory.get(name)
        if memory is not None:
            memory.next_look = self.ports.clock() + TICK
        self._report(name, [why], bug)

    def _report(self, name: str, problems: list[str], bug: Exception | None = None) -> None:
        """Log trouble when it begins, changes and ends."""
        trouble = "; ".join(problems)
        if trouble == self._trouble.get(name, ""):
            return
        self._trouble[name] = trouble
        if trouble:
            _log.error("%s: %s", name, trouble, exc_info=bug)
        else:
            _log.info("%s: no more trouble", name)


def _gone(turn: Reconciled) -> bool:
    """A deleted deployment has left once the router names none of its revisions."""
    serving = turn.seen.serving
    return (
        turn.decision.status.phase is Phase.TERMINATING
        and serving.routes is not None
        and not serving.routes.weights
    )
