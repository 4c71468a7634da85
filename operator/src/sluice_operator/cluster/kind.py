"""Kinds of objects that Sluice reads or writes, and the labels by which it knows its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""One Kubernetes object as the API server's JSON."""

DEPLOYMENT_LABEL = "sluice.dev/deployment"
"""Name of the ModelDeployment that an object was made for."""
MANAGED_BY = {"app.kubernetes.io/managed-by": "sluice"}
EPOCH_ANNOTATION = "sluice.dev/epoch"
"""Number of the picture (`Routing.epoch`) that an object belongs to. A newer picture always changes
the object, and with it the resourceVersion: the late write of a deposed operator then conflicts."""
FIELD_MANAGER = "sluice"
FINALIZER = "sluice.dev/routes"
"""Keeps a deleted ModelDeployment until its routes are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of one API group and version."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As objects state it; the core group has no name."""
        return f"{self.group}/{self.version}" if self.group else self.version


MODEL_DEPLOYMENT = Kind(
    group="sluice.dev", version="v1alpha1", kind="ModelDeployment", plural="modeldeployments"
)
ROLLOUT_RUN = Kind(group="sluice.dev", version="v1alpha1", kind="RolloutRun", plural="rolloutruns")
ROLLOUT_ACTION = Kind(
    group="sluice.dev", version="v1alpha1", kind="RolloutAction", plural="rolloutactions"
)
GATE_TEMPLATE = Kind(
    group="sluice.dev", version="v1alpha1", kind="GateTemplate", plural="gatetemplates"
)
CLUSTER_GATE_TEMPLATE = Kind(
    group="sluice.dev",
    version="v1alpha1",
    kind="ClusterGateTemplate",
    plural="clustergatetemplates",
    namespaced=False,
)
SELDON_MODEL = Kind(group="mlops.seldon.io", version="v1alpha1", kind="Model", plural="models")
SELDON_EXPERIMENT = Kind(
    group="mlops.seldon.io", version="v1alpha1", kind="Experiment", plural="experiments"
)
SELDON_SERVER = Kind(group="mlops.seldon.io", version="v1alpha1", kind="Server", plural="servers")
SELDON_DEPLOYMENT = Kind(
    group="machinelearning.seldon.io",
    version="v1",
    kind="SeldonDeployment",
    plural="seldondeployments",
)
VIRTUAL_SERVICE = Kind(
    group="networking.istio.io", version="v1beta1", kind="VirtualService", plural="virtualservices"
)
LEASE = Kind(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases")
EVENT = Kind(group="events.k8s.io", version="v1", kind="Event", plural="events")
CRD = Kind(
    group="apiextensions.k8s.io",
    version="v1",
    kind="CustomResourceDefinition",
    plural="customresourcedefinitions",
    namespaced=False,
)


def name_of(body: Object) -> str:
    """The object's own name."""
    return str(body["metadata"]["name"])


def namespace_of(body: Object) -> str:
    """Empty for objects of the whole cluster."""
    return str(body["metadata"].get("namespace", ""))


def version_of(body: Object) -> int:
    """How new this copy is; 0 for one that the API server has never seen.

    Kubernetes promises that resourceVersions of one kind compare as numbers.
    Source: KEP-5504, Comparable Resource Version.
    """
    return int(body["metadata"].get("resourceVersion") or 0)
