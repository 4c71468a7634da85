"""One controller at a time for one home."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

from sluice_operator.errors import WorldError
from sluice_operator.laptop.home import Home


class AlreadyRunningError(WorldError):
    """Another controller holds this home."""


ASKING_SECONDS = 0.5
"""For how long a lock may seem to be held by somebody who only asks who holds it."""


@contextmanager
def held(home: Home) -> Iterator[None]:
    """The lock of the home, let go by the kernel even when the process is killed.

    Raises:
        AlreadyRunningError: Another process holds it.
    """
    home.create()
    with alone(home.root / "lock", partial(already_running, home)):
        yield


@contextmanager
def alone(path: Path, refusal: Callable[[str], WorldError]) -> Iterator[None]:
    """The lock of a file, for one process at a time; it has the process id of its holder.

    Raises:
        WorldError: Another process holds it; what the refusal makes of its id.
    """
    with path.open("a+") as file:
        if not _locked(file):
            file.seek(0)
            raise refusal(file.read().strip())
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _locked(file: TextIO) -> bool:
    """Whether the lock could be taken; `holder` shares it for a moment when it looks."""
    deadline = time.monotonic() + ASKING_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def already_running(home: Home, pid: int | str) -> AlreadyRunningError:
    """The error of whoever comes second, with the way out."""
    return AlreadyRunningError(
        f"{home.root}: sluice is already up (pid {pid or 'unknown'}); run `sluice down` first, or "
        "choose another folder with --home"
    )


def holder(home: Home) -> int | None:
    """Process id of the controller that holds the home now; None when none does."""
    path = home.root / "lock"
    if not path.exists():
        return None
    with path.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read().strip()
            return int(text) if text else None
    return None
