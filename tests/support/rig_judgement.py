"""The operator's oracle on the log of a real API server: three watches, put in one order.

All kinds of one etcd share its revisions, so versions order the writes of all of them. What is kept
of an object is what the oracle reads.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from operator_oracle import Oracle
from sluice_operator.cluster.kind import (
    DEPLOYMENT_LABEL,
    MODEL_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    Kind,
    name_of,
    namespace_of,
    version_of,
)

JUDGED = (MODEL_DEPLOYMENT, SELDON_EXPERIMENT, SELDON_MODEL)
REMEMBERED = ("phase", "stable", "candidate", "traffic", "attempt", "lastAction", "goingBack")
Deployment = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One version of one object, as far as it is judged."""

    version: int
    kind: Kind = field(compare=False)
    what: str = field(compare=False)
    body: dict[str, Any] = field(compare=False)


@dataclass
class Journal:
    """What watches have told, by deployment; thread-safe."""

    changes: dict[Deployment, list[Change]] = field(default_factory=lambda: defaultdict(list))
    newest: dict[Deployment, dict[str, Any]] = field(default_factory=dict)
    """The ModelDeployments as they are, whole."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, kind: Kind, what: str, body: dict[str, Any], at: float = 0.0) -> None:
        """One event of a watch."""
        owner = (body["metadata"].get("labels") or {}).get(DEPLOYMENT_LABEL, name_of(body))
        key = namespace_of(body), owner
        change = Change(version_of(body), kind, what, _slim(kind, body))
        with self._lock:
            self.changes[key].append(change)
            if kind == MODEL_DEPLOYMENT:
                self.newest[key] = body

    def counted(self) -> dict[str, int]:
        """How many versions of each kind there were."""
        every = [change for changes in self.changes.values() for change in changes]
        return dict(Counter(change.kind.plural for change in every))

    def wrong(self, key: Deployment, bad_uris: Iterable[str]) -> list[str]:
        """Everything that was wrong with one deployment, in words."""
        oracle = Oracle(bad_uris=frozenset(bad_uris), entry=key[1])
        with self._lock:
            changes = sorted(self.changes[key])
        for change in changes:
            oracle.hear(change.version, change.kind, change.what, change.body)
        return [f"{key[0]}/{key[1]} {words}" for words in oracle.wrong]


def _slim(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name_of(body), "namespace": namespace_of(body)}
    if kind != MODEL_DEPLOYMENT:
        status = body.get("status") or {}
        return {"metadata": metadata, "spec": body["spec"], "status": status}
    status = body.get("status") or {}
    kept = {name: status[name] for name in REMEMBERED if name in status}
    kept["gates"] = [
        {"name": gate["name"], "verdict": gate["verdict"]} for gate in status.get("gates", ())
    ]
    kept["history"] = [
        {"number": past["number"], "outcome": past["outcome"], "revision": past["revision"]}
        for past in status.get("history", ())
    ]
    return {"metadata": metadata, "status": kept}
