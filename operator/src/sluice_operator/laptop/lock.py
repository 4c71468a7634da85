"""One controller at a time for one home."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sluice_operator.errors import WorldError
from sluice_operator.laptop.home import Home


class AlreadyRunningError(WorldError):
    """Another controller holds this home."""


@contextmanager
def held(home: Home) -> Iterator[None]:
    """The lock of the home, let go by the kernel even when the process is killed.

    Raises:
        AlreadyRunningError: Another process holds it.
    """
    home.create()
    with (home.root / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunningError(
                f"{home.root}: sluice is already up (pid {file.read().strip() or 'unknown'}); "
                "run `sluice down` first, or choose another folder with --home"
            ) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


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
