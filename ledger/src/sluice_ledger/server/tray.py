"""How much may wait in memory: bodies are let in while there is room, else sent away."""

from collections.abc import Iterator
from contextlib import contextmanager

from sluice_ledger.server.metric import Metrics
from sluice_ledger.server.refusal import HttpRefusal

RETRY_SECONDS = 1


class Tray:
    """Room for bodies; used by the event loop alone."""

    def __init__(self, room_bytes: int, metrics: Metrics) -> None:
        self._room = room_bytes
        self._free = room_bytes
        self._metrics = metrics

    @contextmanager
    def place(self, size: int) -> Iterator[None]:
        """Room for one body, as long as it is worked on.

        Raises:
            HttpRefusal: There is none now.
        """
        if size > self._free:
            raise HttpRefusal(
                429,
                f"{self._room - self._free} bytes of other requests wait for the database; come"
                f" again in {RETRY_SECONDS} s: nothing of this request was kept",
                retry_after=RETRY_SECONDS,
            )
        self._free -= size
        self._metrics.waiting_bytes.set(self._room - self._free)
        try:
            yield
        finally:
            self._free += size
            self._metrics.waiting_bytes.set(self._room - self._free)
