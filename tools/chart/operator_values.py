"""Values of the operator's chart; its settings are those of the operator's process."""

from typing import Any

from sluice_operator.controller.settings import Settings

from tools.chart.part import (
    Account,
    Chart,
    Count,
    Disruption,
    Filled,
    Image,
    Monitor,
    NetworkPolicy,
    Part,
    Port,
    Resources,
    Url,
    sized,
)
from tools.chart.process import settings_part

OperatorSettings: Any = settings_part(
    "OperatorSettings",
    Settings,
    # where the Pod is, as whom it acts and what is mounted into it is not for people to say
    without={
        "lease_namespace",
        "lease_name",
        "identity",
        "kubeconfig",
        "bind",
        "ledger_token_file",
    },
    instead={"prometheus_url": Url, "mlflow_url": Url, "ledger": Filled},
)


class Kinds(Part):
    """Definitions of our kinds."""

    install: bool = True
    """Install and upgrade them with this chart; off for a second release in one cluster."""


class Policy(Part):
    """Who may steer a rollout."""

    install: bool = True
    """The ValidatingAdmissionPolicy on RolloutActions; off for a second release in one cluster."""
    roles: bool = True
    """The ClusterRoles sluice-viewer, sluice-editor and sluice-releaser."""


class LedgerToken(Part):
    """The word by which the ledger knows who asks."""

    existing_secret: Filled = ""
    """Secret with the token; none for a ledger that asks for none."""
    key: str
    """Which of its keys holds it."""


class OperatorNetwork(NetworkPolicy):
    """Who may speak to the operator, and whom it may speak to."""

    egress_ports: tuple[Port, ...] = (443, 6443, 9090, 8080, 5000, 9003)
    """Ports it may reach: API server, Prometheus, ledger, MLflow, Envoy's admin. DNS is added."""


class Values(Chart):
    """The operator: it watches ModelDeployments and makes Seldon Core carry their traffic."""

    replicas: Count = 2
    """Replicas; one leads, the others stand by."""
    image: Image = Image(repository="sluice-operator")
    """The operator's image."""
    settings: OperatorSettings = OperatorSettings()
    """Settings of the operator's process; the Lease is named after the chart's objects."""
    ledger_token: LedgerToken = LedgerToken(key="operator-token")
    """The word by which the ledger knows the operator."""
    crds: Kinds = Kinds()
    """Definitions of our kinds."""
    policy: Policy = Policy()
    """Who may steer a rollout."""
    service_account: Account = Account()
    """The ServiceAccount, to which the generated rights are bound."""
    resources: Resources = sized("100m", "192Mi", "1", "512Mi")
    """Of one replica; memory grows with the deployments, some 160 MiB for 1,000 rollouts."""
    disruption_budget: Disruption = Disruption()
    """What a drain of nodes must leave."""
    network_policy: OperatorNetwork = OperatorNetwork()
    """Who may speak to the operator, and whom it may speak to."""
    service_monitor: Monitor = Monitor()
    """For clusters with the Prometheus operator."""
