"""Plays the part of Kubernetes that makes pods: ReplicaSets are available soon after they are made.

No pods exist; a rival reads the status of its ReplicaSets and nothing below.
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rest import client_of
from sluice_operator.cluster.client import KubernetesCluster, login
from sluice_operator.cluster.kind import Kind, name_of, namespace_of
from sluice_operator.cluster.port import Cluster
from sluice_operator.cluster.store import Store
from sluice_operator.controller.queue import Key, WorkQueue
from sluice_operator.errors import ClusterError
from watcher import Watcher

REPLICA_SET = Kind(group="apps", version="v1", kind="ReplicaSet", plural="replicasets")
AVAILABLE_SECONDS = 0.5
THREADS = 2


@dataclass
class Painter:
    """Writes the status that the ReplicaSet controller and the kubelet would have brought about."""

    cluster: Cluster
    store: Store = field(default_factory=Store)
    queue: WorkQueue = field(default_factory=WorkQueue)

    def hear(self, kind: Kind, what: str, body: dict[str, Any], at: float) -> None:
        """What the watch tells."""
        if what == "DELETED":
            self.store.drop(kind, body)
        elif self.store.put(kind, body):
            new = not (body.get("status") or {}).get("observedGeneration")
            self.queue.add((namespace_of(body), name_of(body)), AVAILABLE_SECONDS if new else 0.0)

    def work(self) -> None:
        """Until the process ends."""
        while (key := self.queue.take()) is not None:
            self._paint(key)
            self.queue.done(key)

    def _paint(self, key: Key) -> None:
        body = self.store.get(REPLICA_SET, *key)
        if body is None:
            return
        status = status_of(body)
        if {**(body.get("status") or {}), **status} == (body.get("status") or {}):
            return
        try:
            written = self.cluster.replace_status(REPLICA_SET, {**body, "status": status})
        except ClusterError:
            return  # the watch tells of the newer copy
        self.store.put(REPLICA_SET, written)


def status_of(body: Any) -> dict[str, Any]:
    """As many replicas available as wanted."""
    wanted = body["spec"].get("replicas", 1)
    counts = dict.fromkeys(("replicas", "fullyLabeledReplicas", "readyReplicas"), wanted)
    generation = body["metadata"]["generation"]
    if not wanted:
        return {"replicas": 0, "observedGeneration": generation}
    return {**counts, "availableReplicas": wanted, "observedGeneration": generation}


def serve(kubeconfig: str) -> None:
    """Until killed."""
    painter = Painter(cluster=KubernetesCluster(login(Path(kubeconfig)), user_agent="painter"))
    for number in range(THREADS):
        threading.Thread(target=painter.work, name=f"paint-{number}", daemon=True).start()
    watcher = Watcher(client_of(Path(kubeconfig)), REPLICA_SET, painter.hear)
    while watcher.broken is None:
        time.sleep(0.5)
    raise watcher.broken
