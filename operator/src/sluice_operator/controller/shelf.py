"""RolloutActions that nobody has carried out yet, by the deployment that they are about."""

import threading
from collections import defaultdict

from sluice_operator.cluster.kind import Object, name_of, namespace_of, version_of
from sluice_operator.controller.queue import Key
from sluice_operator.model import Action, Verb


class Shelf:
    """Waiting actions; thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[Key, dict[str, Object]] = defaultdict(dict)
        self._lock = threading.Lock()

    def put(self, body: Object) -> Key:
        """Keep an action as long as it has no result; the deployment that it is about."""
        key = key_of(body)
        with self._lock:
            if body.get("status", {}).get("state"):
                self._waiting[key].pop(name_of(body), None)
            else:
                self._waiting[key][name_of(body)] = body
        return key

    def drop(self, body: Object) -> Key:
        """Somebody has deleted the action."""
        key = key_of(body)
        with self._lock:
            self._waiting[key].pop(name_of(body), None)
        return key

    def clear(self) -> None:
        """Forget everything; the list is read anew."""
        with self._lock:
            self._waiting.clear()

    def waiting(self, key: Key) -> tuple[Object, ...]:
        """Actions about one deployment, oldest first."""
        with self._lock:
            bodies = tuple(self._waiting.get(key, {}).values())
        return tuple(sorted(bodies, key=version_of))


def key_of(body: Object) -> Key:
    """Namespace and name of the deployment that an action is about."""
    return namespace_of(body), str(body["spec"]["target"])


def action_of(body: Object) -> Action:
    """What the core needs to know of it.

    The id sorts by resourceVersion, since creation times have whole seconds only: an action is
    never changed before it has a result, so its version is the one of its creation.
    """
    spec = body["spec"]
    return Action(
        id=f"{version_of(body):020d}.{body['metadata']['uid']}",
        verb=Verb(spec["verb"]),
        revision=spec["revision"],
        by=spec.get("by", ""),
        reason=spec.get("reason", ""),
    )
