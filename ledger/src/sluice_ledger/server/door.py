"""The way to the database, opened when it can be: the service may start before PostgreSQL does."""

import logging
import threading
import time
from collections.abc import Callable

from sluice_ledger.errors import StoreError
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.server.metric import Metrics

RETRY_SECONDS = 1.0
CALENDAR_SECONDS = 600.0
RETRY_CALENDAR_SECONDS = 2.0
logger = logging.getLogger(__name__)


class Door:
    """Opens the ledger at the first call, and again after a failure, but not all the time."""

    def __init__(self, make: Callable[[], PostgresLedger]) -> None:
        self._make = make
        self._ledger: PostgresLedger | None = None
        self._lock = threading.Lock()
        self._failed: StoreError | None = None
        self._failed_at = float("-inf")

    def ledger(self) -> PostgresLedger:
        """The ledger.

        Raises:
            StoreError: It cannot be opened now.
        """
        with self._lock:
            if self._ledger is None:
                self._ledger = self._opened()
            return self._ledger

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            if self._ledger is not None:
                self._ledger.close()

    def _opened(self) -> PostgresLedger:
        if self._failed is not None and time.monotonic() - self._failed_at < RETRY_SECONDS:
            raise self._failed
        try:
            return self._make()
        except StoreError as broken:
            self._failed, self._failed_at = broken, time.monotonic()
            raise


class Calendar:
    """A thread that makes the partitions of coming days and drops those whose time is over."""

    def __init__(self, door: Door, days: int, metrics: Metrics) -> None:
        self._door = door
        self._days = days
        self._metrics = metrics
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="calendar", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        wait = 0.0
        while not self._closing.wait(wait):
            wait = CALENDAR_SECONDS if self._look() else RETRY_CALENDAR_SECONDS

    def _look(self) -> bool:
        try:
            dropped = self._door.ledger().keep(self._days)
        except Exception as broken:  # noqa: BLE001 - a thread that dies would fill the disk
            self._metrics.store_errors.inc()
            logger.warning("Could not keep the calendar, will try again: %s", broken)
            return False
        if dropped:
            self._metrics.dropped_days.inc(len(dropped))
            logger.info("Dropped %d days, the last was %s", len(dropped), dropped[-1])
        return True
