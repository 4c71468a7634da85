"""One child process: on a leash, in a process group of its own, with a log file.

The group keeps Ctrl-C in a terminal away from the children, so that their parent can end them in
order; the leash ends them should the parent be killed.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sluice_operator.serving import leash
from sluice_operator.serving.log import reason_in

UNWANTED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
"""Belongs to this program's Python, not to the child's."""


class Process:
    """A running program."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        """Start it; what it prints is appended to the log.

        The thread that calls this must live as long as the program: the leash is tied to it.

        Raises:
            OSError: It could not be started.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        with log.open("ab") as output:
            self._log_start = output.tell()
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in os.environ.items() if name not in UNWANTED},
                process_group=0,
            )
        self._ended = os.pidfd_open(self._child.pid)

    @property
    def pid(self) -> int:
        """Number of the process, and of its group."""
        return self._child.pid

    def wait(self, seconds: float, bell: int) -> bool:
        """Whether it has ended, once it has, or the bell rings, or the time is over."""
        poll = select.poll()
        poll.register(self._ended, select.POLLIN)
        poll.register(bell, select.POLLIN)
        return any(descriptor == self._ended for descriptor, _ in poll.poll(seconds * 1000))

    def ended(self) -> bool:
        """Whether it has ended by now."""
        return bool(select.select([self._ended], [], [], 0)[0])

    def kill(self) -> None:
        """End it at once, with what it started."""
        self._signal(signal.SIGKILL)

    def close(self, grace_seconds: float = 0) -> None:
        """Ask it to end if there is a grace, then end its group and let go of it.

        A second Ctrl-C cuts the grace short. Its number is free for others only when it has been
        waited for, which therefore comes last.
        """
        try:
            if grace_seconds:
                self._signal(signal.SIGTERM)
                select.select([self._ended], [], [], grace_seconds)
        finally:
            self._signal(signal.SIGKILL)
            self._child.wait()
            os.close(self._ended)

    def why_ended(self) -> str:
        """How it ended, with the last thing that it said about it if nobody killed it."""
        code = self._child.returncode
        if code < 0:
            return f"killed by {signal.Signals(-code).name} (see {self._log})"
        said = reason_in(self._log, self._log_start)
        return f"ended with code {code}: {said or 'it said nothing'} (see {self._log})"

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)
