"""Asks Prometheus; the only module that knows its HTTP API is spoken over a network.

All times are those of Prometheus: a clock that jumps on this side loses and repeats nothing.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from sluice_operator.evidence.pace import LOOKBACK
from sluice_operator.evidence.prometheus_answer import (
    Names,
    NewestOf,
    PrometheusAwayError,
    PrometheusError,
    nothing_known,
    refusal_in,
    seconds_in,
    series_in,
    values_in,
)
from sluice_operator.evidence.series import Labels, Series, is_count

MOST_BYTES = 64 * 1024 * 1024
_AHEAD_MS = 30_000
"""Queries end so far in the future: a clock that was read a little wrong cuts off nothing."""
_ODD_MS = 2_000
"""Differences of clocks below this are the resolution of the Date header."""
_OF_QUERY: Final = frozenset({400, 422})
"""What is refused so may be the fault of one query; all else is so for every query, as 503 is while
the server starts. Source: Prometheus 3 documentation, `querying/api`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where Prometheus is and how patiently it is asked."""

    url: str
    """As a browser would open it, with the path prefix if it has one."""
    timeout_seconds: float = 2.0
    """For one answer, until its last byte."""
    rest_seconds: float = 5.0
    """How long nobody asks again after Prometheus did not answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every query, for example Authorization."""


class PrometheusApi:
    """Prometheus for any number of threads."""

    def __init__(
        self,
        access: Access,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked yet.

        Args:
            access: Where it is.
            transport: How requests get there; over the network if left out.
            monotonic: Seconds of a clock that never goes back.
        """
        self.monotonic = monotonic
        self._access = access
        self._client = httpx.Client(
            base_url=access.url.rstrip("/") + "/",
            headers=dict(access.headers),
            timeout=access.timeout_seconds / 2,
            transport=transport,
            trust_env=False,
        )
        self._lock = threading.Lock()
        self._offset: int | None = None
        self._down: tuple[float, PrometheusError] | None = None
        self.queries = 0
        """How many have been sent."""

    def now(self) -> int:
        """The time at Prometheus, in milliseconds, right to about a second.

        Raises:
            PrometheusError: It does not say.
        """
        if self._offset is None:
            seconds = seconds_in(self._ask({"query": "time()"}))
            self._offset = round(seconds * 1000) - self._monotonic_ms()
        return self._monotonic_ms() + self._offset

    def samples(
        self,
        selector: str,
        names: Names,
        begin: int,
        end: int | None = None,
        newest_of: NewestOf = nothing_known,
    ) -> tuple[Series, ...]:
        """Raw samples from `begin` to `end`, both included; without an end, all there are.

        Series without a sample that is newer than the newest known are left out.

        Raises:
            PrometheusError: There is no complete answer.
        """
        until = self.now() + _AHEAD_MS if end is None else end
        span = max(until - begin, 0) + 1
        form = {"query": f"{selector}[{span}ms]", "time": _seconds(until)}
        return series_in(self._ask(form), names, newest_of)

    def last(
        self, selector: str, at: int, fits: Callable[[float], bool] = is_count
    ) -> dict[Labels, float]:
        """What each series stood at, at a time or at most a day before.

        Raises:
            PrometheusError: There is no complete answer.
        """
        query = f"last_over_time({selector}[{LOOKBACK}])"
        return values_in(self._ask({"query": query, "time": _seconds(at)}), fits)

    def is_there(self, selector: str, since: int, at: int) -> bool:
        """Whether any series had a sample between two times.

        Raises:
            PrometheusError: There is no complete answer.
        """
        query = f"count(last_over_time({selector}[{at - since}ms]))"
        return bool(values_in(self._ask({"query": query, "time": _seconds(at)})))

    def label_values(self, selector: str, label: str, at: int) -> tuple[str, ...]:
        """The values of one label among the series of the last five minutes.

        Raises:
            PrometheusError: There is no complete answer.
        """
        query = f"group by ({label}) (last_over_time({selector}[5m]))"
        found = values_in(self._ask({"query": query, "time": _seconds(at)}))
        return tuple(dict(labels).get(label, "") for labels in found)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _monotonic_ms(self) -> int:
        return int(self.monotonic() * 1000)

    def _ask(self, form: Mapping[str, str]) -> bytes:
        self._refuse_while_down()
        try:
            return self._answer(form)
        except httpx.HTTPError as broken:
            said = f"Prometheus at {self._access.url} does not answer: {broken!r}"
            error = PrometheusAwayError(said)
            self._down = (self.monotonic() + self._access.rest_seconds, error)
            raise error from None

    def _refuse_while_down(self) -> None:
        """One thread has waited for an answer in vain; others need not."""
        down = self._down
        if down is not None and self.monotonic() < down[0]:
            raise PrometheusAwayError(str(down[1]))

    def _answer(self, form: Mapping[str, str]) -> bytes:
        deadline = self.monotonic() + self._access.timeout_seconds
        with self._lock:
            self.queries += 1
        with self._client.stream("POST", "api/v1/query", data=dict(form)) as answer:
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                self._bound(len(body), deadline)
        self._down = None
        if answer.status_code != httpx.codes.OK:
            said = f"{answer.status_code}, {refusal_in(bytes(body))}"
            refused = PrometheusError if answer.status_code in _OF_QUERY else PrometheusAwayError
            raise refused(f"Prometheus at {self._access.url} answers {said}")
        self._set_clock(answer.headers.get("date", ""))
        return bytes(body)

    def _bound(self, size: int, deadline: float) -> None:
        if self.monotonic() > deadline:
            seconds = self._access.timeout_seconds
            raise httpx.ReadTimeout(f"no complete answer within {seconds:g} s")
        if size > MOST_BYTES:
            raise PrometheusError(
                f"Prometheus answers more than {MOST_BYTES >> 20} MiB; narrow the series down by"
                " labels (docs/evidence.md)"
            )

    def _set_clock(self, date: str) -> None:
        """Follow the clock of Prometheus, should it or ours jump."""
        try:
            theirs = round(parsedate_to_datetime(date).timestamp() * 1000)
        except ValueError:
            return
        offset = theirs - self._monotonic_ms()
        if self._offset is not None and abs(offset - self._offset) > _ODD_MS:
            self._offset = offset


def clock_time(ms: int) -> str:
    """A time of Prometheus for people."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%H:%M:%S UTC")


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"
