"""The report of Seldon Core 2's Envoys, fetched once for all deployments.

A dump holds the routes of all models and is large. Envoy is asked for the versions of its tables,
which is small, at most once in `max_age`; only when they have changed is it asked for the tables.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from sluice_operator.model import Routes
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.route_table import RouteTable, united

RESOURCE = "dynamic_route_configs"
TIMEOUT_SECONDS = 3.0
MAX_AGE_SECONDS = 1.0
Versions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one Envoy said at one time."""

    began: float
    table: RouteTable | None
    versions: Versions = ()
    error: str = ""


class EnvoyReader:
    """Reads one Envoy for many threads; while one of them reads, the others take what there is."""

    def __init__(self, url: str, max_age: float, clock: Callable[[], float]) -> None:
        self.url = url
        self._max_age = max_age
        self._clock = clock
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._lock = threading.Lock()
        self._reading: Reading | None = None
        self._due = 0.0

    def reading(self) -> Reading:
        """What was read last; read anew if that is due and nobody else is at it."""
        known = self._reading
        if known is not None and (
            self._clock() < self._due or not self._lock.acquire(blocking=False)
        ):
            return known
        if known is None:
            self._lock.acquire()
        try:
            return self._renewed()
        finally:
            self._lock.release()

    def _renewed(self) -> Reading:
        """An Envoy that answers slowly, or not at all, is asked half of the time at most."""
        known = self._reading
        if known is None or self._clock() >= self._due:
            self._reading = known = self._read(known)
            spent = self._clock() - known.began
            self._due = known.began + max(self._max_age, 2 * spent)
        return known

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _read(self, known: Reading | None) -> Reading:
        began = self._clock()
        try:
            versions = _versions(self._dump(mask="version_info,last_updated"))
            if known is not None and known.table is not None and known.versions == versions:
                return Reading(began=began, table=known.table, versions=versions)
            table = RouteTable(self._dump())
            return Reading(began=began, table=table, versions=versions)
        except (httpx.HTTPError, AttributeError, ValueError, RouterError) as broken:
            said = str(broken) or repr(broken)
            return Reading(began=began, table=None, error=f"Envoy at {self.url}: {said}")

    def _dump(self, **query: str) -> str:
        answer = self._client.get("/config_dump", params={"resource": RESOURCE, **query})
        answer.raise_for_status()
        return answer.text


class EnvoyRoutes:
    """A `RouterReport` for Seldon Core 2.

    An admin URL may contain `{namespace}`, for Seldon has an Envoy in each of its namespaces. A
    host name that stands for several addresses (a headless Service) stands for several Envoys: all
    are asked, and what any of them routes is routed.
    """

    def __init__(
        self,
        admin_urls: Sequence[str],
        max_age: float = MAX_AGE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls = tuple(admin_urls)
        self._max_age = max_age
        self._clock = clock
        self._lock = threading.Lock()
        self._readers: dict[str, EnvoyReader] = {}
        self._addresses: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._expired: dict[tuple[str, str], float] = {}

    def routes(self, place: Place) -> Routes | None:
        """See `RouterReport.routes`."""
        readings = [reader.reading() for reader in self._all_readers(place.namespace)]
        broken = [reading.error for reading in readings if reading.error]
        if broken or not readings:
            raise RouterError("; ".join(broken) or "no Envoy is known; set its admin address")
        since = self._expired.get((place.namespace, place.deployment))
        if since is not None and any(reading.began < since for reading in readings):
            return None
        tables = [one.table.routes(place.deployment) for one in readings if one.table is not None]
        return united(tables)

    def expire(self, place: Place) -> None:
        """See `RouterReport.expire`."""
        self._expired[place.namespace, place.deployment] = self._clock()

    def close(self) -> None:
        """Hang up."""
        for reader in self._readers.values():
            reader.close()

    def _all_readers(self, namespace: str) -> list[EnvoyReader]:
        urls = [url.replace("{namespace}", namespace) for url in self._urls]
        return [self._reader(address) for url in urls for address in self._resolved(url)]

    def _reader(self, url: str) -> EnvoyReader:
        with self._lock:
            if url not in self._readers:
                self._readers[url] = EnvoyReader(url, self._max_age, self._clock)
            return self._readers[url]

    def _resolved(self, url: str) -> tuple[str, ...]:
        """One URL per address of the host.

        Raises:
            RouterError: The host has no address.
        """
        known = self._addresses.get(url)
        if known is None or self._clock() - known[0] >= self._max_age:
            known = self._clock(), _addresses(url)
            self._addresses[url] = known
        return known[1]


def _addresses(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except OSError as unknown:
        raise RouterError(f"Envoy at {url} is not known by that name: {unknown}") from unknown
    hosts = sorted({str(info[4][0]) for info in found})
    old = [host for host in hosts if ":" not in host]
    shown = old or [f"[{host}]" for host in hosts]  # both families lead to the same Envoys
    return tuple(f"{parts.scheme}://{host}:{parts.port or 80}" for host in shown)


def _versions(dump: str) -> Versions:
    return tuple(
        (str(config.get("version_info")), str(config.get("last_updated")))
        for config in json.loads(dump).get("configs") or ()
    )
