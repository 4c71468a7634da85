"""Stops what an interrupted run has started.

Kubeflow's runner leaves its step running when Ctrl-C reaches this process alone, as it does when
another program sends it.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROCESSES: Final = Path("/proc")
_PATIENCE: Final = 5.0
"""Seconds in which a process may end by itself."""
_STATE, _PARENT = 0, 1
"""Fields of /proc/PID/stat, counted after the name of the program."""


@contextlib.contextmanager
def none_left_behind() -> Iterator[None]:
    """Stop every process that was started inside, if the inside is interrupted."""
    before = descendants(os.getpid())
    try:
        yield
    except Exception:
        raise  # a step has failed, and with that it has ended
    except BaseException:
        _stop(descendants(os.getpid()) - before)
        raise


def descendants(root: int) -> set[int]:
    """Ids of the living processes that a process has started, and that those have started."""
    parents = _living()
    found: set[int] = set()
    added = {root}
    while added:
        added = {pid for pid, parent in parents.items() if parent in added} - found
        found |= added
    return found


def _living() -> dict[int, int]:
    """Every process that has not ended, with its parent; none where the system has no /proc."""
    if not _PROCESSES.is_dir():
        return {}
    numbers = (folder for folder in _PROCESSES.iterdir() if folder.name.isdigit())
    read = ((int(folder.name), _fields(folder)) for folder in numbers)
    return {pid: int(fields[_PARENT]) for pid, fields in read if fields and fields[_STATE] != "Z"}


def _fields(folder: Path) -> list[str]:
    try:
        text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended meanwhile
        return []
    return text.rpartition(") ")[2].split()


def _stop(processes: set[int]) -> None:
    _signal(processes, signal.SIGINT)
    end = time.monotonic() + _PATIENCE
    try:
        # a process whose parent has ended is no descendant any more, but alive
        while processes & _living().keys() and time.monotonic() < end:
            time.sleep(0.05)
    finally:  # a second Ctrl-C cuts the patience short
        _signal(processes & _living().keys(), signal.SIGKILL)


def _signal(processes: set[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
