"""The installation under examination, and what several checks look at, looked up once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel
from sluice_operator.cluster.kind import Kind
from sluice_operator.controller.settings import PREFIX, Settings

from sluice_cli.doctor.reader import Answer, Plain, Reader, Unknown
from sluice_cli.doctor.remedy import Remedy

INSTANCE = "app.kubernetes.io/instance"
PART_OF = "app.kubernetes.io/part-of"
CHART_NAME = "app.kubernetes.io/name"
WORKLOADS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}
Looked = list[Plain] | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSeen:
    """What the operator's Deployment says of the operator."""

    name: str
    account: str
    values: Mapping[str, str]
    """Its settings as they stand in the Deployment; those that it has by default are absent."""

    def setting(self, name: str) -> str:
        """What one of its settings is, as the variable has it."""
        if name in self.values:
            return self.values[name]
        default: Any = Settings.model_fields[name].get_default()
        return ",".join(default) if isinstance(default, tuple) else str(default or "")

    @property
    def places(self) -> tuple[str, ...]:
        """The namespaces that it watches; none for all."""
        return tuple(filter(None, (name.strip() for name in self.setting("namespaces").split(","))))


class Site:
    """One release in one namespace of one cluster."""

    def __init__(self, reader: Reader, remedy: Remedy) -> None:
        self.reader = reader
        self.remedy = remedy
        self.namespace = remedy.namespace
        self.release = remedy.release

    @cached_property
    def greeting(self) -> Answer:
        """The first answer of the API server: its version."""
        return self.reader.ask("/version")

    @cached_property
    def workloads(self) -> Looked:
        """Deployments, StatefulSets and Jobs of the release, each with its kind."""
        found: list[Plain] = []
        for kind, group in WORKLOADS.items():
            listed = self.listed(group, f"{kind.lower()}s", self.selector)
            if isinstance(listed, Unknown):
                return listed
            found += [one | {"kind": kind} for one in listed]
        return found

    @cached_property
    def pods(self) -> Looked:
        """Pods of the release."""
        return self.listed("v1", "pods", self.selector)

    @property
    def selector(self) -> str:
        """Matches what belongs to the release."""
        return f"{PART_OF}=sluice,{INSTANCE}={self.release}"

    @property
    def chart(self) -> str:
        """The chart that the release was made from: a part, or the umbrella over all of them."""
        known = () if isinstance(self.workloads, Unknown) else self.workloads
        names = {chart_of(one) for one in known}
        return names.pop() if len(names) == 1 else "sluice"

    @property
    def anew(self) -> str:
        """The command that makes what is missing of the release, or all of it."""
        there = not isinstance(self.workloads, Unknown) and self.workloads
        return self.remedy.upgrade(self.chart) if there else self.remedy.install()

    @cached_property
    def operator(self) -> OperatorSeen | Unknown | None:
        """The operator of the release; None if it has none."""
        if isinstance(self.workloads, Unknown):
            return self.workloads
        found = [o for o in self.workloads if chart_of(o) == "operator"]
        return operator_seen(found[0]) if found else None

    @property
    def places(self) -> tuple[str, ...]:
        """Where ModelDeployments are looked for; the empty name stands for everywhere."""
        return (isinstance(self.operator, OperatorSeen) and self.operator.places) or ("",)

    def listed(self, group: str, plural: str, selector: str = "", namespace: str = "") -> Looked:
        """The objects of one kind in the namespace."""
        return self.reader.listed(path(group, plural, namespace or self.namespace), selector)

    def watched(self, kind: Kind, selector: str = "") -> Looked:
        """The objects of one kind wherever the operator looks after them."""
        found: list[Plain] = []
        for place in self.places:
            listed = self.reader.listed(path(kind.api_version, kind.plural, place), selector)
            if isinstance(listed, Unknown):
                return listed
            found += listed
        return found

    def one(
        self, group: str, plural: str, name: str, namespace: str = ""
    ) -> Plain | Unknown | None:
        """One object of the namespace."""
        return self.reader.one(f"{path(group, plural, namespace or self.namespace)}/{name}")

    def where(self, body: Plain) -> str:
        """The name of an object, with its namespace if that is another than the release's."""
        metadata = body["metadata"]
        other = metadata.get("namespace", self.namespace) != self.namespace
        return f"{metadata['namespace']}/{metadata['name']}" if other else str(metadata["name"])


def path(group: str, plural: str, namespace: str = "") -> str:
    """The path of a collection; of all namespaces if none is named."""
    root = f"/apis/{group}" if "/" in group else f"/api/{group}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def chart_of(workload: Plain) -> str:
    """Which of our charts a workload belongs to."""
    return str(workload["metadata"].get("labels", {}).get(CHART_NAME, ""))


def template_of(workload: Plain) -> Plain:
    """The Pods that a workload makes."""
    return dict(workload["spec"]["template"]["spec"])


def containers_of(pod: Plain) -> Iterator[Plain]:
    """All containers of a Pod's spec, those that prepare included."""
    yield from pod.get("initContainers") or ()
    yield from pod.get("containers") or ()


def operator_seen(deployment: Plain) -> OperatorSeen:
    """What a Deployment of the operator says."""
    pod = template_of(deployment)
    given = {
        variable["name"].removeprefix(PREFIX).lower(): variable["value"]
        for container in containers_of(pod)
        for variable in container.get("env") or ()
        if variable["name"].startswith(PREFIX) and variable.get("value")
    }
    known: type[BaseModel] = Settings
    return OperatorSeen(
        name=deployment["metadata"]["name"],
        account=pod.get("serviceAccountName", "default"),
        values={name: value for name, value in given.items() if name in known.model_fields},
    )
