"""Logging failures without letting them fill the disk."""

import logging
import time

TRACE_SECONDS = 10.0


class TraceLog:
    """Writes one traceback per interval; the failures between are one line each."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._next_trace = 0.0

    def note(self, message: str, failure: BaseException) -> None:
        """Log a failure."""
        now = time.monotonic()
        traced = now >= self._next_trace
        if traced:
            self._next_trace = now + TRACE_SECONDS
        self._logger.error(message, exc_info=failure if traced else None)
