"""Waiting for something to become true, in place of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], within: float = 30.0, every: float = 0.02) -> T:
    """The first truthy answer of the check; an AssertionError of the check counts as a no."""
    deadline = time.monotonic() + within
    while True:
        answer, why = _asked(check)
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {why or answer!r}") from why
        time.sleep(every)


def _asked(check: Callable[[], T]) -> tuple[T | None, AssertionError | None]:
    try:
        return check(), None
    except AssertionError as not_yet:
        return None, not_yet
