"""An API server in memory: the behaviour that Sluice builds on, and nothing else.

resourceVersions count writes of all kinds; generation counts changes beside metadata and status. A
write that changes nothing is none. Deleted objects wait for their finalizers. It passes the same
contract suite as a real API server (`tests/contracts/cluster`), is deterministic, and serves tens
of thousands of calls a second. `cluster_fault` makes it fail, `cluster_watch` watches it.
"""

import marshal
import threading
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cluster_body import key_of, labels_match, named, plain, timestamp, typed
from cluster_ownership import (
    Plain,
    body_of,
    fields_of,
    merged,
    pruned,
    released,
    without_empty_metadata,
)
from sluice_operator.cluster.kind import EVENT, LEASE, Kind, Object
from sluice_operator.cluster.port import Listing
from sluice_operator.cluster.precondition import checked_apply, checked_replace
from sluice_operator.errors import (
    ConflictError,
    ExistsError,
    ForbiddenError,
    InvalidError,
    MissingError,
    MissingKindError,
)

Key = tuple[str, str]
"""Namespace and name."""
WITHOUT_STATUS = {LEASE, EVENT}
MADE_BY_REPLACE = {LEASE, EVENT}
"""Kinds that a replacement without a uid would make."""
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
FORMAT = 2
"""Of marshal; later ones look for shared parts, which costs more than it saves."""


@dataclass(slots=True)
class Record:
    """One object as stored."""

    key: Key
    system: Plain
    """Metadata that is the API server's."""
    fields: Plain
    """What writers may set."""
    owned: Plain
    """The part of it that our manager applied; the same object when that is all."""
    status: Plain | None = None
    packed: bytes = b""

    def pack(self) -> None:
        """Make the whole object ready to be handed out."""
        body = body_of(self.fields, self.system)
        if self.status is not None:
            body["status"] = self.status
        self.packed = marshal.dumps(body, FORMAT)

    def copy(self) -> Plain:
        """The whole object, as the reader's own."""
        return marshal.loads(self.packed)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Change:
    """One write that happened."""

    version: int
    what: str
    """ADDED, MODIFIED or DELETED."""
    key: Key
    packed: bytes

    @property
    def body(self) -> Plain:
        """The object after it; of a deletion, the last there was."""
        return marshal.loads(self.packed)  # type: ignore[no-any-return]


class MemoryCluster:
    """Keeps objects of every kind; give `admission` to refuse some with a reason."""

    def __init__(
        self,
        clock: Callable[[], datetime] = lambda: BEGINNING,
        admission: Callable[[Kind, Object], str] | None = None,
    ) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        """How often each verb was called on each plural."""
        self.version = 1
        """resourceVersion of the newest write."""
        self._clock = clock
        self._admission = admission
        self._lock = threading.RLock()
        self._records: dict[Kind, dict[Key, Record]] = defaultdict(dict)
        self._changes: dict[Kind, list[Change]] = defaultdict(list)
        self._absent: set[Kind] = set()
        self._forbidden: set[tuple[str, Kind, str]] = set()
        self._made = 0

    # what every Cluster can

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        with self._lock:
            self._enter("get", kind)
            record = self._records[kind].get((namespace, name))
            return None if record is None else record.copy()

    def list(self, kind: Kind, namespace: str = "", *, selector: str = "") -> Listing:
        with self._lock:
            self._enter("list", kind)
            chosen = (
                record.copy()
                for key, record in sorted(self._records[kind].items(), key=lambda item: item[0])
                if namespace in {"", key[0]}
                and labels_match(record.fields["metadata"].get("labels", {}), selector)
            )
            return Listing(chosen, version=self.version)

    def create(self, kind: Kind, body: Object) -> Object:
        with self._lock:
            self._enter("create", kind)
            key = key_of(body)
            if key in self._records[kind]:
                raise ExistsError(f"{named(kind, key)} exists already; give another name")
            return self._created(kind, key, fields_of(typed(kind, plain(body))))

    def apply(self, kind: Kind, body: Object) -> Object:
        with self._lock:
            self._enter("patch", kind)
            fields, key = fields_of(typed(kind, plain(checked_apply(body)))), key_of(body)
            record = self._records[kind].get(key)
            if record is None:
                if body["metadata"].get("uid"):
                    raise ConflictError(f"{named(kind, key)} is gone: look again")
                self._permit("create", kind)
                return self._created(kind, key, fields)
            self._same_copy(kind, record, body["metadata"])
            if record.owned is record.fields:
                return self._written(kind, record, fields, fields)
            after = merged(pruned(record.fields, record.owned, fields), fields)
            return self._written(kind, record, without_empty_metadata(after), fields)

    def replace(self, kind: Kind, body: Object) -> Object:
        with self._lock:
            self._enter("update", kind)
            record = self._current(kind, body)
            return self._edited(kind, record, fields_of(typed(kind, plain(body))))

    def replace_status(self, kind: Kind, body: Object) -> Object:
        with self._lock:
            self._enter("update", kind, "status")
            if kind in WITHOUT_STATUS:
                raise MissingKindError(f"{kind.plural}.{kind.group} has no status subresource")
            record = self._current(kind, body)
            return self._painted(kind, record, plain(body.get("status")))

    def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", resource_version: str = ""
    ) -> None:
        with self._lock:
            self._enter("delete", kind)
            record = self._records[kind].get((namespace, name))
            if record is not None:
                self._same_copy(kind, record, {"uid": uid, "resourceVersion": resource_version})
                self._deleted(kind, record)

    def allowed(self, verb: str, kind: Kind, namespace: str = "", subresource: str = "") -> bool:
        with self._lock:
            self.requests["create", "selfsubjectaccessreviews"] += 1
            return (verb, kind, subresource) not in self._forbidden

    # what others do to it

    def edit(
        self, kind: Kind, namespace: str, name: str, change: Callable[[Plain], None]
    ) -> Object:
        """Somebody else edits the object in place; the fields that he changes are his."""
        with self._lock:
            record = self._records[kind][namespace, name]
            after = record.copy()
            change(after)
            return self._edited(kind, record, fields_of(plain(after)))

    def paint(self, kind: Kind, namespace: str, name: str, status: Plain) -> Object:
        """Another controller writes the status."""
        with self._lock:
            return self._painted(kind, self._records[kind][namespace, name], plain(status))

    def uninstall(self, kind: Kind) -> None:
        """Delete the kind with all its objects."""
        with self._lock:
            for record in tuple(self._records[kind].values()):
                self._removed(kind, record)
            self._absent.add(kind)

    def install(self, kind: Kind) -> None:
        """Make the kind known again."""
        self._absent.discard(kind)

    def forbid(self, verb: str, kind: Kind, subresource: str = "") -> None:
        """Take a right away."""
        self._forbidden.add((verb, kind, subresource))

    def permit(self, verb: str, kind: Kind, subresource: str = "") -> None:
        """Give it back."""
        self._forbidden.discard((verb, kind, subresource))

    # what happened to it

    def changes(self, kind: Kind, after: int = 0) -> tuple[Change, ...]:
        """Every write of the kind since a version."""
        with self._lock:
            log = self._changes[kind]
            return tuple(log[bisect_right(log, after, key=lambda change: change.version) :])

    def listed(self, kind: Kind, namespace: str, version: int) -> Listing:
        """The list as it was at an earlier version."""
        alive: dict[Key, Change] = {}
        for change in self.changes(kind):
            if change.version > version:
                break
            alive[change.key] = change
        chosen = (
            change.body
            for key, change in sorted(alive.items(), key=lambda item: item[0])
            if change.what != "DELETED" and namespace in {"", key[0]}
        )
        return Listing(chosen, version=version)

    # how

    def _enter(self, verb: str, kind: Kind, subresource: str = "") -> None:
        self.requests[verb, kind.plural] += 1
        if kind in self._absent:
            raise MissingKindError(f"{kind.plural}.{kind.group} is not installed: apply its CRD")
        self._permit(verb, kind, subresource)

    def _permit(self, verb: str, kind: Kind, subresource: str = "") -> None:
        if self._forbidden and (verb, kind, subresource) in self._forbidden:
            resource = "/".join(filter(None, (kind.plural, subresource)))
            raise ForbiddenError(f'cannot {verb} resource "{resource}" in API group "{kind.group}"')

    def _current(self, kind: Kind, body: Object) -> Record:
        """The record that a replacement is for."""
        key = key_of(checked_replace(body))
        record = self._records[kind].get(key)
        if record is None:
            gone = ConflictError if kind in MADE_BY_REPLACE else MissingError
            raise gone(f"{named(kind, key)} is gone")
        self._same_copy(kind, record, body["metadata"])
        return record

    def _same_copy(self, kind: Kind, record: Record, wanted: Object) -> None:
        for name in ("uid", "resourceVersion"):
            asked, found = wanted.get(name), record.system[name]
            if asked and asked != found:
                raise ConflictError(f"{named(kind, record.key)}: {name} is {found}, not {asked}")

    def _created(self, kind: Kind, key: Key, fields: Plain) -> Object:
        self._made += 1
        system = {"name": key[1]} | ({"namespace": key[0]} if kind.namespaced else {})
        system["uid"] = f"00000000-0000-4000-8000-{self._made:012x}"
        system["creationTimestamp"] = timestamp(self._clock())
        generation = {} if kind in WITHOUT_STATUS else {"generation": 1}
        record = Record(key=key, system=system | generation, fields=fields, owned=fields)
        self._admit(kind, record)
        self._records[kind][key] = record
        return self._commit(kind, record, "ADDED")

    def _edited(self, kind: Kind, record: Record, fields: Plain) -> Object:
        """Store fields that came without apply: those that differ are nobody's of ours."""
        return self._written(kind, record, fields, released(record.owned, record.fields, fields))

    def _painted(self, kind: Kind, record: Record, status: Plain | None) -> Object:
        if status == record.status:
            return record.copy()
        record.status = status
        return self._commit(kind, record, "MODIFIED")

    def _written(self, kind: Kind, record: Record, fields: Plain, owned: Plain) -> Object:
        """Store what an object has become, if it has become anything."""
        if fields == record.fields and owned == record.owned:
            return record.copy()
        after = Record(record.key, record.system, fields, owned, record.status)
        if "generation" in record.system and not _same_spec(fields, record.fields):
            generation = record.system["generation"] + 1
            after.system = record.system | {"generation": generation}
        self._admit(kind, after)
        if "deletionTimestamp" in record.system:
            return self._dying(kind, record, after)
        self._records[kind][record.key] = after
        return self._commit(kind, after, "MODIFIED")

    def _dying(self, kind: Kind, record: Record, after: Record) -> Object:
        """Store a deleted object, which may lose finalizers and gain none."""
        left, before = (one.fields["metadata"].get("finalizers", {}) for one in (after, record))
        if not left.keys() <= before.keys():
            raise InvalidError(f"{named(kind, record.key)}: metadata.finalizers: it is deleted")
        self._records[kind][record.key] = after
        return self._commit(kind, after, "MODIFIED") if left else self._removed(kind, after)

    def _deleted(self, kind: Kind, record: Record) -> None:
        if "finalizers" not in record.fields["metadata"]:
            self._removed(kind, record)
        elif "deletionTimestamp" not in record.system:
            record.system["deletionTimestamp"] = timestamp(self._clock())
            record.system["deletionGracePeriodSeconds"] = 0
            if "generation" in record.system:
                record.system["generation"] += 1
            self._commit(kind, record, "MODIFIED")

    def _removed(self, kind: Kind, record: Record) -> Object:
        del self._records[kind][record.key]
        return self._commit(kind, record, "DELETED")

    def _commit(self, kind: Kind, record: Record, what: str) -> Object:
        self.version += 1
        record.system["resourceVersion"] = str(self.version)
        record.pack()
        self._changes[kind].append(Change(self.version, what, record.key, record.packed))
        return record.copy()

    def _admit(self, kind: Kind, record: Record) -> None:
        if self._admission is None:
            return
        if reason := self._admission(kind, body_of(record.fields, record.system)):
            raise InvalidError(f"{named(kind, record.key)}: {reason}")


def _same_spec(one: Plain, other: Plain) -> bool:
    """Whether fields differ in metadata at most; generation counts the other changes."""
    return one.keys() == other.keys() and all(
        value == other[key] for key, value in one.items() if key != "metadata"
    )
