"""The whole stack on the node: installed by helm from our charts, with our images."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eventually import eventually
from helm_charts import run as helm
from house import ROOT
from image_pod import KubectlError, kubectl

NAMESPACE = "sluice"
RUNS = "training"
"""Where steps of pipelines run; their outputs lie in a folder of the node, so not `restricted`."""
RELEASE = "sluice"
FILES = ROOT / "tests" / "e2e" / "stack"
SELDON_CRDS = (ROOT / "tests" / "support" / "crds", ROOT / "tests" / "support" / "crds_of_charts")
REAL_SELDON = "SLUICE_STACK_SELDON"
"""Environment variable: set, Seldon Core 2 and its kinds are already in the namespace, and the
double stays away."""
SLUICE = Path(sys.executable).with_name("sluice")
PROFILE = ROOT / "helm" / "sluice" / "values-kind.yaml"
READY_SECONDS = 420.0
DEPLOYED = ("sluice-operator", "sluice-ledger", "sluice-mlflow")
STATEFUL = ("sluice-postgresql", "sluice-object-store", "sluice-prometheus", "sluice")

Object = dict[str, Any]


@dataclass(kw_only=True)
class Stack:
    """What runs, and how long each part took."""

    kubeconfig: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Note how long a part took; the notes are kept in build/e2e/stack.json."""
        began = time.monotonic()
        yield
        self.seconds[part] = round(time.monotonic() - began, 1)
        file = ROOT / "build" / "e2e" / "stack.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.seconds, indent=1))

    def helm(self, *arguments: str) -> str:
        """What helm prints."""
        return helm(*arguments, "--namespace", NAMESPACE, "--kubeconfig", str(self.kubeconfig))

    def sluice(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """What our own command says about the cluster."""
        command = [SLUICE, *arguments, "--kubeconfig", self.kubeconfig]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def install(self, *options: str) -> None:
        """Install the release, or upgrade it; returns once helm has sent everything."""
        values = ("--values", str(PROFILE), "--values", str(FILES / "values.yaml"))
        theirs = ("--set", "seldon.serverConfig.install=false") if REAL_SELDON in os.environ else ()
        chart = str(ROOT / "helm" / "sluice")
        self.helm("upgrade", "--install", RELEASE, chart, *values, *theirs, *options)

    def await_ready(self) -> None:
        """Until every part answers."""
        for name in DEPLOYED:
            self.await_rolled_out(f"deployment/{name}")
        for name in STATEFUL:
            self.await_rolled_out(f"statefulset/{name}")
        eventually(self._buckets_are_made, within=READY_SECONDS, every=1.0)

    def await_rolled_out(self, name: str) -> None:
        """Until all replicas of one part answer; with the reason if they do not."""
        exists = lambda: kubectl("get", name, "-n", NAMESPACE, "-o", "name")  # noqa: E731
        eventually(lambda: _quietly(exists), within=READY_SECONDS, every=1.0)
        timeout = f"--timeout={READY_SECONDS:.0f}s"
        try:
            kubectl("rollout", "status", name, "-n", NAMESPACE, timeout)
        except KubectlError as late:
            raise AssertionError(f"{late}\n{self.pods()}") from late

    def pods(self) -> str:
        """As kubectl shows them."""
        return kubectl("get", "pods", "-A", "-o", "wide")

    def get(self, kind: str, name: str) -> Object:
        """An object of the namespace."""
        found: Object = json.loads(kubectl("get", kind, name, "-n", NAMESPACE, "-o", "json"))
        return found

    def apply(self, body: Object, namespace: str = NAMESPACE) -> None:
        """As a user would, from a file."""
        kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(body))

    def kill(self, name: str) -> None:
        """Take Pods away without asking their processes; `-l LABEL` or a name."""
        words = (*name.split(), "--grace-period=0", "--force")
        kubectl("delete", "pod", "-n", NAMESPACE, *words)

    def secret(self, name: str) -> dict[str, str]:
        """What a Secret holds, still encoded."""
        data: dict[str, str] = self.get("secret", name)["data"]
        return data

    def _buckets_are_made(self) -> bool:
        jobs = json.loads(kubectl("get", "jobs", "-n", NAMESPACE, "-o", "json"))["items"]
        return bool(jobs) and all(job["status"].get("succeeded") for job in jobs)


def kubeconfig_in(folder: Path) -> Path:
    """The administrator's, for programs other than kubectl.

    Raises:
        KubectlError: The node does not answer.
    """
    file = folder / "kubeconfig"
    file.write_text(kubectl("config", "view", "--raw", "--flatten"))
    kubectl("version")
    return file


def make_room() -> None:
    """Namespaces without anything from before, and Seldon or its double."""
    take_away()
    real = REAL_SELDON in os.environ
    levels = {RUNS: "privileged"} | ({} if real else {NAMESPACE: "restricted"})
    for name, level in levels.items():
        labels = {"pod-security.kubernetes.io/enforce": level}
        metadata = {"name": name, "labels": labels}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        kubectl("create", "-f", "-", stdin=json.dumps(body))
    if not real:
        for folder in SELDON_CRDS:
            kubectl("apply", "--server-side", "-f", str(folder))
        kubectl("apply", "-n", NAMESPACE, "-f", str(FILES / "seldon.yaml"))


def take_away() -> None:
    """The namespaces, and what in them waits for somebody who may be gone already."""
    names = (RUNS,) if REAL_SELDON in os.environ else (NAMESPACE, RUNS)
    kubectl("delete", "namespace", *names, "--ignore-not-found", "--wait=false")
    eventually(lambda: not _left(names), within=300, every=2.0)


def _left(names: tuple[str, ...]) -> list[str]:
    """Namespaces that are still there; whoever would have let go of their objects may be gone."""
    for kind in ("modeldeployments", "experiments", "models") if NAMESPACE in names else ():
        _quietly(lambda kind=kind: _let_go(kind))
    found = kubectl("get", "namespace", *names, "--ignore-not-found", "-o", "name")
    return found.split()


def _let_go(kind: str) -> None:
    for name in kubectl("get", kind, "-n", NAMESPACE, "-o", "name").split():
        none = json.dumps({"metadata": {"finalizers": None}})
        kubectl("patch", name, "-n", NAMESPACE, "--type=merge", "-p", none)


def _quietly(check: Any) -> bool:
    """Whether it holds; an object that is not there yet is no error."""
    try:
        return bool(check())
    except KubectlError:
        return False
