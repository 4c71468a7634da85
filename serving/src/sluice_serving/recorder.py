"""From answers to the spool, beside the requests.

Its law: `record` never waits for a disk, never raises, and forgets nothing but what does not fit
into its queue or never reaches a disk before the process ends; that is counted. What has been
recorded is in the spool FLUSH_SECONDS and one write later, which bounds what SIGKILL can take.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any, NamedTuple, Protocol

from sluice_ledger.errors import SpoolError
from sluice_ledger.records import Prediction, canonical

from sluice_serving.metric import LedgerMetrics
from sluice_serving.predictor import Answer

QUEUE_ROWS = 50_000
FLUSH_SECONDS = 0.05
RETRY_SECONDS = 0.5
MOST_ANSWERS = 2_000
logger = logging.getLogger("mlserver.sluice")


class Writer(Protocol):
    """Where predictions go; `Spool` is one."""

    def write(self, predictions: Iterable[Prediction]) -> int:
        """Keep all predictions or none; they are on disk on return."""
        ...


class Answered(NamedTuple):
    """One answered request, as little work as possible on the way of the request."""

    request_id: str
    mirrored: bool
    answer: Answer
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who answers."""

    deployment: str
    revision: str


class Recorder:
    """A bounded queue, and a thread that empties it into the spool."""

    def __init__(
        self, spool: Writer, source: Source, metrics: LedgerMetrics, queue_rows: int = QUEUE_ROWS
    ) -> None:
        self._spool = spool
        self._source = source
        self._metrics = metrics
        self._queue_rows = queue_rows
        self._queue: deque[Answered] = deque()
        self._rows = 0
        self._full = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spool-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Predictions in memory, not yet spooled."""
        return self._rows

    def record(self, answered: Answered) -> None:
        """Keep an answer for the ledger, or count its rows as dropped if the queue is full."""
        rows = len(answered.answer.predictions)
        with self._lock:
            fits = self._rows + rows <= self._queue_rows and not self._closing.is_set()
            if fits:
                self._queue.append(answered)
                self._rows += rows
        if fits:
            self._wake.set()
        else:
            self._drop(rows)

    def close(self, within: float) -> bool:
        """Write what is queued and end; False if that took too long.

        What cannot be written now is counted as dropped, since nobody will try again.
        """
        self._closing.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(within)
        ended = not self._thread.is_alive()
        if self._rows:
            self._drop(self._rows)
        return ended

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._closing.wait(FLUSH_SECONDS)
            self._wake.clear()
            while not self._emptied() and not self._closing.wait(RETRY_SECONDS):
                pass
        self._emptied()

    def _emptied(self) -> bool:
        """Whether everything that was queued is on disk now."""
        while batch := self._oldest():
            try:
                self._spool.write(list(_predictions(batch, self._source)))
            except SpoolError as refused:
                self._metrics.spool_errors.inc()
                logger.warning("Could not spool predictions, will try again: %s", refused)
                return False
            except Exception:
                # a record that can never be written must not hold up all that come after it
                logger.exception("Dropped %d answers that no spool can hold", len(batch))
                self._metrics.dropped.inc(sum(len(a.answer.predictions) for a in batch))
            self._forget(batch)
        return True

    def _oldest(self) -> list[Answered]:
        with self._lock:
            return list(islice(self._queue, MOST_ANSWERS))

    def _forget(self, batch: list[Answered]) -> None:
        with self._lock:
            for answered in batch:
                self._queue.popleft()
                self._rows -= len(answered.answer.predictions)
            self._full = False

    def _drop(self, rows: int) -> None:
        self._metrics.dropped.inc(rows)
        if not self._full:  # once per overflow, not once per request
            self._full = True
            logger.error(
                "Dropped predictions: %d wait for the spool, the queue is full or closed; the "
                "counter sluice_ledger_dropped_total has the whole loss",
                self._rows,
            )


def _predictions(batch: list[Answered], source: Source) -> Iterator[Prediction]:
    for answered in batch:
        for row, (value, confidence) in enumerate(_rows_of(answered.answer)):
            yield Prediction(
                request_id=answered.request_id,
                row=row,
                deployment=source.deployment,
                revision=source.revision,
                prediction=canonical(value),
                confidence=confidence,
                mirrored=answered.mirrored,
                at=answered.at,
            )


def _rows_of(answer: Answer) -> Iterator[tuple[Any, float | None]]:
    if answer.confidences is None:
        return zip(answer.predictions, repeat(None), strict=False)
    return zip(answer.predictions, answer.confidences, strict=True)
