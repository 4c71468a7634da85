"""Processes that die with their parent.

Seldon's wrapper starts four processes and stops none of them: on SIGTERM its parent ends or hangs,
and the others go on answering. So every process that it forks asks the kernel to end with its
parent.

Source: prctl(2): PR_SET_PDEATHSIG is kept over execve, not over fork; it is sent when the *thread*
that forked ends. PR_SET_CHILD_SUBREAPER makes orphans children of the nearest such ancestor.
"""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def leash(parent: int, how: signal.Signals) -> Callable[[], None]:
    """What a child has to do between fork and exec to get the signal when its parent ends."""

    def put_on() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:
            os.kill(os.getpid(), how)

    return put_on


def die_with_parents() -> None:
    """From now on every process that this one forks, and their forks too, end with their parent."""
    parent = os.getpid()

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    def put_on() -> None:
        leash(parent, signal.SIGKILL)()

    os.register_at_fork(before=remember, after_in_child=put_on)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ended, so that they can be waited for."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
