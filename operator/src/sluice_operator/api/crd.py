"""Types and rules to CustomResourceDefinitions: shapes, limits, defaults, CEL, columns, words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from sluice_operator.api.action import ActionSpec, ActionStatus, RolloutAction
from sluice_operator.api.admission.rule import Rule
from sluice_operator.api.fields import DURATION
from sluice_operator.api.rule import DURATION_RULE, RULES
from sluice_operator.api.run import RolloutRun, RunSpec, RunStatus
from sluice_operator.api.schema import Node, keyed, structural_schema
from sluice_operator.api.status import ModelDeploymentStatus
from sluice_operator.api.v1alpha1 import (
    ClusterGateTemplate,
    GateTemplate,
    ModelDeployment,
    Spec,
    TemplateSpec,
)

GROUP, VERSION = "sluice.dev", "v1alpha1"
CATEGORY = "sluice"
"""`kubectl get sluice` lists every kind of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What `kubectl get` shows of an object."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False
    """Shown with `-o wide` only."""

    def to_wire(self) -> Node:
        """As the API server reads it."""
        priority = {"priority": 1} if self.wide else {}
        return {"name": self.name, "type": self.type, "jsonPath": self.path, **priority}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of ours, in all that a CustomResourceDefinition says of it."""

    whole: type[BaseModel]
    spec: type[BaseModel]
    status: type[BaseModel] | None = None
    """None for a kind that the operator only reads."""
    plural: str
    short_name: str
    columns: tuple[Column, ...]
    namespaced: bool = True


_AGE = Column(name="Age", path=".metadata.creationTimestamp", type="date")
MODEL_DEPLOYMENT = Resource(
    whole=ModelDeployment,
    spec=Spec,
    status=ModelDeploymentStatus,
    plural="modeldeployments",
    short_name="mdep",
    columns=(
        Column(name="Phase", path=".status.phase"),
        Column(name="Step", path=".status.step.display"),
        Column(name="Weight", path=".status.traffic.desiredWeight", type="integer"),
        Column(name="Observed", path=".status.traffic.observedWeight", type="integer"),
        Column(name="Verdict", path=".status.verdict"),
        Column(name="Stable", path=".status.stable.name"),
        Column(name="Candidate", path=".status.candidate.name"),
        Column(name="Ready", path='.status.conditions[?(@.type=="Ready")].status'),
        _AGE,
        Column(name="Message", path=".status.message", wide=True),
    ),
)
ROLLOUT_RUN = Resource(
    whole=RolloutRun,
    spec=RunSpec,
    status=RunStatus,
    plural="rolloutruns",
    short_name="rrun",
    columns=(
        Column(name="Deployment", path=".spec.deployment"),
        Column(name="Attempt", path=".spec.attempt", type="integer"),
        Column(name="Revision", path=".spec.revision"),
        Column(name="Outcome", path=".status.outcome"),
        Column(name="Peak", path=".status.peakWeight", type="integer"),
        _AGE,
        Column(name="Cause", path=".status.cause", wide=True),
        Column(name="Page", path=".spec.page", type="integer", wide=True),
    ),
)
ROLLOUT_ACTION = Resource(
    whole=RolloutAction,
    spec=ActionSpec,
    status=ActionStatus,
    plural="rolloutactions",
    short_name="ract",
    columns=(
        Column(name="Target", path=".spec.target"),
        Column(name="Verb", path=".spec.verb"),
        Column(name="Revision", path=".spec.revision"),
        Column(name="By", path=".spec.by"),
        Column(name="State", path=".status.state"),
        _AGE,
        Column(name="Reason", path=".spec.reason", wide=True),
        Column(name="Message", path=".status.message", wide=True),
    ),
)
_TEMPLATE_COLUMNS = (
    Column(name="Gates", path=".spec.gates[*].name"),
    Column(name="Metrics", path=".spec.gates[*].metric", wide=True),
    _AGE,
)
GATE_TEMPLATE = Resource(
    whole=GateTemplate,
    spec=TemplateSpec,
    plural="gatetemplates",
    short_name="gtpl",
    columns=_TEMPLATE_COLUMNS,
)
CLUSTER_GATE_TEMPLATE = Resource(
    whole=ClusterGateTemplate,
    spec=TemplateSpec,
    plural="clustergatetemplates",
    short_name="cgtpl",
    columns=_TEMPLATE_COLUMNS,
    namespaced=False,
)
RESOURCES = (MODEL_DEPLOYMENT, ROLLOUT_RUN, ROLLOUT_ACTION, GATE_TEMPLATE, CLUSTER_GATE_TEMPLATE)


def definition_of(resource: Resource) -> Node:
    """The CustomResourceDefinition of one kind."""
    kind = resource.whole.__name__
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": resource.plural,
                "singular": kind.lower(),
                "shortNames": [resource.short_name],
                "categories": [CATEGORY],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    **({} if resource.status is None else {"subresources": {"status": {}}}),
                    "additionalPrinterColumns": [column.to_wire() for column in resource.columns],
                    "schema": {"openAPIV3Schema": schema_of(resource)},
                }
            ],
        },
    }


def schema_of(resource: Resource) -> Node:
    """The schema of one kind, each rule at its place."""
    schema: Node = {
        "description": " ".join((resource.whole.__doc__ or "").split()),
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"description": "Group and version of the API.", "type": "string"},
            "kind": {"description": "Kind of the object.", "type": "string"},
            "metadata": {"type": "object"},
            "spec": structural_schema(resource.spec, defaults=True),
        },
    }
    if resource.status is not None:
        status = keyed(structural_schema(resource.status, defaults=False))
        schema["properties"]["status"] = status
    for rule in RULES:
        if resource.whole.__name__ in rule.kinds:
            for node in _places(rule, schema):
                node.setdefault("x-kubernetes-validations", []).append(_validation(rule))
    return schema


def _validation(rule: Rule) -> Node:
    return {"rule": rule.cel, "message": rule.message}


def _places(rule: Rule, schema: Node) -> Iterator[Node]:
    """The nodes at which a rule stands."""
    if rule is DURATION_RULE:
        yield from _durations(schema)
        return
    node: Any = schema
    for part in filter(None, rule.at.split(".")):
        node = node["properties"][part.removesuffix("[]")]
        node = node["items"] if part.endswith("[]") else node
    yield node


def _durations(node: Node) -> Iterator[Node]:
    if node.get("pattern") == DURATION:
        yield node
    for child in node.get("properties", {}).values():
        yield from _durations(child)
    if "items" in node:
        yield from _durations(node["items"])
