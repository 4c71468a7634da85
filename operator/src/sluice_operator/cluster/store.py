"""The operator's copy of what it watches: never goes back in time, whatever a watch delivers.

Watch events arrive late, twice, out of order or never; answers to our own writes arrive first. The
newest resourceVersion wins, and a deletion leaves a tombstone that older copies cannot pass. A
whole list buries everything that it does not hold. Bodies are shared with their readers: nobody
changes them.
"""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable

from sluice_operator.cluster.kind import (
    DEPLOYMENT_LABEL,
    Kind,
    Object,
    name_of,
    namespace_of,
    version_of,
)
from sluice_operator.cluster.port import Listing

Key = tuple[str, str]
"""Namespace and name."""
Listener = Callable[[Kind, Object], None]
TOMBSTONES = 20_000
"""Deletions remembered between two lists. A copy that is late by more comes back until the next."""


class Store:
    """Objects by kind, namespace and name; safe for use by many threads."""

    def __init__(self, tombstones: int = TOMBSTONES) -> None:
        self._lock = threading.Lock()
        self._objects: dict[Kind, dict[Key, Object]] = defaultdict(dict)
        self._owned: dict[tuple[Kind, Key], dict[Key, None]] = {}
        self._tombstones: OrderedDict[tuple[Kind, Key], int] = OrderedDict()
        self._most_tombstones = tombstones
        self._listed: dict[tuple[Kind, str], int] = {}
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Be told of each object that changed or went.

        Listeners run in the thread that brought the news, after the store has it; two changes of
        one object may be told in either order, so a listener reads the store.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def put(self, kind: Kind, body: Object) -> bool:
        """Take a copy in; False if the one held, or the object's deletion, is as new."""
        with self._lock:
            news = self._put(kind, body)
        self._tell(kind, (body,) if news else ())
        return news

    def drop(self, kind: Kind, body: Object) -> bool:
        """Note a deletion, known by the last copy of the object; False if that is no news.

        A copy that is newer belongs to an object made since, and stays.
        """
        with self._lock:
            news = self._drop(kind, _key(body), version_of(body))
        self._tell(kind, (body,) if news else ())
        return news

    def replace_all(self, kind: Kind, namespace: str, listing: Listing) -> bool:
        """Take a whole list in (no selector): of one namespace, or of all if none is named.

        What is absent from it, and not newer than it, is gone.
        """
        with self._lock:
            changed = [body for body in listing if self._put(kind, body)]
            changed += self._gone(kind, namespace, listing)
            scope = kind, namespace
            self._listed[scope] = max(self._listed.get(scope, -1), listing.version)
        self._tell(kind, changed)
        return bool(changed)

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """The newest copy known; None if there is none."""
        with self._lock:
            return self._objects[kind].get((namespace, name))

    def owned(self, kind: Kind, namespace: str, deployment: str) -> tuple[Object, ...]:
        """Objects made for a ModelDeployment, by their label, in order of their names."""
        with self._lock:
            keys = self._owned.get((kind, (namespace, deployment)), {})
            return tuple(self._objects[kind][key] for key in sorted(keys))

    def all(self, kind: Kind) -> tuple[Object, ...]:
        """Every object of the kind."""
        with self._lock:
            return tuple(self._objects[kind].values())

    def _put(self, kind: Kind, body: Object) -> bool:
        key, version = _key(body), version_of(body)
        held = self._objects[kind].get(key)
        if version <= (version_of(held) if held else self._dead_until(kind, key)):
            return False
        if held is not None:
            self._disown(kind, held)
        self._objects[kind][key] = body
        if owner := _owner(body):
            self._owned.setdefault((kind, owner), {})[key] = None
        return True

    def _drop(self, kind: Kind, key: Key, version: int) -> bool:
        held = self._objects[kind].get(key)
        if held is not None and version_of(held) > version:
            return False
        self._bury(kind, key, version)
        if held is None:
            return False
        self._disown(kind, held)
        del self._objects[kind][key]
        return True

    def _gone(self, kind: Kind, namespace: str, listing: Listing) -> list[Object]:
        """Drop what a list shows to be gone."""
        listed = {_key(body) for body in listing}
        absent = [
            body
            for key, body in self._objects[kind].items()
            if key not in listed and namespace in {"", key[0]}
        ]
        return [body for body in absent if self._drop(kind, _key(body), listing.version)]

    def _dead_until(self, kind: Kind, key: Key) -> int:
        """Copies up to this version are of an object that is gone; -1 when none is known to be."""
        tombstone = self._tombstones.get((kind, key), -1)
        listed = (self._listed.get((kind, scope), -1) for scope in ("", key[0]))
        return max(tombstone, *listed)

    def _bury(self, kind: Kind, key: Key, version: int) -> None:
        """Remember that copies up to this version are dead; the oldest deletions are forgotten."""
        known = self._tombstones.pop((kind, key), -1)
        self._tombstones[kind, key] = max(known, version)
        while len(self._tombstones) > self._most_tombstones:
            self._tombstones.popitem(last=False)

    def _disown(self, kind: Kind, body: Object) -> None:
        if not (owner := _owner(body)):
            return
        keys = self._owned[kind, owner]
        del keys[_key(body)]
        if not keys:
            del self._owned[kind, owner]

    def _tell(self, kind: Kind, changed: Iterable[Object]) -> None:
        for body in changed:
            for listener in self._listeners:
                listener(kind, body)


def _key(body: Object) -> Key:
    return namespace_of(body), name_of(body)


def _owner(body: Object) -> Key | None:
    """The ModelDeployment that the object was made for."""
    name = (body["metadata"].get("labels") or {}).get(DEPLOYMENT_LABEL)
    return (namespace_of(body), name) if name else None
