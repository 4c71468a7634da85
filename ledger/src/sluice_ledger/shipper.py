"""A thread that takes predictions from the spool to the ledger.

Its law: a segment is removed only after the ledger has committed it. A crash between the two ships
it again, which the ledger does not notice; so every prediction arrives once in effect.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sluice_ledger.errors import RefusedError
from sluice_ledger.port import Ledger
from sluice_ledger.records import Prediction
from sluice_ledger.spool import Spool

POLL_SECONDS = 0.2
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What a shipper has done since it was made."""

    shipped: int = 0
    """Predictions that the ledger has taken, those it knew before included."""
    failures: int = 0
    """Attempts that ended in an error; the records of each are still in the spool."""
    last_error: str = ""
    """The error of the latest attempt; empty when it went well."""
    torn: int = 0
    """Lines that a crash cut off; their `write` had not returned."""
    damaged: int = 0
    """Lines of the spool that no ledger can keep; their segments are set aside."""


def wait_seconds(failures_in_a_row: int) -> float:
    """How long to wait before the next attempt: doubled with each failure, up to a limit."""
    if failures_in_a_row == 0:
        return POLL_SECONDS
    doublings = min(failures_in_a_row - 1, 10)
    return min(FIRST_WAIT_SECONDS * 2.0**doublings, LONGEST_WAIT_SECONDS)


class Shipper:
    """Ships one spool in the background; nothing it does raises or blocks a writer."""

    def __init__(self, spool: Spool, open_ledger: Callable[[], Ledger]) -> None:
        """Does not open the ledger yet: that may fail, and is the thread's to repeat."""
        self._spool = spool
        self._open_ledger = open_ledger
        self._ledger: Ledger | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger-shipper", daemon=True)
        self._state = Shipped()

    @property
    def state(self) -> Shipped:
        """The counters now."""
        return self._state

    def start(self) -> None:
        """Begin to ship."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Ship what there is once more and end; False if that takes longer than the timeout.

        What could not be shipped stays in the spool for whoever comes next.
        """
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures_in_a_row = 0
        while not self._stopping.wait(wait_seconds(failures_in_a_row)):
            failures_in_a_row = 0 if self._attempt() else failures_in_a_row + 1
        self._attempt()
        self._hang_up()

    def _attempt(self) -> bool:
        try:
            self._ship_all()
        except Exception as broken:  # noqa: BLE001 - a thread that dies would fill the disk
            failures = self._state.failures + 1
            self._state = replace(self._state, failures=failures, last_error=str(broken))
            self._hang_up()
            return False
        self._state = replace(self._state, last_error="")
        return True

    def _ship_all(self) -> None:
        self._spool.seal()
        for segment in self._spool.segments():
            self._ship(segment)

    def _ship(self, segment: Path) -> None:
        content = self._spool.read(segment)
        if self._ledger is None:
            self._ledger = self._open_ledger()
        refused = _handed_in(self._ledger, content.predictions)
        damaged = content.damaged + refused
        if damaged:
            self._spool.set_aside(segment)
        else:
            self._spool.remove(segment)
        self._state = replace(
            self._state,
            shipped=self._state.shipped + len(content.predictions) - refused,
            torn=self._state.torn + content.torn,
            damaged=self._state.damaged + damaged,
        )

    def _hang_up(self) -> None:
        """A ledger that failed is opened anew: its file may have been replaced."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            ledger.close()


def _handed_in(ledger: Ledger, predictions: Sequence[Prediction]) -> int:
    """How many the ledger refused for good; it has all others."""
    try:
        ledger.append_predictions(predictions)
    except RefusedError as refused:
        logger.warning("Set predictions aside that no ledger can keep: %s", refused)
        return len(refused.refusals)
    return 0
