"""The loop of `sluice up`: for each deployment in the home, look, decide, act, remember."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.errors import SluiceError
from sluice_operator.laptop.home import Home, write_whole
from sluice_operator.laptop.run_record import append, entry_of
from sluice_operator.laptop.view import view_of
from sluice_operator.model import Event, Routing
from sluice_operator.rollout.ports import Ports
from sluice_operator.rollout.reconcile import Reconciled, Wish, reconcile
from sluice_operator.rollout.status import Phase, Status

TICK = timedelta(milliseconds=500)
"""Between two looks while something is under way."""
RESTING_LOOK = timedelta(seconds=5)
"""Between two looks at a deployment with nothing under way."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Memory:
    """What this process knows of one deployment beyond the home."""

    status: Status
    spec: Spec | None = None
    """The spec of the last recorded turn."""
    attempt: int = -1
    """The attempt of the last recorded turn."""
    next_look: datetime | None = None
    saved: Status | None = None


@dataclass(slots=True, kw_only=True)
class Controller:
    """The only writer of statuses in a home; its caller holds the lock."""

    home: Home
    ports: Ports
    tell: Callable[[Status, Event], None] | None = None
    """Told of every event, once its decision is remembered."""
    _memory: dict[str, _Memory] = field(default_factory=dict)

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
        for name in tuple(self.home.deployments()):
            try:
                self._look_at(name)
            except SluiceError as wrong:
                _log.error("Skipped %s: %s", name, wrong)
            except Exception:  # noqa: BLE001 - a bug in one turn must not end the servers of all
                _log.exception("Could not look at %s", name)

    def _look_at(self, name: str) -> None:
        memory = self._memory.get(name)
        if memory is None:
            status = self.home.status(name)
            memory = self._memory[name] = _Memory(status=status, saved=status)
        spec = self.home.wanted(name).spec
        actions = self.home.actions(name)
        deleted = self.home.deleted(name)
        news = spec != memory.spec or bool(actions) or deleted
        if not news and memory.next_look and self.ports.clock() < memory.next_look:
            return
        turn = reconcile(
            Wish(spec=spec, actions=actions, deleted=deleted), memory.status, self.ports
        )
        self._remember(name, memory, spec, turn)
        self.home.clear_actions(actions, turn.decision.status.last_action)
        if _gone(turn):
            self.ports.serving.route(name, Routing())
            self.home.forget(name)
            del self._memory[name]

    def _remember(self, name: str, memory: _Memory, spec: Spec, turn: Reconciled) -> None:
        """Memory first: a full disk must not make the loop forget what it has decided."""
        before, decision = memory.status, turn.decision
        memory.status = decision.status
        wait = decision.requeue_after
        memory.next_look = turn.seen.now + (RESTING_LOOK if wait is None else min(wait, TICK))
        for event in decision.events:
            level = logging.WARNING if event.warning else logging.INFO
            _log.log(level, "%s %s: %s", name, event.reason, event.message)
        if turn.error:
            _log.warning("Engine refused for %s: %s", name, turn.error)
        self._record(name, memory, before, spec, turn)
        if memory.saved != decision.status:
            self.home.save(decision.status)
            memory.saved = decision.status
        write_whole(self.home.root / "view" / f"{name}.json", view_of(spec, turn))
        if self.tell is not None:
            for event in decision.events:
                self.tell(decision.status, event)

    def _record(
        self, name: str, memory: _Memory, before: Status, spec: Spec, turn: Reconciled
    ) -> None:
        """A resting deployment leaves no trace unless something happens."""
        decision = turn.decision
        if before == decision.status and not decision.events:
            return
        begins = memory.attempt != decision.status.attempt
        entry = entry_of(
            before if begins else None,
            spec if begins or memory.spec != spec else None,
            turn.seen,
            decision,
            turn.error,
        )
        append(self.home.run_file(name, decision.status.attempt), entry)
        memory.attempt, memory.spec = decision.status.attempt, spec


def _gone(turn: Reconciled) -> bool:
    """A deleted deployment has left once the router names none of its revisions."""
    serving = turn.seen.serving
    return (
        turn.decision.status.phase is Phase.TERMINATING
        and serving.routes is not None
        and not serving.routes.weights
    )
