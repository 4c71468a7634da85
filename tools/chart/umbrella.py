"""Values of the umbrella: which charts, and how they find each other."""

from pydantic import Field

from tools.chart.data_values import (
    Artifacts,
    LedgerValues,
    MlflowValues,
    ObjectStoreValues,
    PostgresqlValues,
    Server,
)
from tools.chart.operator_values import LedgerToken, OperatorSettings
from tools.chart.operator_values import Values as OperatorValues
from tools.chart.part import Global, Part, SecretKeys
from tools.chart.stack_values import KfpArtifacts, KfpValues, Packages, SeldonValues
from tools.chart.watching_values import DashboardsValues, PrometheusValues

RELEASE = "{{ .Release.Name }}"
PIPELINE = "sluice-pipeline"
"""Where steps of pipelines look for keys and addresses; sluice_pipelines.setting has it too."""
STORE = SecretKeys(name=f"{RELEASE}-object-store")


class Umbrella(Part):
    """The whole stack: each part is a chart of its own, and takes that chart's values."""

    global_: Global = Field(default=Global(), alias="global")
    """What holds for all charts."""
    operator: OperatorValues = OperatorValues(
        settings=OperatorSettings(
            prometheus_url=f"http://{RELEASE}-prometheus:9090",
            ledger=f"http://{RELEASE}-ledger.{{{{ .Release.Namespace }}}}:8080",
            mlflow_url=f"http://{RELEASE}-mlflow:5000",
        ),
        ledger_token=LedgerToken(existing_secret=f"{RELEASE}-ledger", key="operator-token"),
    )
    """The operator."""
    postgresql: PostgresqlValues = PostgresqlValues()
    """PostgreSQL of the ledger and of MLflow; off where there is one already."""
    object_store: ObjectStoreValues = Field(
        default=ObjectStoreValues(pipeline_secret=PIPELINE), alias="object-store"
    )
    """The object store; off where there is one already."""
    ledger: LedgerValues = LedgerValues(
        database=Server(
            name="ledger",
            user="ledger",
            host=f"{RELEASE}-postgresql",
            existing_secret=f"{RELEASE}-postgresql-ledger",
        )
    )
    """The ledger."""
    mlflow: MlflowValues = MlflowValues(
        database=Server(
            name="mlflow",
            user="mlflow",
            host=f"{RELEASE}-postgresql",
            existing_secret=f"{RELEASE}-postgresql-mlflow",
        ),
        artifacts=Artifacts(endpoint=f"http://{RELEASE}-object-store:8333", credentials=STORE),
    )
    """MLflow."""
    prometheus: PrometheusValues = PrometheusValues()
    """Prometheus; with `server: false` only its rules."""
    grafana_dashboards: DashboardsValues = Field(
        default=DashboardsValues(enabled=False), alias="grafana-dashboards"
    )
    """Dashboards for a Grafana that is there."""
    seldon: SeldonValues = SeldonValues(
        packages=Packages(endpoint=f"http://{RELEASE}-object-store:8333", credentials=STORE),
        ledger_token=LedgerToken(existing_secret=f"{RELEASE}-ledger", key="serving-token"),
    )
    """Seldon Core 2; its own charts must be installed before."""
    kfp: KfpValues = KfpValues(
        artifacts=KfpArtifacts(host=f"{RELEASE}-object-store", credentials=STORE)
    )
    """A minimal Kubeflow Pipelines."""
