"""A real API server, a fake world around it, and one controller under test.

Every process but the API server's is started here, so that each can be accounted for.
"""

import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from account import RequestLog, Usage, usage_of
from child import world
from control_plane import ControlPlane  # type: ignore[import-not-found]
from control_plane_namespace import make  # type: ignore[import-not-found]
from eventually import eventually  # type: ignore[import-not-found]
from recorder import Recorder
from rest import client_of, create, patch, path_of
from serving_process import free_ports  # type: ignore[import-not-found]
from sluice_operator.cluster.kind import CRD, Kind
from sluice_operator.serving.process import Process
from subject import NAMESPACE, Body, Ground, Subject

REPLICAS = ("replica-0", "replica-1", "replica-2")
"""Users, one for each replica of the subject."""
WORLD_USER = "world"
AGENTS = 5
USERS = 8
"""Threads that apply objects."""
BINDINGS = Kind(
    group="rbac.authorization.k8s.io",
    version="v1",
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    namespaced=False,
)


@dataclass
class Rig:
    """Everything that one measurement stands on; `rig` makes one."""

    subject: Subject
    ground: Ground
    plane: ControlPlane
    client: httpx.Client
    requests: RequestLog
    recorder: Recorder
    metrics: Process
    worlds: Sequence[Process]
    replicas: dict[int, Process] = field(default_factory=dict)

    # the controller

    def start(self, number: int = 0) -> Process:
        """Start one replica of the controller."""
        self.replicas[number] = self.subject.controller(self.ground, number)
        return self.replicas[number]

    def kill(self, number: int = 0) -> float:
        """End a replica without warning; when."""
        process = self.replicas.pop(number)
        at = time.time()
        process.kill()
        process.close()
        return at

    def stop(self, number: int = 0, within: float = 10.0) -> tuple[float, float]:
        """Ask a replica to end; when, and how many seconds it took."""
        process = self.replicas.pop(number)
        at = time.time()
        os.killpg(process.pid, signal.SIGTERM)
        eventually(process.ended, within=within, every=0.01)
        took = time.time() - at
        process.close()
        return at, took

    def usage(self, number: int = 0) -> Usage:
        """What a replica has used."""
        return usage_of(self.replicas[number].pid)

    def others(self) -> dict[str, Usage]:
        """What everybody else has used."""
        pids = {
            "kube-apiserver": self.plane.api_server_pid,
            "etcd": self.plane.etcd_pid,
            "fake prometheus": self.metrics.pid,
            "rig": os.getpid(),
        }
        worlds = {f"fake world {n}": process.pid for n, process in enumerate(self.worlds)}
        return {name: usage_of(pid) for name, pid in {**pids, **worlds}.items()}

    # users

    def apply(self, names: Sequence[str]) -> None:
        """Users make deployments."""
        self.order([order for name in names for order in self.subject.counters(name, 1)])
        self._each(names, self._make)

    def revise(self, names: Sequence[str], version: int = 2) -> None:
        """Users want another version."""
        subject = self.subject
        self.order([order for name in names for order in subject.counters(name, version)])
        self._each(names, lambda name: self.change(name, subject.revision(name, version)))

    def change(self, name: str, change: Body) -> Body:
        """A user changes one deployment."""
        return patch(self.client, self.subject.own, (NAMESPACE, name), change)

    def _make(self, name: str) -> None:
        for kind, body in self.subject.objects(name):
            create(self.client, kind, body)

    def _each(self, names: Sequence[str], do: Any) -> None:
        with ThreadPoolExecutor(USERS) as pool:
            list(pool.map(do, names))

    # the fake Prometheus

    def order(self, orders: Sequence[Body]) -> None:
        """Orders to the fake Prometheus."""
        answer = httpx.post(
            f"{self.ground.metrics_url}/rig", content=json.dumps(orders), timeout=30
        )
        answer.raise_for_status()

    def seen(self) -> dict[str, Any]:
        """What the fake Prometheus has seen."""
        answer = httpx.get(f"{self.ground.metrics_url}/rig", timeout=30)
        return dict(answer.raise_for_status().json())

    # waiting

    def wait_at_rest(self, names: Sequence[str], within: float) -> float:
        """Until all of these say that nothing is under way; how many seconds that took."""
        return self._wait(names, self.subject.is_at_rest, within)

    def wait_holding(self, names: Sequence[str], within: float) -> float:
        """Until all of these hold their candidates; how many seconds that took."""
        return self._wait(names, self.subject.is_holding, within)

    def _wait(self, names: Sequence[str], is_so: Any, within: float) -> float:
        began = time.time()

        def all_so() -> bool:
            self.check()
            open_ = [name for name in names if not is_so(self.recorder.own(name))]
            assert not open_, f"{len(open_)} are not there, such as {self._shown(open_[0])}"
            return True

        eventually(all_so, within=within, every=0.05)
        return time.time() - began

    def _shown(self, name: str) -> str:
        return f"{name}: {json.dumps(self.recorder.own(name).get('status'))[:1500]}"

    def check(self) -> None:
        """Nobody has ended who should run, and no watch has a gap."""
        self.recorder.check()
        running = {"metrics": self.metrics, **{f"world-{n}": p for n, p in enumerate(self.worlds)}}
        running |= {f"replica-{number}": process for number, process in self.replicas.items()}
        for name, process in running.items():
            if process.ended():
                raise RuntimeError(
                    f"{name} has ended by itself: see its log in {self.ground.folder}"
                )


@contextmanager
def rig(subject: Subject, folder: Path, scrape_seconds: float = 5.0) -> Iterator[Rig]:
    """A rig whose controller is not started yet."""
    plane = ControlPlane.start(folder / "plane")
    begun: list[Process] = []
    try:
        made = _built(subject, folder, plane, begun, scrape_seconds)
        try:
            yield made
        finally:
            begun += made.replicas.values()
            made.requests.close()
            made.recorder.close()
    finally:
        for process in reversed(begun):
            process.close()
        plane.stop()


def _built(
    subject: Subject, folder: Path, plane: ControlPlane, begun: list[Process], scrape: float
) -> Rig:
    ground = _ground(plane, folder)
    client = client_of(plane.kubeconfig)
    _install(client, subject, ground)
    port = httpx.URL(ground.metrics_url).port
    metrics = world("metric_world", folder / "metrics.log", str(port), str(AGENTS), str(scrape))
    begun.append(metrics)
    worlds = tuple(subject.worlds(ground))
    begun += worlds
    made = Rig(
        subject=subject,
        ground=ground,
        plane=plane,
        client=client,
        requests=RequestLog(plane.folder / "audit.log"),
        recorder=Recorder(client_of(plane.kubeconfig), subject),
        metrics=metrics,
        worlds=worlds,
    )
    eventually(lambda: _answers(ground.metrics_url), within=20)
    return made


def _ground(plane: ControlPlane, folder: Path) -> Ground:
    metrics, world_port = free_ports(2)
    return Ground(
        folder=folder,
        kubeconfigs=tuple(plane.kubeconfig_for(user) for user in REPLICAS),
        world_kubeconfig=plane.kubeconfig_for(WORLD_USER),
        metrics_url=f"http://127.0.0.1:{metrics}",
        world_port=world_port,
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/rig").is_success
    except httpx.TransportError:
        return False


def _install(client: httpx.Client, subject: Subject, ground: Ground) -> None:
    make(client, NAMESPACE)
    for user in (*REPLICAS, WORLD_USER):
        create(client, BINDINGS, _everything(user))
    names = [_define(client, body) for path in subject.definitions() for body in _documents(path)]
    eventually(lambda: all(_is_served(client, name) for name in names), within=30)
    for kind, body in subject.surroundings(ground):
        create(client, kind, body)


def _everything(user: str) -> Body:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }


def _documents(path: Path) -> Iterator[Body]:
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    for file in files:
        for body in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if body and body.get("kind") == "CustomResourceDefinition":
                yield body


def _define(client: httpx.Client, body: Body) -> str:
    return str(create(client, CRD, body)["metadata"]["name"])


def _is_served(client: httpx.Client, name: str) -> bool:
    body = client.get(path_of(CRD, name=name)).raise_for_status().json()
    conditions = (body.get("status") or {}).get("conditions") or ()
    if not any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
        return False
    spec = body["spec"]
    version = next(v["name"] for v in spec["versions"] if v["served"])
    listed = client.get(f"/apis/{spec['group']}/{version}/{spec['names']['plural']}?limit=1")
    return listed.is_success
