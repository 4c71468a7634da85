"""The threads of a leading operator: workers that look, scribes that write down."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sluice_operator.controller.gauge import Gauges
from sluice_operator.controller.log import about
from sluice_operator.controller.memory import Book
from sluice_operator.controller.queue import Key, WorkQueue
from sluice_operator.controller.scribe import Scribe
from sluice_operator.controller.turn import Turns

SCRIBES = 2
BUG_SECONDS = 5.0
"""Until a deployment is looked at again whose look ended in a bug."""
LATE_SECONDS = 0.5
"""Once a deployment has waited so long for a worker, retreats may be among those that wait."""
YIELD_SECONDS = 1.0
"""Scribes rest so long before each record meanwhile, and leave the API server to the workers."""
GATHER_SECONDS = 4.0
"""What is noted meanwhile goes into the same record; steps often follow each other at once."""
PATIENT_SECONDS = 30.0
"""A gate that turned safe is recorded with the step that it opens, or after this time. Whoever is
killed before has its evidence gathered anew, and with it the proof."""
LAPSE_SECONDS = 0.5
"""Until a deployment is tried again that came up while the lease was not renewed yet."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Workers and scribes of one process; they rest while somebody else leads."""

    turns: Turns
    scribe: Scribe
    queue: WorkQueue
    pages: WorkQueue
    """Deployments whose book has something to write."""
    gauges: Gauges
    is_leading: Callable[[], bool]
    """Whether we may write now."""
    is_acting: Callable[[], bool]
    """Whether we lead as far as we know: what comes up while a renewal is late waits for it."""

    def start(self, workers: int) -> tuple[threading.Thread, ...]:
        """All threads, running; closing both queues ends them."""
        lanes = [(self._work, f"worker-{n}") for n in range(workers)]
        lanes += [(self._write, f"scribe-{n}") for n in range(SCRIBES)]
        threads = tuple(threading.Thread(target=run, name=name, daemon=True) for run, name in lanes)
        for thread in threads:
            thread.start()
        return threads

    def _work(self) -> None:
        while (key := self.queue.take()) is not None:
            try:
                if self.is_leading():
                    self._look(key)
                elif self.is_acting():
                    self.queue.add(key, LAPSE_SECONDS)
            finally:
                self.queue.done(key)

    def _look(self, key: Key) -> None:
        began = time.monotonic()
        wait, result = self._turned(key)
        self.gauges.turns.labels(result=result).inc()
        self.gauges.turn_seconds.observe(time.monotonic() - began)
        if wait is not None:
            self.queue.add(key, wait)
        for other in self.turns.urgent():
            self.queue.hurry(other)
        memory = self.turns.memory(key)
        if memory is not None and not memory.book.is_blank:
            self.pages.add(key, _patience(memory.book))

    def _turned(self, key: Key) -> tuple[float | None, str]:
        try:
            return self.turns.turn(key), "ok"
        except Exception:  # noqa: BLE001 - one deployment must not stop the others
            _log.exception("%s/%s: bug while looking", *key, extra=about(key))
            return BUG_SECONDS, "bug"

    def _write(self) -> None:
        while (key := self.pages.take()) is not None:
            if self.queue.oldest_seconds > LATE_SECONDS:
                time.sleep(YIELD_SECONDS)
            try:
                if self.is_leading():
                    self._record(key)
                elif self.is_acting():
                    self.pages.add(key, LAPSE_SECONDS)
            finally:
                self.pages.done(key)

    def _record(self, key: Key) -> None:
        try:
            wait = self.scribe.write(key)
            result = "ok" if wait is None else "put off"
        except Exception:  # noqa: BLE001 - a record that cannot be made must not stop the others
            _log.exception("%s/%s: bug while recording", *key, extra=about(key))
            wait, result = BUG_SECONDS, "bug"
        self.gauges.records.labels(result=result).inc()
        if wait is not None:
            self.pages.add(key, wait)


def _patience(book: Book) -> float:
    """Seconds until what is noted should be written down."""
    if book.is_awaited:
        return 0.0
    return PATIENT_SECONDS if book.is_patient else GATHER_SECONDS
