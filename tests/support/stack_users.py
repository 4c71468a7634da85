"""Users of a model of the stack, in a Pod, and what they saw."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from eventually import eventually
from house import version
from image_pod import STRICT, KubectlError, kubectl
from stack import FILES, NAMESPACE, Stack
from stack_training import COMMON, RARE, numeric_names
from training_projects import tumour_rows

Seen = list[tuple[float, Counter[tuple[str, int]]]]
"""By time, how often which revision answered with which status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What users do."""

    model: str
    rate: float = 40.0
    unknown: float = 0.01
    """Share of requests that no revision can answer: a side that nobody has."""
    rare: float = 0.1
    """Share of requests about a side that only some revisions know."""
    sticky: float = 0.0
    """Share of users who keep the route that they were given."""
    labels: bool = False
    every: float = 1.0
    """Seconds between two reports of what was seen."""

    def rows(self, number: int = 1000) -> list[dict[str, Any]]:
        """Requests and their labels, in the ratio of the plan."""
        table = tumour_rows().sample(number, replace=True, random_state=7).reset_index(drop=True)
        table["side"] = [COMMON[row % 2] for row in table.index]
        known = table.index < number - self.unknown * number
        table.loc[table.index >= number - (self.unknown + self.rare) * number, "side"] = RARE
        table.loc[~known, "side"] = "none"
        return [_request(row) for row in table.to_dict("records")]


def _request(row: dict[Any, Any]) -> dict[str, Any]:
    numbers = [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [float(row[name])]}
        for name in numeric_names()
    ]
    side = {"name": "side", "shape": [1], "datatype": "BYTES", "data": [row["side"]]}
    return {"inputs": [*numbers, side], "label": str(int(row["benign"]))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """A Pod of users."""

    stack: Stack
    plan: Plan

    @property
    def name(self) -> str:
        """Of the Pod."""
        return f"users-of-{self.plan.model}"

    def start(self) -> None:
        """Ask from now on; returns after the first answers."""
        plan = {
            "url": "http://seldon-mesh",
            "model": self.plan.model,
            "rate": self.plan.rate,
            "rows": self.plan.rows(),
            "ledger": "http://sluice-ledger:8080" if self.plan.labels else "",
            "sticky": self.plan.sticky,
            "every": self.plan.every,
        }
        files = {"plan.json": json.dumps(plan), "users.py": (FILES / "users.py").read_text()}
        head = {"apiVersion": "v1", "metadata": {"name": self.name}}
        # created, for an apply would put all of the plan into an annotation, too
        for body in ({"kind": "ConfigMap", "data": files}, {"kind": "Pod", "spec": self._spec()}):
            kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=json.dumps(head | body))
        eventually(self.seen, within=120, every=1.0)

    def stop(self) -> None:
        """Ask no more."""
        kubectl("delete", "pod", self.name, "-n", NAMESPACE, "--grace-period=0", "--force")
        kubectl("delete", "configmap", self.name, "-n", NAMESPACE)

    def seen(self) -> Seen:
        """Everything so far."""
        try:
            said = kubectl("logs", "-n", NAMESPACE, self.name)
        except KubectlError as not_yet:
            raise AssertionError(str(not_yet)) from not_yet
        lines = [json.loads(line) for line in said.splitlines() if line.startswith('{"at"')]
        return [(line["at"], _counted(line["seen"])) for line in lines]

    def totals(self) -> Counter[tuple[str, int]]:
        """Everything so far, over all time."""
        return sum((counts for _, counts in self.seen()), Counter())

    def _spec(self) -> dict[str, Any]:
        container = {
            "name": "users",
            "image": f"sluice-components:{version()}",
            "imagePullPolicy": "Never",
            "command": ["python3", "/users/users.py"],
            "securityContext": STRICT,
            "volumeMounts": [
                {"name": "users", "mountPath": "/users"},
                {"name": "token", "mountPath": "/token"},
            ],
        }
        return {
            "restartPolicy": "Never",
            "enableServiceLinks": False,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [
                {"name": "users", "configMap": {"name": self.name}},
                {"name": "token", "secret": {"secretName": "sluice-ledger"}},
            ],
        }


def _counted(seen: dict[str, int]) -> Counter[tuple[str, int]]:
    pairs = ((key.rpartition(" "), count) for key, count in seen.items())
    return Counter({(who, int(status)): count for (who, _, status), count in pairs})
