"""Starts a program that dies with its parent: `python leash.py PARENT PROGRAM ARGUMENT...`.

A program of its own, and not a hook between fork and exec, because the parent has threads: a hook
would run with whatever locks they held at the fork.

Source: prctl(2), PR_SET_PDEATHSIG: kept over execve, sent when the *thread* that forked ends.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Become the command, on a leash."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the parent ended before the leash was on")
    try:
        os.execv(command[0], command)  # noqa: S606 - that is the job
    except OSError as broken:
        sys.exit(f"StartError: {command[0]}: {broken.strerror}; is it installed (make init)?")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
