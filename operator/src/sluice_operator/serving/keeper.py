"""Keeps one program running: starts it, asks how it is, and starts it again when it ends.

One thread per program, asleep between events. It wakes when the program ends, when it is told to
stop, and for the next question. What it knows is one frozen value, `Kept`, replaced as a whole.
"""

import os
import select
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sluice_operator.serving.process import Process

ASK_STARTING_SECONDS = 0.1
ASK_READY_SECONDS = 1.0
MISSES_UNREADY = 3
"""Unanswered questions in a row after which a program that was ready is so no more."""
MISSES_HUNG = 30
"""Unanswered questions in a row after which a program that was ready is started anew."""
CRASHES_HOPELESS = 3
"""Endings in a row, none of them after being ready, that make a crash loop."""
FIRST_BACKOFF_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 10.0
GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A program's answer to the question how it is."""

    ready: bool
    refused: str = ""
    """Why it will never be ready, in its own words; empty while there is hope."""


class Program(Protocol):
    """What a keeper needs to know of a program."""

    def launch(self) -> Process:
        """Start it.

        Raises:
            OSError: It could not be started.
            ServingEngineError: Something that it needs is missing.
        """
        ...

    def health(self) -> Health:
        """Ask it how it is; an answer that does not come within a second is a no."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of a kept program; pure, as are its transitions."""

    ready: bool = False
    failed: str = ""
    """Why it can never become ready."""
    pid: int | None = None
    """The running process, if any."""
    ends: int = 0
    """How often it has ended without being told to."""
    crashes: int = 0
    """Endings in a row, none of them after being ready."""
    was_ready: bool = False
    """Whether any of its processes has been ready."""
    answered: bool = False
    """Whether the running process has been ready."""
    misses: int = 0
    """Unanswered questions in a row."""
    last_end: str = ""

    def launched(self, pid: int) -> "Kept":
        """After a start."""
        return replace(self, pid=pid, answered=False, misses=0)

    def asked(self, health: Health) -> "Kept":
        """After an answer."""
        if health.ready:
            good = replace(self, ready=True, was_ready=True, answered=True)
            return replace(good, failed="", crashes=0, misses=0)
        misses = self.misses + 1
        ready = self.ready and misses < MISSES_UNREADY
        return replace(self, ready=ready, misses=misses, failed=health.refused or self.failed)

    def ended(self, why: str) -> "Kept":
        """After an ending that nobody asked for.

        A program that has been ready is never given up: it worked, so it can work again.
        """
        crashes = self.crashes + 1
        hopeless = crashes >= CRASHES_HOPELESS and not self.was_ready
        loop = f"crash loop, {crashes} starts failed; the last {why}" if hopeless else ""
        return replace(
            self,
            ready=False,
            pid=None,
            ends=self.ends + 1,
            crashes=crashes,
            last_end=why,
            failed=loop or self.failed,
        )

    @property
    def hung(self) -> bool:
        """The running process was ready, and answers no more."""
        return self.answered and self.misses >= MISSES_HUNG

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next question."""
        waiting = not self.ready and not self.failed
        return ASK_STARTING_SECONDS if waiting else ASK_READY_SECONDS

    @property
    def backoff_seconds(self) -> float:
        """How long to wait before the next start: doubled with each crash, up to a limit."""
        if not self.crashes:
            return 0
        doublings = min(self.crashes - 1, 10)
        return min(FIRST_BACKOFF_SECONDS * 2.0**doublings, LONGEST_BACKOFF_SECONDS)


class Keeper:
    """The thread that keeps one program."""

    def __init__(self, name: str, program: Program, changed: Callable[[], None]) -> None:
        """`changed` is called from the thread whenever the state is another one."""
        self._program = program
        self._changed = changed
        self._kept = Kept()
        self._bell = os.eventfd(0)
        weakref.finalize(self, os.close, self._bell)
        self._thread = threading.Thread(target=self._run, name=f"keep-{name}", daemon=True)

    @property
    def kept(self) -> Kept:
        """The state now."""
        return self._kept

    @property
    def gone(self) -> bool:
        """Whether it has been told to stop, and its program has ended."""
        return not self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the program to end; returns at once, see `gone`."""
        os.eventfd_write(self._bell, 1)

    def join(self) -> None:
        """Wait until the program has ended, which takes no longer than its grace."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._rung(self._kept.backoff_seconds):
            self._live_once()
        self._changed()

    def _live_once(self) -> None:
        try:
            process = self._program.launch()
        except Exception as broken:  # noqa: BLE001 - a keeper that dies keeps nothing
            self._become(self._kept.ended(f"start failed: {broken}"))
            return
        self._become(self._kept.launched(process.pid))
        ended = self._attended(process)
        process.close(0 if ended else GRACE_SECONDS)
        if ended:
            self._become(self._kept.ended(process.why_ended()))

    def _attended(self, process: Process) -> bool:
        """True once the process has ended by itself, False when it is told to."""
        while True:
            if process.wait(self._kept.pause_seconds, self._bell):
                return True
            if self._rung(0):
                return False
            if self._kept.hung:
                process.kill()
            else:
                self._become(self._kept.asked(self._program.health()))

    def _rung(self, seconds: float) -> bool:
        return bool(select.select([self._bell], [], [], seconds)[0])

    def _become(self, kept: Kept) -> None:
        before, self._kept = self._kept, kept
        if (before.ready, before.failed, before.pid) != (kept.ready, kept.failed, kept.pid):
            self._changed()
