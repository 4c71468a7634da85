"""Values that several charts have; the text of a field goes to schema, values and README."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Quantity = Annotated[str, Field(pattern=r"^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]
Name = Annotated[str, Field(pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", max_length=253)]
Filled = Annotated[str, Field(pattern=r"^([^{}\s]|\{\{.*\}\})*$")]
"""Text without spaces that may hold templates, such as `{{ .Release.Name }}-ledger`."""
Url = Annotated[str, Field(pattern=r"^(https?://([^{}\s]|\{\{.*\}\})+)?$")]
"""A URL that may hold templates."""
Tag = Annotated[
    str,
    Field(
        pattern=r"^([\w][\w.-]{0,127})?$", json_schema_extra={"not": {"enum": ["latest", "main"]}}
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=100)]
User = Annotated[int, Field(ge=1)]
"""A number of a user; 0 is root, and refused."""


class Part(BaseModel):
    """A group of values; unknown names are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        use_attribute_docstrings=True,
    )


class Global(Part):
    """What holds for all charts under one umbrella."""

    image_registry: Annotated[str, Field(pattern=r"^([^\s/][^\s]*[^\s/])?$")] = ""
    """Replaces the registry of every image, for sites that have only their own."""
    image_pull_secrets: tuple[Name, ...] = ()
    """Secrets that fetch images, in addition to each chart's own."""
    storage_class: Name = ""
    """StorageClass of claims that name none; the cluster's default if empty."""


class Image(Part):
    """Where an image comes from."""

    registry: str = ""
    """Host before the name; none for images of the default registry."""
    repository: Annotated[str, Field(min_length=1)]
    """Name of the image."""
    tag: Tag = ""
    """Exact tag; the chart's appVersion if empty. `latest` is refused."""
    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """Digest; if set, it is used in place of the tag."""
    pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    """When the image is fetched."""


class Amounts(Part):
    """Processor and memory."""

    cpu: Quantity
    """Cores."""
    memory: Quantity
    """Bytes."""


class Resources(Part):
    """What a container is promised, and may not exceed."""

    requests: Amounts
    """Promised."""
    limits: Amounts
    """Never exceeded."""


def sized(cpu: str, memory: str, most_cpu: str, most_memory: str) -> Resources:
    """Requests, then limits."""
    return Resources(
        requests=Amounts(cpu=cpu, memory=memory),
        limits=Amounts(cpu=most_cpu, memory=most_memory),
    )


class Pod(Part):
    """Where Pods run, and as whom."""

    run_as_user: User = 65532
    """User and group of the processes, and group of the volumes."""
    annotations: dict[str, str] = {}
    """Further annotations of the Pods."""
    labels: dict[str, str] = {}
    """Further labels of the Pods."""
    node_selector: dict[str, str] = {}
    """Labels that the node must have."""
    tolerations: tuple[dict[str, Any], ...] = ()
    """Taints that are accepted."""
    affinity: dict[str, Any] = {}
    """Nearness to nodes and Pods; takes the place of the chart's own, if it has one."""
    topology_spread_constraints: tuple[dict[str, Any], ...] = ()
    """How the Pods are spread."""
    priority_class_name: Name = ""
    """PriorityClass."""


class Account(Part):
    """The ServiceAccount."""

    create: bool = True
    """Make one; else `name` must exist."""
    name: Name = ""
    """Its name; that of the chart's objects if empty."""
    annotations: dict[str, str] = {}
    """Annotations, such as those that bind it to an account of a cloud."""


class Persistence(Part):
    """A claim that outlives the release."""

    enabled: bool = True
    """Keep data in a PersistentVolumeClaim; else they are gone with the Pod."""
    existing_claim: Name = ""
    """A claim that is there, in place of the chart's own."""
    size: Quantity = "8Gi"
    """Size of the chart's own claim."""
    storage_class: Name = ""
    """Its StorageClass."""
    access_mode: Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"] = "ReadWriteOnce"
    """Its access mode."""


class NetworkPolicy(Part):
    """Who may speak to the Pods."""

    enabled: bool = True
    """Make a NetworkPolicy; it has an effect where the network plug-in knows such."""
    sources: tuple[dict[str, Any], ...] = ({"podSelector": {}},)
    """Peers that may connect, as in `ingress[].from`; all Pods of the namespace by default."""


class Monitor(Part):
    """For clusters with the Prometheus operator."""

    enabled: bool = False
    """Make a ServiceMonitor."""
    interval: Annotated[str, Field(pattern=r"^\d+s$")] = "15s"
    """Between two scrapes; at most 60s."""
    labels: dict[str, str] = {}
    """Labels by which that Prometheus finds it."""


class PodMonitor(Monitor):
    """For clusters with the Prometheus operator."""

    enabled: bool = False
    """Make a PodMonitor."""
    namespaces: tuple[Name, ...] = ()
    """Namespaces whose Pods are scraped; the release's own if empty."""


class Disruption(Part):
    """What a drain of nodes must leave."""

    enabled: bool = True
    """Make a PodDisruptionBudget, if there is more than one replica."""
    max_unavailable: Count = 1
    """Replicas that may be away at once."""


class SecretKeys(Part):
    """A Secret with two keys of an object store."""

    name: Filled = ""
    """Name of the Secret."""
    access_key: str = "accesskey"
    """Which of its keys holds the name."""
    secret_key: str = "secretkey"
    """Which of its keys holds the password."""


class Chart(Part):
    """What every chart has."""

    enabled: bool = True
    """Read by the umbrella chart alone: whether this chart is installed at all."""
    global_: Global = Field(default=Global(), alias="global")
    """What holds for all charts under one umbrella."""
    fullname_override: Annotated[
        str, Field(pattern=r"^([a-z]([-a-z0-9]*[a-z0-9])?)?$", max_length=52)
    ] = ""
    """Name of the chart's objects; RELEASE-CHART if empty."""
    image_pull_secrets: tuple[Name, ...] = ()
    """Secrets that fetch images."""
    pod: Pod = Pod()
    """Where Pods run, and as whom."""
