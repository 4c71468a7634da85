"""Which deployment to look at next: each key once, when it is due, by one worker at a time."""

import heapq
import threading
import time
from collections.abc import Callable
from math import inf, nextafter

Key = tuple[str, str]
"""Namespace and name of a ModelDeployment."""


class WorkQueue:
    """Keys with the moment at which each is due; thread-safe.

    A key that is asked for again while a worker has it comes back once the worker is done, so two
    workers never hold the same deployment. The earliest wish wins.

    Units: moments are seconds of `clock`, which must never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heap: list[tuple[float, Key]] = []
        self._due: dict[Key, float] = {}
        self._held: set[Key] = set()
        self._again: dict[Key, float] = {}
        self._changed = threading.Condition()
        self._closed = False

    def add(self, key: Key, delay_seconds: float = 0.0) -> None:
        """Look at the key then, or earlier if somebody wants it earlier."""
        with self._changed:
            self._wish(key, self._clock() + delay_seconds)

    def hurry(self, key: Key) -> None:
        """Look at the key before all others, even those that are overdue."""
        with self._changed:
            first = self._heap[0][0] if self._heap else inf
            self._wish(key, nextafter(min(first, self._clock()), -inf))

    def rush(self) -> None:
        """Everything that waits is due now."""
        with self._changed:
            for key in tuple(self._due):
                self._wish(key, self._clock())

    def take(self, timeout_seconds: float | None = None) -> Key | None:
        """The key that is most due, held until `done`; None after the time-out or the end."""
        end = None if timeout_seconds is None else self._clock() + timeout_seconds
        with self._changed:
            while not self._closed:
                if (key := self._pop()) is not None:
                    self._held.add(key)
                    return key
                now = self._clock()
                if end is not None and now >= end:
                    return None
                moments = [m for m in (end, self._heap[0][0] if self._heap else None) if m]
                self._changed.wait(max(min(moments) - now, 0) if moments else None)
        return None

    def done(self, key: Key) -> None:
        """The worker lets go of the key."""
        with self._changed:
            self._held.discard(key)
            due = self._again.pop(key, None)
            if due is not None:
                self._wish(key, due)

    def forget(self, key: Key) -> None:
        """Nobody needs to look at the key any more."""
        with self._changed:
            self._due.pop(key, None)
            self._again.pop(key, None)

    def close(self) -> None:
        """Wake all workers with None."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all wishes; keys in the hands of workers come back no more."""
        with self._changed:
            self._heap.clear()
            self._due.clear()
            self._again.clear()

    def __len__(self) -> int:
        with self._changed:
            return len(self._due)

    @property
    def oldest_seconds(self) -> float:
        """How long the most overdue key has waited for a worker; 0 when none is overdue."""
        with self._changed:
            return max(self._clock() - min(self._due.values(), default=self._clock()), 0.0)

    def _wish(self, key: Key, due: float) -> None:
        waiting = self._again if key in self._held else self._due
        if due >= waiting.get(key, inf):
            return
        waiting[key] = due
        if waiting is self._due:
            heapq.heappush(self._heap, (due, key))
            self._changed.notify()

    def _pop(self) -> Key | None:
        """The first key that is due; entries that an earlier wish has overtaken are dropped."""
        while self._heap and self._heap[0][0] <= self._clock():
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                return key
        return None
