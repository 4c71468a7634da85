"""Values of the charts that keep data: PostgreSQL, the object store, the ledger and MLflow."""

from importlib.metadata import version as package_version
from typing import Annotated, Any, Literal

from pydantic import Field
from sluice_ledger.server.settings import Settings

from tools.chart.part import (
    Account,
    Chart,
    Count,
    Disruption,
    Filled,
    Image,
    Monitor,
    Name,
    NetworkPolicy,
    Part,
    Persistence,
    Pod,
    Port,
    Resources,
    SecretKeys,
    Url,
    sized,
)
from tools.chart.process import settings_part

Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Bucket = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class Database(Part):
    """A database, and the role that owns it."""

    name: Word
    """Name of the database, and of its owner."""
    existing_secret: Filled = ""
    """Secret with the owner's password under `password`; made once and kept if empty."""


class PostgresqlValues(Chart):
    """PostgreSQL 15, one server: databases of the ledger and of MLflow."""

    image: Image = Image(repository="postgres", tag="15.14-bookworm")
    """An image with PostgreSQL's own programs; its entry point is not used."""
    pod: Pod = Pod(run_as_user=999)
    """Where Pods run, and as whom."""
    databases: tuple[Database, ...] = (Database(name="ledger"), Database(name="mlflow"))
    """Made when the Pod starts, if they are not there; never dropped."""
    existing_secret: Filled = ""
    """Secret with the administrator's password under `password`; made once and kept if empty."""
    settings: dict[str, str] = Field(default={"shared_buffers": "128MB", "max_connections": "100"})
    """Settings of the server, as in postgresql.conf."""
    persistence: Persistence = Persistence(size="10Gi")
    """A claim that outlives the release."""
    resources: Resources = sized("250m", "384Mi", "2", "1Gi")
    """Of the server."""
    network_policy: NetworkPolicy = NetworkPolicy(
        sources=({"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "sluice"}}},)
    )
    """Who may speak to the server; by default the Pods of Sluice in its namespace."""


class Buckets(Part):
    """Buckets that a Job makes by the S3 protocol."""

    names: tuple[Bucket, ...] = ("mlflow", "mlpipeline")
    """Buckets that must be there; none is ever removed."""
    image: Image = Image(repository="sluice-mlflow", tag=package_version("sluice-operator"))
    """An image with Python and boto3."""
    resources: Resources = sized("50m", "96Mi", "500m", "256Mi")
    """Of the Job."""


class ObjectStoreValues(Chart):
    """An S3 store of one server (SeaweedFS), for artifacts of MLflow and of pipelines."""

    image: Image = Image(repository="chrislusf/seaweedfs", tag="4.34")
    """An image with the program `weed`."""
    pod: Pod = Pod(run_as_user=1000)
    """Where Pods run, and as whom."""
    credentials: SecretKeys = SecretKeys()
    """Secret with the only user's keys; made once and kept if it has no name."""
    pipeline_secret: Name = ""
    """Further Secret with the keys that this chart makes, for steps of pipelines: named as AWS'
    programs read them, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. None if empty."""
    region: str = "us-east-1"
    """What clients must name as region; SeaweedFS does not look at it."""
    buckets: Buckets = Buckets()
    """Buckets that a Job makes by the S3 protocol."""
    volume_size_limit_mb: Annotated[int, Field(ge=64, le=30000)] = 1024
    """Size of one of the store's own files."""
    persistence: Persistence = Persistence(size="20Gi")
    """A claim that outlives the release."""
    resources: Resources = sized("200m", "256Mi", "2", "1Gi")
    """Of the server."""
    network_policy: NetworkPolicy = NetworkPolicy()
    """Who may speak to the store."""


class Server(Part):
    """A database that is there."""

    host: Filled = ""
    """Name of the server."""
    port: Port = 5432
    """Its port."""
    name: Word
    """Name of the database."""
    user: Word
    """Who logs in."""
    existing_secret: Filled = ""
    """Secret with that user's password."""
    key: str = "password"
    """Which of its keys holds it."""
    ssl_mode: Literal["disable", "prefer", "require", "verify-full"] = "prefer"
    """Whether the connection is encrypted."""


class Tokens(Part):
    """Words by which clients are known."""

    existing_secret: Filled = ""
    """Secret with the digests in `tokens.json`; made once and kept, with a token of each kind, if
    empty."""


LedgerSettings: Any = settings_part(
    "LedgerSettings", Settings, without={"database", "tokens_file", "port", "bind"}, instead={}
)


class LedgerValues(Chart):
    """The ledger as a service: what each revision predicted, and what was true."""

    replicas: Count = 1
    """Replicas; they share the database."""
    image: Image = Image(repository="sluice-ledger")
    """The ledger's image."""
    settings: LedgerSettings = LedgerSettings()
    """Settings of the ledger's process."""
    database: Server = Server(name="ledger", user="ledger")
    """PostgreSQL 15 or later."""
    tokens: Tokens = Tokens()
    """Words by which clients are known."""
    service_account: Account = Account()
    """The ServiceAccount; it has no rights."""
    resources: Resources = sized("200m", "192Mi", "2", "512Mi")
    """Of one replica."""
    disruption_budget: Disruption = Disruption()
    """What a drain of nodes must leave."""
    network_policy: NetworkPolicy = NetworkPolicy()
    """Who may speak to the ledger."""
    service_monitor: Monitor = Monitor()
    """For clusters with the Prometheus operator."""


class Artifacts(Part):
    """Where artifacts lie."""

    endpoint: Url = ""
    """The object store; that of AWS if empty."""
    region: str = "us-east-1"
    """Its region."""
    bucket: Bucket = "mlflow"
    """Bucket of artifacts."""
    path: Annotated[str, Field(pattern=r"^([\w.-]+/)*$")] = "artifacts/"
    """Folder in the bucket."""
    credentials: SecretKeys = SecretKeys()
    """Secret with keys; none where the ServiceAccount is enough."""


class MlflowValues(Chart):
    """MLflow's tracking server and registry, on PostgreSQL and an object store."""

    replicas: Count = 1
    """Replicas; they share the database."""
    image: Image = Image(repository="sluice-mlflow")
    """Our image of MLflow, with psycopg and boto3."""
    workers: Count = 1
    """Worker processes of one replica."""
    allowed_hosts: tuple[str, ...] = ("localhost:*", "127.0.0.1:*")
    """Names by which MLflow lets itself be called, in addition to those of its Service."""
    database: Server = Server(name="mlflow", user="mlflow")
    """PostgreSQL 15 or later."""
    artifacts: Artifacts = Artifacts()
    """Where artifacts lie; clients fetch them from there themselves."""
    service_account: Account = Account()
    """The ServiceAccount; it has no rights."""
    resources: Resources = sized("250m", "640Mi", "2", "1536Mi")
    """Of one replica."""
    network_policy: NetworkPolicy = NetworkPolicy()
    """Who may speak to MLflow, which asks nobody for a password."""
