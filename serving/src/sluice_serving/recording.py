"""Recording from end to end: queue, spool, shipper, and their end."""

import atexit
from pathlib import Path

from sluice_ledger.port import Ledger
from sluice_ledger.shipper import Shipper
from sluice_ledger.spool import Spool
from sluice_ledger.url import open_ledger

from sluice_serving.metric import LedgerMetrics, Watched
from sluice_serving.recorder import Answered, Recorder, Source
from sluice_serving.setting import RuntimeSettings

CLOSE_SECONDS = 3.0


class Recording:
    """Sends answers to the ledger; `close` is also called when the process ends."""

    def __init__(self, settings: RuntimeSettings) -> None:
        self._metrics = LedgerMetrics(settings.deployment, settings.revision)
        source = Source(deployment=settings.deployment, revision=settings.revision)
        spool = Spool(Path(settings.spool))
        self._url = settings.ledger
        self._recorder = Recorder(spool, source, self._metrics)
        self._shipper = Shipper(spool, self._open_ledger)
        self._watched = Watched(
            waiting=lambda: self._recorder.waiting,
            ship_errors=lambda: self._shipper.state.failures,
        )

    def start(self) -> None:
        """Begin to write and to ship."""
        self._recorder.start()
        self._shipper.start()
        self._metrics.watch(self._watched)
        atexit.register(self.close)

    def record(self, answered: Answered) -> None:
        """Keep an answer for the ledger; never waits, never raises."""
        self._recorder.record(answered)

    def close(self) -> None:
        """Spool what is queued, ship once more; what cannot be shipped stays in the spool."""
        atexit.unregister(self.close)
        self._recorder.close(within=CLOSE_SECONDS)
        self._shipper.stop(timeout=CLOSE_SECONDS)
        self._metrics.forget(self._watched)

    def _open_ledger(self) -> Ledger:
        return open_ledger(self._url)
