"""Pods of our images on the node, as strict as a cluster may ask."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventually import eventually
from house import ROOT

NODE = ROOT / "tools" / "node" / "node"
STRICT = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
Object = dict[str, Any]
POST = """
import sys, urllib.request
url, body = sys.argv[1:]
asked = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
print(urllib.request.urlopen(asked).read().decode())
"""


class KubectlError(Exception):
    """kubectl ended otherwise than well; the message is its own."""


def kubectl(*arguments: str, stdin: str = "") -> str:
    """What kubectl prints as the administrator of the node."""
    done = subprocess.run(
        [NODE, "kubectl", *arguments], input=stdin, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a pod."""

    image: str
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    """Folder in the container to volume; /tmp is always there."""

    def object(self, name: str) -> Object:
        """As a pod spec has it."""
        mounts = {"/tmp": "tmp", **self.mounts}
        return {
            "name": name,
            "image": self.image,
            "imagePullPolicy": "Never",
            "securityContext": STRICT,
            "env": [{"name": key, "value": value} for key, value in self.env.items()],
            "volumeMounts": [{"mountPath": at, "name": of} for at, of in mounts.items()],
            **({"command": list(self.command)} if self.command else {}),
            **({"args": list(self.args)} if self.args else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod; its `main` container runs once `before` has ended."""

    namespace: str
    name: str
    main: Container
    before: Container | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    """Of the volume `files`, by name; the volumes `tmp` and `work` are empty folders."""

    def start(self) -> None:
        """Create it, with a ConfigMap of its files."""
        metadata = {"name": self.name, "namespace": self.namespace}
        head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        items = [head | {"data": dict(self.files)}, self._object(metadata)]
        kubectl("create", "-f", "-", stdin=json.dumps(listed(items)))

    def _object(self, metadata: Object) -> Object:
        volumes = [{"name": name, "emptyDir": {}} for name in ("tmp", "work")]
        before = [self.before.object("before")] if self.before else []
        spec = {
            "restartPolicy": "Never",
            "securityContext": {
                "runAsNonRoot": True,
                "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "terminationGracePeriodSeconds": 5,
            "initContainers": before,
            "containers": [self.main.object("main")],
            "volumes": [*volumes, {"name": "files", "configMap": {"name": self.name}}],
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def log(self, container: str = "main") -> str:
        """What a container has printed so far."""
        return kubectl("logs", "-n", self.namespace, self.name, "-c", container)

    def tail(self) -> str:
        """The end of its log, or why there is none."""
        try:
            return self.log()[-2000:]
        except KubectlError as none_yet:
            return str(none_yet)

    def phase(self) -> str:
        """Pending, Running, Succeeded or Failed."""
        got = ("get", "pod", "-n", self.namespace, self.name, "-o", "jsonpath={.status.phase}")
        return kubectl(*got)

    def seconds(self) -> float:
        """Since the container was started, or while it ran; Kubernetes tells whole seconds."""
        got = kubectl("get", "pod", "-n", self.namespace, self.name, "-o", "json")
        (main,) = json.loads(got)["status"]["containerStatuses"]
        ((_, state),) = main["state"].items()
        until = datetime.fromisoformat(state["finishedAt"]) if "finishedAt" in state else None
        started = datetime.fromisoformat(state["startedAt"])
        return ((until or datetime.now(UTC)) - started).total_seconds()

    def run(self, *command: str) -> str:
        """What a program prints in the running container."""
        return kubectl("exec", "-n", self.namespace, self.name, "-c", "main", "--", *command)

    def ask(self, port: int, path: str) -> str:
        """The body of a good answer over HTTP, by way of the API server."""
        pod = f"{self.name}:{port}"
        return kubectl(
            "get", "--raw", f"/api/v1/namespaces/{self.namespace}/pods/{pod}/proxy{path}"
        )

    def post(self, port: int, path: str, body: Object) -> Object:
        """The answer to JSON, asked for from inside; the API server would drop its media type."""
        url = f"http://127.0.0.1:{port}{path}"
        answer: Object = json.loads(self.run("python", "-c", POST, url, json.dumps(body)))
        return answer

    def answers(self, port: int, path: str, within: float = 120.0) -> str:
        """The first good answer."""

        def asked() -> str:
            try:
                return self.ask(port, path) or "(empty)"
            except KubectlError as not_yet:
                raise AssertionError(f"{not_yet}\n{self.tail()}") from not_yet

        return eventually(asked, within=within, every=0.2)

    def succeeds(self, within: float = 180.0) -> str:
        """What it printed, once it has ended well."""
        ended = eventually(
            lambda: (phase := self.phase()) in {"Succeeded", "Failed"} and phase, within, every=0.5
        )
        assert ended == "Succeeded", self.log()
        return self.log()


def listed(items: Sequence[Object]) -> Object:
    """Several objects as one."""
    return {"apiVersion": "v1", "kind": "List", "items": list(items)}


def support(*names: str) -> dict[str, str]:
    """Files of tests/support by name, for pods."""
    return {name: Path(ROOT, "tests", "support", name).read_text() for name in names}
