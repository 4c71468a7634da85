"""One thread that writes: requests that wait at the same time share a commit, and its sync.

Its law: a future is done after the commit that holds its records, or with the error that undid it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Protocol

from sluice_ledger.arrival import Arrivals, Taken
from sluice_ledger.errors import StoreError
from sluice_ledger.server.metric import Metrics


class Writer(Protocol):
    """What keeps arrivals; `PostgresLedger` does."""

    def append(self, pieces: Sequence[Arrivals]) -> tuple[Taken, ...]:
        """Keep all pieces in one commit, or none."""
        ...


class _Waiting(NamedTuple):
    arrivals: Arrivals
    done: "Future[Taken]"


class Committer:
    """Writes what is submitted, in order."""

    def __init__(self, writer: Callable[[], Writer], most_records: int, metrics: Metrics) -> None:
        self._writer = writer
        self._most_records = most_records
        self._metrics = metrics
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def submit(self, arrivals: Arrivals) -> "Future[Taken]":
        """What will have become of them; the future fails with `StoreError` if none was kept."""
        done: Future[Taken] = Future()
        with self._changed:
            if self._closing:
                done.set_exception(StoreError("the ledger is about to end; try another replica"))
            else:
                self._queue.append(_Waiting(arrivals, done))
                self._changed.notify()
        return done

    def close(self) -> None:
        """Write what waits, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            begun = time.monotonic()
            try:
                taken = self._writer().append([one.arrivals for one in batch])
            except Exception as broken:  # noqa: BLE001 - whoever waits is told, whatever it is
                self._metrics.store_errors.inc()
                for one in batch:
                    one.done.set_exception(broken)
                continue
            self._metrics.commit_seconds.observe(time.monotonic() - begun)
            self._metrics.commit_records.observe(sum(map(_records, batch)))
            for one, fate in zip(batch, taken, strict=True):
                one.done.set_result(fate)

    def _next(self) -> list[_Waiting] | None:
        """What goes into the next commit, once there is something; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if not self._queue:
                return None
            batch: list[_Waiting] = []
            records = 0
            while self._queue and (not batch or records < self._most_records):
                one = self._queue.popleft()
                # from here on nobody can cancel it; who did before has gone without an answer
                if one.done.set_running_or_notify_cancel():
                    batch.append(one)
                    records += _records(one)
            return batch


def _records(waiting: _Waiting) -> int:
    arrivals = waiting.arrivals
    return len(arrivals.predictions) + len(arrivals.labels) + len(arrivals.events)
