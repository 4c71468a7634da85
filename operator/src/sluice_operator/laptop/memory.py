"""What the controller knows of one deployment, and how it is kept: memory first, then the disk.

A full disk must not make the loop forget what it has decided. Each kind of file is tried for
itself, and what could not be written is written at the next look.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.laptop.home import Home, write_whole
from sluice_operator.laptop.run_record import append, entry_of
from sluice_operator.laptop.view import view_of
from sluice_operator.model import Event
from sluice_operator.rollout.reconcile import Reconciled
from sluice_operator.rollout.status import Status

Tell = Callable[[Status, Event], None]
"""Hears of an event, with the status that came of it."""


@dataclass(slots=True, kw_only=True)
class Memory:
    """What one process knows of one deployment."""

    home: Home
    status: Status
    spec: Spec | None = None
    """Of the last look."""
    unmet: str = ""
    """Why something else is carried out than the file asks for; empty when it is not."""
    stands: bool = False
    """Whether nobody could know what was wanted before either."""
    next_look: datetime | None = None
    _saved: Status | None = None
    """What stands on disk; None when nobody can know."""
    _recorded: tuple[int, Spec] | None = None
    """Attempt and spec of the last line of the record; None before the first of this process."""
    _unwritten: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    """Lines of the record that wait for room on the disk."""
    _untold: list[tuple[Status, Event]] = field(default_factory=list)

    @classmethod
    def of(cls, home: Home, name: str) -> Self:
        """What the home remembers.

        Raises:
            SpecError: The status is damaged.
        """
        status = home.status(name)
        return cls(home=home, status=status, _saved=status)

    def is_due(self, now: datetime, longest_wait: timedelta) -> bool:
        """Whether the next look has come, also by a clock that was set back meanwhile."""
        return self.next_look is None or not now < self.next_look <= now + longest_wait

    def take(self, spec: Spec, turn: Reconciled) -> tuple[str, ...]:
        """Go on from what one turn has decided; what could not be kept is said in words."""
        before, self.status, self.spec = self.status, turn.decision.status, spec
        self._untold += [(self.status, event) for event in turn.decision.events]
        self._unwritten += self._lines(before, spec, turn)
        problems: list[str] = []
        with _noted(problems, "record"):
            self._record()
        with _noted(problems, "status"):
            self._save()
        with _noted(problems, "view"):
            write_whole(
                self.home.view_file(self.status.deployment), view_of(spec, turn, self.unmet)
            )
        return tuple(problems)

    @property
    def is_saved(self) -> bool:
        """Whether a restart would go on from here."""
        return self._saved == self.status

    def tell(self, listener: Tell) -> None:
        """Tell what has not been told yet, once it is sure to be remembered.

        Raises:
            Exception: Whatever the listener raises; the event will be told again.
        """
        while self._untold and self.is_saved:
            listener(*self._untold[0])
            del self._untold[0]

    def _save(self) -> None:
        if self.is_saved:
            return
        self._saved = None
        self.home.save(self.status)
        self._saved = self.status

    def _record(self) -> None:
        while self._unwritten:
            append(*self._unwritten[0])
            del self._unwritten[0]

    def _lines(
        self, before: Status, spec: Spec, turn: Reconciled
    ) -> Iterator[tuple[Path, dict[str, Any]]]:
        """A resting deployment leaves no trace unless something happens."""
        decision = turn.decision
        if before == decision.status and not decision.events:
            return
        attempt, known = self._recorded or (None, None)
        begins = attempt != decision.status.attempt
        entry = entry_of(
            before if begins else None,
            spec if begins or known != spec else None,
            turn.seen,
            decision,
            turn.error,
        )
        self._recorded = (decision.status.attempt, spec)
        yield self.home.run_file(decision.status.deployment, decision.status.attempt), entry


@contextlib.contextmanager
def _noted(problems: list[str], what: str) -> Iterator[None]:
    try:
        yield
    except OSError as refused:
        problems.append(f"cannot write the {what}: {refused}; free space or check its rights")
