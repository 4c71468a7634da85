"""A small node on a real API server: takes Pods, runs their commands here, hands out their logs.

It does what a kubelet does as far as a step of a pipeline can tell: variables from Secrets and
ConfigMaps, the statuses of a Pod on its way, a log that can be followed through the API server.
What it does not: images, isolation, limits. Commands run as processes of this machine, and a folder
of the node must be mounted at its own path.
"""

import os
import signal
import ssl
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
from control_plane import ControlPlane

NODE = "this-machine"
MERGE = {"content-type": "application/merge-patch+json"}
Fate = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Given a Pod, the status that it gets in place of being run; None to run it."""


def image_missing(_pod: dict[str, Any]) -> dict[str, Any]:
    """Its image cannot be pulled."""
    return _waiting("ImagePullBackOff", 'Back-off pulling image "nowhere/none:1"')


def killed_for_memory(_pod: dict[str, Any]) -> dict[str, Any]:
    """The kernel ended it at its limit."""
    return _ended(137, "OOMKilled")


@dataclass
class Node:
    """What runs, and what was seen."""

    plane: ControlPlane
    namespace: str
    fates: dict[str, Fate] = field(default_factory=dict)
    """By step."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """Every Pod that was taken, as the API server admitted it."""
    logs: dict[str, list[str]] = field(default_factory=dict)
    processes: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)
    stop: Event = field(default_factory=Event)

    def steps(self) -> list[str]:
        """The steps whose Pods were taken, in order."""
        return [body["metadata"]["labels"]["sluice.dev/step"] for body in self.bodies]

    def work(self) -> None:
        """Take what is pending until told to stop."""
        with self.plane.client() as client:
            while not self.stop.wait(0.05):
                answer = client.get(self._path(), params={"fieldSelector": "status.phase=Pending"})
                for pod in answer.json()["items"]:
                    self._take(client, pod)
                self._end_the_deleted(client)

    def log(self, name: str) -> tuple[list[str], bool]:
        """What a Pod has printed so far, and whether that is all."""
        process = self.processes.get(name)
        return list(self.logs.get(name, ())), process is None or process.poll() is not None

    def end_all(self) -> None:
        """End what still runs."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    def _take(self, client: httpx.Client, pod: dict[str, Any]) -> None:
        name = pod["metadata"]["name"]
        if "nodeName" not in pod["spec"]:
            self._bind(client, name)
        fate = self.fates.get(pod["metadata"]["labels"]["sluice.dev/step"])
        told = fate(pod) if fate else None
        variables = {} if told else self._variables(client, pod)
        if told or isinstance(variables, str):
            self._paint(
                client, name, told or _waiting("CreateContainerConfigError", str(variables))
            )
        elif name not in self.processes:
            self.bodies.append(pod)
            self._start(client, pod, variables)

    def _start(self, client: httpx.Client, pod: dict[str, Any], variables: dict[str, str]) -> None:
        name, (container,) = pod["metadata"]["name"], pod["spec"]["containers"]
        for volume in pod["spec"]["volumes"]:
            if "hostPath" in volume:
                mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
                assert mounts[volume["name"]] == volume["hostPath"]["path"]
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.logs[name] = []
        self._paint(client, name, {"phase": "Running"})
        self.processes[name] = subprocess.Popen(
            container["command"],
            env={"PATH": path, "LANG": "C.UTF-8", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        Thread(target=self._follow, args=(name,), daemon=True).start()

    def _follow(self, name: str) -> None:
        process = self.processes[name]
        assert process.stdout is not None
        for line in process.stdout:
            moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
            self.logs[name].append(f"{moment} {line.rstrip()}")
        code = process.wait()
        with self.plane.client() as client:
            self._paint(client, name, _ended(code, "Error" if code else "Completed"))

    def _end_the_deleted(self, client: httpx.Client) -> None:
        living = {item["metadata"]["name"] for item in client.get(self._path()).json()["items"]}
        for name, process in self.processes.items():
            if name not in living and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    def _variables(self, client: httpx.Client, pod: dict[str, Any]) -> dict[str, str] | str:
        """The variables of the container, or which Secret or ConfigMap is missing."""
        found: dict[str, str] = {}
        for one in pod["spec"]["containers"][0].get("env", ()):
            if "value" in one or "valueFrom" not in one:
                found[one["name"]] = one.get("value", "")
                continue
            (kind, asked), *_ = one["valueFrom"].items()
            value = self._value(client, kind, asked)
            if value is None and not asked.get("optional"):
                return f'{kind} "{asked["name"]}" has no key {asked["key"]}'
            found |= {} if value is None else {one["name"]: value}
        return found

    def _value(self, client: httpx.Client, kind: str, asked: dict[str, Any]) -> str | None:
        plural = "secrets" if kind == "secretKeyRef" else "configmaps"
        answer = client.get(f"/api/v1/namespaces/{self.namespace}/{plural}/{asked['name']}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        data = answer.raise_for_status().json().get("data", {})
        if asked["key"] not in data:
            return None
        plain = data[asked["key"]]
        return _decoded(plain) if plural == "secrets" else str(plain)

    def _bind(self, client: httpx.Client, name: str) -> None:
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name},
            "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
        }
        client.post(f"{self._path()}/{name}/binding", json=body)

    def _paint(self, client: httpx.Client, name: str, status: dict[str, Any]) -> None:
        path = f"{self._path()}/{name}/status"
        answer = client.patch(path, json={"status": status}, headers=MERGE)
        assert answer.status_code in {httpx.codes.OK, httpx.codes.NOT_FOUND}, answer.text

    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods"


@contextmanager
def pod_node(plane: ControlPlane, namespace: str) -> Iterator[Node]:
    """A node for one namespace, until the block ends; what still runs is ended with it."""
    node = Node(plane=plane, namespace=namespace)
    with _log_server(plane, node) as port:
        _register(plane, port)
        worker = Thread(target=node.work, daemon=True)
        worker.start()
        try:
            yield node
        finally:
            node.stop.set()
            worker.join(timeout=10)
            node.end_all()


def _register(plane: ControlPlane, port: int) -> None:
    metadata = {"name": NODE}
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    body = {"apiVersion": "v1", "kind": "Node", "metadata": metadata}
    with plane.client() as client:
        client.post("/api/v1/nodes", json=body)
        changed = client.patch(
            f"/api/v1/nodes/{NODE}/status", json={"status": status}, headers=MERGE
        )
        changed.raise_for_status()


@contextmanager
def _log_server(plane: ControlPlane, node: Node) -> Iterator[int]:
    """What the API server asks for logs: HTTPS, as a kubelet serves `containerLogs`."""

    class Kubelet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlparse(self.path)
            query = parse_qs(place.query)
            name = place.path.split("/")[3]
            self.send_response(200)
            self.end_headers()
            told = 0
            while True:
                lines, ended = node.log(name)
                for line in lines[told:]:
                    since = query.get("sinceTime", [""])[0]
                    if line.partition(" ")[0][:19] >= since[:19]:
                        self.wfile.write(f"{line}\n".encode())
                told = len(lines)
                self.wfile.flush()
                if ended or "follow" not in query or node.stop.is_set():
                    return
                time.sleep(0.02)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Kubelet)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(plane.folder / "server.crt", plane.folder / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _waiting(reason: str, message: str) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [_container(state)]}


def _ended(code: int, reason: str) -> dict[str, Any]:
    state = {"terminated": {"exitCode": code, "reason": reason}}
    phase = "Failed" if code else "Succeeded"
    return {"phase": phase, "containerStatuses": [_container(state)]}


def _container(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "main",
        "image": "",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": state,
    }


def _decoded(text: str) -> str:
    return b64decode(text).decode()
