"""What happened to traffic, by the API server's own word, and when that word came."""

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import httpx
from sluice_operator.cluster.kind import Kind, name_of, version_of
from subject import Body, Subject
from watcher import Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One version of one traffic object."""

    at: float
    """When the watch told of it, in seconds since 1970."""
    version: int
    weight: int


class Recorder:
    """Watches the own kind and the traffic kind of a subject."""

    def __init__(self, client: httpx.Client, subject: Subject) -> None:
        self.writes: dict[str, list[Write]] = defaultdict(list)
        """Versions of each traffic object, oldest first; repeated weights too."""
        self._subject = subject
        self._own: dict[str, Body] = {}
        self._read: dict[tuple[str, int], float] = {}
        """Name and generation to when the first status was heard of that was written for it."""
        self._lock = threading.Lock()
        kinds = (subject.own, subject.traffic)
        self._watchers = [Watcher(client, kind, self._hear) for kind in kinds]

    def own(self, name: str) -> Body:
        """The own object as it is; empty while there is none."""
        return self._own.get(name, {"metadata": {}})

    def read_at(self, name: str, generation: int) -> float | None:
        """When it was heard that somebody has read an edit; None while nobody has."""
        return self._read.get((name, generation))

    def weight(self, name: str) -> int | None:
        """What the candidate has now."""
        writes = self.writes.get(name)
        return writes[-1].weight if writes else None

    def since(self, name: str, moment: float) -> list[Write]:
        """Versions that were heard of after a moment."""
        with self._lock:
            return [write for write in self.writes.get(name, ()) if write.at >= moment]

    def reached(self, name: str, weight: int, moment: float) -> Write | None:
        """The first version after a moment with that weight."""
        return next((w for w in self.since(name, moment) if w.weight == weight), None)

    def check(self) -> None:
        """The watches have missed nothing."""
        for watcher in self._watchers:
            if watcher.broken is not None:
                raise watcher.broken

    def close(self) -> None:
        """Watch no more."""
        for watcher in self._watchers:
            watcher.close()

    def _hear(self, kind: Kind, what: str, body: dict[str, Any], at: float) -> None:
        name = name_of(body)
        if kind == self._subject.own:
            self._own[name] = {"metadata": {}} if what == "DELETED" else body
            seen = (body.get("status") or {}).get("observedGeneration")
            if seen is not None:
                self._read.setdefault((name, int(seen)), at)
            return
        weight = None if what == "DELETED" else self._subject.weight(body)
        if weight is not None:
            with self._lock:
                self.writes[name].append(Write(at=at, version=version_of(body), weight=weight))
