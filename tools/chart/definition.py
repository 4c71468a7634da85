"""Our kinds and policies as files of the operator's chart."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sluice_operator.api.crd import Resource, definition_of
from sluice_operator.api.policy import policy as policy_objects
from sluice_operator.api.policy import roles as role_objects

from tools.page.mark import marked_yaml

API = "operator/src/sluice_operator/api/"
KEEP = {"helm.sh/resource-policy": "keep"}
"""helm uninstall leaves it: with a definition, every object of its kind would go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKind:
    """A kind of somebody else whose content we do not describe."""

    group: str
    version: str = "v1alpha1"
    kind: str
    short: str = ""
    has_status: bool = False
    """Whether `status` is a resource of its own."""

    @property
    def plural(self) -> str:
        """As it stands in paths."""
        return f"{self.kind.lower()}s"


ARGO = "argoproj.io"
KFP_KINDS = (
    OpenKind(group=ARGO, kind="Workflow", short="wf"),
    OpenKind(group=ARGO, kind="WorkflowTemplate", short="wftmpl"),
    OpenKind(group=ARGO, kind="CronWorkflow", short="cwf"),
    OpenKind(group=ARGO, kind="WorkflowTaskSet", short="wfts", has_status=True),
    OpenKind(group=ARGO, kind="WorkflowTaskResult"),
    OpenKind(group=ARGO, kind="WorkflowArtifactGCTask", short="wfat", has_status=True),
    OpenKind(group="kubeflow.org", version="v1beta1", kind="ScheduledWorkflow", short="swf"),
)
"""What Argo's controller in one namespace and Kubeflow's controllers watch."""


def open_kind(wish: OpenKind) -> str:
    """Its definition, with a schema that lets everything through; it outlives the release."""
    names: dict[str, Any] = {
        "kind": wish.kind,
        "listKind": f"{wish.kind}List",
        "plural": wish.plural,
    }
    names |= {"singular": wish.kind.lower()} | ({"shortNames": [wish.short]} if wish.short else {})
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version: dict[str, Any] = {"name": wish.version, "served": True, "storage": True}
    version["schema"] = {"openAPIV3Schema": schema}
    if wish.has_status:
        version["subresources"] = {"status": {}}
    made = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{wish.plural}.{wish.group}", "annotations": dict(KEEP)},
        "spec": {
            "group": wish.group,
            "names": names,
            "scope": "Namespaced",
            "versions": [version],
        },
    }
    return marked_yaml([made], source="tools/chart/definition.py")


def kind(resource: Resource) -> str:
    """A CustomResourceDefinition that outlives the release."""
    made = definition_of(resource)
    meta = made["metadata"]
    meta["annotations"] = meta.get("annotations", {}) | KEEP
    return marked_yaml([made], source=API)


def policy() -> str:
    """Who may steer, and under which name."""
    return _marked(policy_objects())


def roles() -> str:
    """Roles to bind people to."""
    return _marked(role_objects())


def _marked(objects: Iterable[dict[str, Any]]) -> str:
    return marked_yaml(objects, source=f"{API}policy.py")
