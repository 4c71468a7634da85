"""The present, immune to jumps of the machine's clock while the process runs."""

import time
from datetime import UTC, datetime, timedelta


class SteadyClock:
    """Wall time at the start of the process, moved on by time that really passes.

    Steps are timed with it: a clock that is set forward must not end an analysis.
    """

    def __init__(self) -> None:
        self._start = datetime.now(UTC)
        self._origin = time.monotonic()

    def __call__(self) -> datetime:
        """The present, in UTC."""
        return self._start + timedelta(seconds=time.monotonic() - self._origin)
