"""Values of the charts around systems of others: Seldon and Kubeflow Pipelines."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from tools.chart.data_values import (
    Bucket,
    LedgerValues,
    MlflowValues,
    ObjectStoreValues,
    PostgresqlValues,
    Word,
)
from tools.chart.operator_values import LedgerToken
from tools.chart.operator_values import Values as OperatorValues
from tools.chart.part import (
    Chart,
    Count,
    Disruption,
    Filled,
    Image,
    NetworkPolicy,
    Part,
    Persistence,
    Pod,
    PodMonitor,
    Port,
    Resources,
    SecretKeys,
    Url,
    sized,
)
from tools.chart.watching_values import DashboardsValues, PrometheusValues

KFP = "2.17.0"


class SeldonRuntime(Part):
    """Seldon's own processes in this namespace."""

    install: bool = True
    """Make a SeldonRuntime; Seldon's operator then starts scheduler and Envoy."""
    envoy_replicas: Count = 1
    """Envoys; with more than one, name a headless Service in the operator's `envoyAdminUrls`."""
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the Service `seldon-mesh`, which users call."""
    pipelines: bool = False
    """Run Seldon's gateways and dataflow engine too; they need Kafka, and Sluice none of them."""


class ModelServer(Part):
    """Model servers with our runtime."""

    install: bool = True
    """Make the Server `sluice`."""
    replicas: Count = 1
    """Model servers."""
    capabilities: tuple[str, ...] = ("sluice",)
    """Words that Models require to be put on these servers."""
    image: Image = Image(repository="sluice-serving")
    """Our image of MLServer."""
    spool_size: str = "1Gi"
    """Most that the spool holds while the ledger is away."""
    memory_overcommit_percent: Annotated[int, Field(ge=0, le=1000)] = 10
    """How far Models may exceed the memory requested (ServerConfig only)."""
    resources: Resources = sized("250m", "512Mi", "2", "1536Mi")
    """Of the container mlserver."""
    agent: Resources = sized("50m", "64Mi", "1", "256Mi")
    """Of Seldon's agent (ServerConfig only)."""
    rclone: Resources = sized("20m", "64Mi", "1", "256Mi")
    """Of rclone, which fetches packages (ServerConfig only)."""


class ServerConfig(Part):
    """The ServerConfig `mlserver`, after which Servers of single revisions are made."""

    install: bool = False
    """Make it; off where Seldon's own chart makes it from our values (see the README)."""
    agent_image: Image = Image(repository="seldonio/seldon-agent", tag="2.6.0")
    """Seldon's agent."""
    rclone_image: Image = Image(repository="seldonio/seldon-rclone", tag="2.6.0")
    """Seldon's rclone."""


class Packages(Part):
    """Where model servers fetch packages: rclone's remote `s3`, for addresses `s3://BUCKET/...`."""

    endpoint: Url = ""
    """The object store; that of AWS if empty."""
    region: str = "us-east-1"
    """Its region."""
    credentials: SecretKeys = SecretKeys()
    """Secret with the keys; none where the ServiceAccount is enough."""


class SeldonValues(Chart):
    """What Seldon Core 2 needs beside its own charts: a runtime, and Servers of ours."""

    runtime: SeldonRuntime = SeldonRuntime()
    """Seldon's own processes in this namespace."""
    server: ModelServer = ModelServer()
    """Model servers with our runtime."""
    server_config: ServerConfig = ServerConfig()
    """The ServerConfig `mlserver`, after which Servers of single revisions are made."""
    packages: Packages = Packages()
    """Where model servers fetch packages."""
    ledger_token: LedgerToken = LedgerToken(key="serving-token")
    """The word by which the ledger knows model servers."""
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    """Of Seldon's agent."""
    disruption_budget: Disruption = Disruption()
    """What a drain of nodes must leave of the model servers of the Server `sluice`."""
    pod_monitor: PodMonitor = PodMonitor()
    """For clusters with the Prometheus operator: scrapes all model servers, which gates rely on."""


def _kfp(name: str) -> Image:
    return Image(registry="ghcr.io", repository=f"kubeflow/{name}", tag=KFP)


class KfpImages(Part):
    """Images of Kubeflow Pipelines, Argo and their helpers."""

    api_server: Image = _kfp("kfp-api-server")
    """The API server."""
    persistence_agent: Image = _kfp("kfp-persistence-agent")
    """Copies what becomes of Workflows into runs."""
    scheduled_workflow: Image = _kfp("kfp-scheduled-workflow-controller")
    """Starts recurring runs."""
    ui: Image = _kfp("kfp-frontend")
    """The pages."""
    metadata_envoy: Image = _kfp("kfp-metadata-envoy")
    """Lets the pages speak to the metadata store."""
    driver: Image = _kfp("kfp-driver")
    """Runs before each task."""
    launcher: Image = _kfp("kfp-launcher")
    """Runs in each task."""
    metadata_store: Image = Image(
        registry="gcr.io", repository="tfx-oss-public/ml_metadata_store_server", tag="1.14.0"
    )
    """Keeps executions and artifacts."""
    workflow_controller: Image = Image(
        registry="quay.io", repository="argoproj/workflow-controller", tag="v4.0.5"
    )
    """Argo's controller."""
    executor: Image = Image(registry="quay.io", repository="argoproj/argoexec", tag="v4.0.5")
    """Argo's helper in each Pod of a run."""
    mysql: Image = Image(repository="mysql", tag="8.4.6")
    """The chart's own database."""


class KfpDatabase(Part):
    """MySQL or MariaDB; PostgreSQL does not work with this release of Kubeflow Pipelines."""

    host: Filled = ""
    """A server that is there; the chart runs its own if empty."""
    port: Port = 3306
    """Its port."""
    user: Word = "kfp"
    """Who logs in."""
    pipelines_name: Word = "mlpipeline"
    """Database of pipelines and runs."""
    metadata_name: Word = "metadb"
    """Database of executions and artifacts."""
    existing_secret: Filled = ""
    """Secret with `password`, and `root-password` for the chart's own server; made if empty."""
    persistence: Persistence = Persistence(size="10Gi")
    """Of the chart's own server."""


class KfpArtifacts(Part):
    """The object store for artifacts of runs."""

    host: Filled = ""
    """Name of the server."""
    port: Port = 8333
    """Its port."""
    secure: bool = False
    """Speak TLS."""
    region: str = "us-east-1"
    """Its region."""
    bucket: Bucket = "mlpipeline"
    """The bucket, which must be there."""
    credentials: SecretKeys = SecretKeys()
    """Secret with the keys, in each namespace where runs happen."""


class Runner(Part):
    """The ServiceAccount `pipeline-runner`, as which the Pods of runs act."""

    may_deploy: bool = True
    """Let it read and write ModelDeployments in this namespace, as the step `deploy` does."""


class KfpResources(Part):
    """Requests and limits, by workload."""

    api_server: Resources = sized("100m", "256Mi", "1", "1Gi")
    """The API server."""
    persistence_agent: Resources = sized("20m", "64Mi", "500m", "512Mi")
    """The persistence agent."""
    scheduled_workflow: Resources = sized("20m", "64Mi", "500m", "256Mi")
    """The controller of recurring runs."""
    ui: Resources = sized("20m", "96Mi", "500m", "512Mi")
    """The pages."""
    metadata_store: Resources = sized("50m", "96Mi", "500m", "512Mi")
    """The metadata store."""
    metadata_envoy: Resources = sized("20m", "64Mi", "500m", "256Mi")
    """Envoy before it."""
    workflow_controller: Resources = sized("50m", "128Mi", "1", "1Gi")
    """Argo's controller."""
    mysql: Resources = sized("100m", "640Mi", "1", "1536Mi")
    """The chart's own database."""


class KfpValues(Chart):
    """A minimal Kubeflow Pipelines 2.17 for one user: what pipelines of version 2 need."""

    images: KfpImages = KfpImages()
    """Images of Kubeflow Pipelines, Argo and their helpers."""
    crds: bool = True
    """Install the kinds of Argo and of recurring runs; off where the cluster has them."""
    argo: bool = True
    """Run Argo's controller; off where one watches this namespace already."""
    ui: bool = True
    """Run the pages, with the Envoy that they need."""
    cluster_domain: str = "cluster.local"
    """Domain of the cluster."""
    database: KfpDatabase = KfpDatabase()
    """MySQL or MariaDB; PostgreSQL does not work with this release of Kubeflow Pipelines."""
    artifacts: KfpArtifacts = KfpArtifacts()
    """The object store for artifacts of runs."""
    runner: Runner = Runner()
    """The ServiceAccount `pipeline-runner`, as which the Pods of runs act."""
    caching: bool = True
    """Take results of earlier runs with the same inputs."""
    pod: Pod = Pod(run_as_user=1000)
    """Where Pods run, and as whom; MySQL is always 999."""
    resources: KfpResources = KfpResources()
    """Requests and limits, by workload."""
    network_policy: NetworkPolicy = NetworkPolicy()
    """Who may speak to these Pods."""


PARTS: Mapping[str, type[Chart]] = MappingProxyType(
    {
        "operator": OperatorValues,
        "postgresql": PostgresqlValues,
        "object-store": ObjectStoreValues,
        "ledger": LedgerValues,
        "mlflow": MlflowValues,
        "prometheus": PrometheusValues,
        "grafana-dashboards": DashboardsValues,
        "seldon": SeldonValues,
        "kfp": KfpValues,
    }
)
"""Every chart under the umbrella, in the order in which they are told of."""
