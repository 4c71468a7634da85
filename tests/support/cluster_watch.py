"""Watches of a `MemoryCluster` that lag, lose, repeat and start anew from an old list.

A real watch sends the events of one kind in order, once, and ends now and then; whoever lists anew
may be shown a list from a cache that is behind, and never hears of deletions in between. Handlers
that run beside each other add repeats. Everything follows from the seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from memory_cluster import Change, MemoryCluster
from sluice_operator.cluster.kind import Kind, Object
from sluice_operator.cluster.port import Listing
from sluice_operator.cluster.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchFaults:
    """What may go wrong, and how often."""

    lag: int = 0
    """Most events held back at one look."""
    drop: float = 0.0
    """Share of events that never come."""
    duplicate: float = 0.0
    """Share of events that come twice, the second time with the next look."""
    relist: float = 0.0
    """Share of looks at which the watch ends: what is due is lost, a list comes in its place."""
    stale: int = 0
    """Most versions that such a list is behind."""


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One event as it arrives."""

    what: str
    """ADDED, MODIFIED or DELETED."""
    body: Object


class Watch:
    """Events of one kind since it began; `feed` brings them into a store."""

    def __init__(
        self,
        cluster: MemoryCluster,
        kind: Kind,
        namespace: str = "",
        faults: WatchFaults = WatchFaults(),
        seed: int = 0,
    ) -> None:
        self._cluster = cluster
        self._kind = kind
        self._namespace = namespace
        self._faults = faults
        self._random = Random(seed)
        self._seen = 0
        self._again: list[WatchEvent] = []

    def poll(self) -> tuple[WatchEvent, ...]:
        """What arrives now."""
        due = self._due()
        held_back = self._random.randint(0, self._faults.lag) if self._faults.lag else 0
        arrived = due[: max(0, len(due) - held_back)]
        if arrived:
            self._seen = arrived[-1].version
        repeats, self._again = self._again, []
        return (*repeats, *self._through(arrived))

    def relist(self) -> Listing:
        """End the watch and start it anew from a list, which may be behind."""
        behind = self._random.randint(0, self._faults.stale) if self._faults.stale else 0
        self._seen, self._again = max(1, self._cluster.version - behind), []
        return self._cluster.listed(self._kind, self._namespace, self._seen)

    def feed(self, store: Store) -> None:
        """Bring into the store what arrives now."""
        if self._faults.relist and self._random.random() < self._faults.relist:
            store.replace_all(self._kind, self._namespace, self.relist())
        for event in self.poll():
            take = store.drop if event.what == "DELETED" else store.put
            take(self._kind, event.body)

    def settle(self, store: Store) -> None:
        """Bring the whole truth into the store, as a fresh list does."""
        self._seen, self._again = self._cluster.version, []
        truth = self._cluster.listed(self._kind, self._namespace, self._seen)
        store.replace_all(self._kind, self._namespace, truth)

    def _due(self) -> tuple[Change, ...]:
        changes = self._cluster.changes(self._kind, self._seen)
        return tuple(c for c in changes if self._namespace in {"", c.key[0]})

    def _through(self, arrived: tuple[Change, ...]) -> Iterator[WatchEvent]:
        for change in arrived:
            if self._faults.drop and self._random.random() < self._faults.drop:
                continue
            event = WatchEvent(change.what, change.body)
            if self._faults.duplicate and self._random.random() < self._faults.duplicate:
                self._again.append(event)
            yield event
