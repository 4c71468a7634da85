"""The charts run on the node, with our images, and with what stands in for other people's."""

import json
from datetime import datetime

import pytest
from eventually import eventually
from helm_charts import run
from house import ROOT
from image_pod import KubectlError, kubectl

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def charts(namespace: str, version: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The namespace in which they are installed, until it goes."""
    kubeconfig = tmp_path_factory.mktemp("node") / "kubeconfig"
    kubeconfig.write_text(kubectl("config", "view", "--raw"))
    for chart, values in {
        "postgresql": "persistence.enabled=false",
        "object-store": f"persistence.enabled=false,buckets.image.tag={version}",
        "prometheus": "persistence.enabled=false",
        "ledger": "database.host=postgresql,database.existingSecret=postgresql-ledger",
        "mlflow": "database.host=postgresql,database.existingSecret=postgresql-mlflow,"
        "artifacts.endpoint=http://object-store:8333,artifacts.credentials.name=object-store",
    }.items():
        where = ("--namespace", namespace, "--kubeconfig", str(kubeconfig))
        wanted = ("--set", f"{values},fullnameOverride={chart}")
        run("install", chart, str(ROOT / "helm" / chart), *wanted, *where)
    return namespace


@pytest.mark.parametrize(
    "name",
    [
        *("statefulset/postgresql", "statefulset/object-store", "statefulset/prometheus"),
        *("deployment/ledger", "deployment/mlflow"),
    ],
)
def test_a_chart_becomes_ready(name: str, charts: str) -> None:
    kubectl("rollout", "status", name, "-n", charts, "--timeout=300s")


def test_the_ledger_is_ready_within_a_minute(charts: str, starts: dict[str, float]) -> None:
    kubectl("rollout", "status", "deployment/ledger", "-n", charts, "--timeout=300s")
    named = ("-l", "app.kubernetes.io/name=ledger", "-o", "json")
    pod = json.loads(kubectl("get", "pods", "-n", charts, *named))["items"][0]["status"]
    (ready,) = (one for one in pod["conditions"] if one["type"] == "Ready")
    since = datetime.fromisoformat(pod["containerStatuses"][0]["state"]["running"]["startedAt"])
    taken = datetime.fromisoformat(ready["lastTransitionTime"]) - since
    starts["ledger"] = taken.total_seconds()
    assert starts["ledger"] < 60


def test_databases_are_made(charts: str) -> None:
    kubectl("rollout", "status", "statefulset/postgresql", "-n", charts, "--timeout=240s")
    asked = "SELECT datname FROM pg_database ORDER BY 1"
    query = ("psql", "-U", "postgres", "-h", "/var/run/postgresql", "-Atc", asked)
    names = kubectl("exec", "-n", charts, "postgresql-0", "-c", "postgresql", "--", *query)
    assert {"ledger", "mlflow"} <= set(names.split())


def test_buckets_are_made_by_who_has_the_keys_and_shown_to_nobody_else(charts: str) -> None:
    def made() -> bool:
        jobs = json.loads(kubectl("get", "jobs", "-n", charts, "-o", "json"))["items"]
        return [job["status"].get("succeeded") for job in jobs] == [1]

    eventually(made, within=240, every=1.0)
    pod = f"/api/v1/namespaces/{charts}/pods/object-store-0:8333/proxy"
    assert kubectl("get", "--raw", f"{pod}/status") == "{}"
    with pytest.raises(KubectlError, match="rejected"):
        kubectl("get", "--raw", f"{pod}/mlflow")


def test_prometheus_finds_pods_by_asking_the_api_server(charts: str) -> None:
    kubectl("rollout", "status", "statefulset/prometheus", "-n", charts, "--timeout=240s")
    pod = f"/api/v1/namespaces/{charts}/pods/prometheus-0:9090/proxy"

    def found() -> set[str]:
        told = json.loads(kubectl("get", "--raw", f"{pod}/api/v1/targets"))["data"]
        seen = [one["discoveredLabels"] for one in told["droppedTargets"] + told["activeTargets"]]
        return {labels["__meta_kubernetes_pod_name"] for labels in seen}

    assert eventually(lambda: "postgresql-0" in found(), within=120, every=1.0)
