"""An installation for the doctor: a release on a real API server, with statuses as painted."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from control_plane import ControlPlane
from control_plane_namespace import MERGE
from helm_charts import CHARTS, run
from real_commands import fault_of
from sluice_cli.doctor.diagnosis import diagnosed
from sluice_cli.doctor.finding import Finding, Group, Verdict
from sluice_cli.doctor.remedy import Remedy

READS = ("get", "describe", "auth", "version", "config")
"""Commands of kubectl that change nothing, and need no kubelet: they are carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """A release, and who looks after it."""

    plane: ControlPlane
    client: httpx.Client
    namespace: str
    home: Path

    @property
    def remedy(self) -> Remedy:
        return Remedy(namespace=self.namespace, release="sluice", kubeconfig=self.plane.kubeconfig)

    def findings(self, *groups: Group) -> list[Finding]:
        """What the doctor finds; every command of its is one that can be typed."""
        found = list(diagnosed(self.remedy, groups))
        for one in found:
            assert one.next or one.verdict is not Verdict.FAILURE, one
            assert not one.next or self.obeys(one.next) == "", one
        return found

    def ill(self, *groups: Group) -> dict[str, Finding]:
        """The failures, by object."""
        return {f.object: f for f in self.findings(*groups) if f.verdict is Verdict.FAILURE}

    def obeys(self, command: str) -> str:
        """What is wrong with a command; those that only read are carried out."""
        words = shlex.split(command)
        if fault := fault_of(command):
            return fault
        if words[0] == "kubectl" and words[1] in READS:
            done = self.plane.kubectl(*words[1:])
            no = words[1:3] == ["auth", "can-i"] and done.stdout.strip() == "no"
            return "" if done.returncode == 0 or no else done.stderr
        return ""

    def paint(self, group: str, plural: str, name: str, status: dict[str, Any]) -> None:
        """Write the status of an object, as its controller would."""
        path = f"{self.path(group, plural)}/{name}/status"
        done = self.client.patch(path, json={"status": status}, headers=MERGE)
        assert done.status_code == 200, done.text

    def path(self, group: str, plural: str) -> str:
        root = f"/apis/{group}" if "/" in group else f"/api/{group}"
        return f"{root}/namespaces/{self.namespace}/{plural}"

    def post(self, group: str, plural: str, body: dict[str, Any]) -> None:
        self.client.post(self.path(group, plural), json=body).raise_for_status()

    def carry_out(self, command: str, *more: str) -> None:
        """What a finding says to do with helm, from the folder of the charts; all is well then."""
        plain = command.partition(" --namespace ")[0]
        self.helm(*shlex.split(plain.replace("helm/sluice", str(CHARTS / "sluice")))[1:], *more)
        painted(self)

    def helm(self, *arguments: str) -> str:
        """helm, logged in."""
        login = ("--kubeconfig", str(self.plane.kubeconfig), "--namespace", self.namespace)
        return run(*arguments, *login, home=self.home)


def painted(ward: Ward) -> None:
    """Every workload ready, and every claim bound."""
    for kind in ("deployments", "statefulsets"):
        for one in ward.client.get(ward.path("apps/v1", kind)).json()["items"]:
            count = one["spec"]["replicas"]
            status = {"readyReplicas": count, "replicas": count, "updatedReplicas": count}
            status |= {"observedGeneration": one["metadata"]["generation"]}
            ward.paint("apps/v1", kind, one["metadata"]["name"], status)
    for one in ward.client.get(ward.path("v1", "persistentvolumeclaims")).json()["items"]:
        bound = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
        ward.paint("v1", "persistentvolumeclaims", one["metadata"]["name"], bound)
