"""One program with all processes that it starts, and their end."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sluice_serving_v1.leash import leash

POLL_SECONDS = 0.02
KILLED_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start, and what it gets if this process dies first."""

    name: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    leash: signal.Signals = signal.SIGKILL


class Program:
    """A process group."""

    def __init__(self, command: Command) -> None:
        self.name = command.name
        self._process = subprocess.Popen(
            list(command.arguments),
            env=dict(command.environ),
            process_group=0,
            preexec_fn=leash(os.getpid(), command.leash),  # noqa: PLW1509 - there is one thread
        )

    @property
    def exit_code(self) -> int | None:
        """Of its first process; None while that lives."""
        return self._process.poll()

    def stop(self, within: float) -> None:
        """End every process of the group: politely, and after `within` seconds by force."""
        self._signal(signal.SIGTERM)
        if not self._gone(within):
            self._signal(signal.SIGKILL)
            self._gone(KILLED_SECONDS)

    def _signal(self, how: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, how)
        except ProcessLookupError:
            return

    def _gone(self, within: float) -> bool:
        deadline = time.monotonic() + within
        while self._lives():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _lives(self) -> bool:
        """Whether the group has a process; takes leave of those that have ended."""
        self._process.poll()
        with suppress(ChildProcessError):
            while os.waitpid(-self._process.pid, os.WNOHANG) != (0, 0):
                pass
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True
