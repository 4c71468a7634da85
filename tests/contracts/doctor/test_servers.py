"""What the doctor asks of servers, asked of real ones: Prometheus, ledger, MLflow, Envoy.

Only the way there is played: a proxy that passes requests on, as the API server's does.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from canned_api import APPS, NAMESPACED, operator_deployment, site_of
from eventually import eventually
from ledger_service import service
from mlflow_server import mlflow_server
from postgres_server import PostgresServer, postgres
from prometheus_exporter import Exporter, exporter
from prometheus_server import PrometheusServer
from seldon_envoy import RouteEnvoy
from sluice_cli.doctor import ledger, mlflow, prometheus, seldon
from sluice_cli.doctor.finding import Finding, Verdict
from sluice_cli.doctor.site import Site

SETTINGS = {
    "prometheus_url": "http://sluice-prometheus:9090",
    "ledger": "http://sluice-ledger:8080",
    "mlflow_url": "http://sluice-mlflow:5000",
}


@contextmanager
def site_before(service_and_port: str, url: str) -> Iterator[Site]:
    """A site with an operator, and one server behind a Service."""
    answers = {f"{APPS}/deployments": {"items": [operator_deployment(**SETTINGS)]}}
    behind: Mapping[str, str] = {f"{NAMESPACED}/services/{service_and_port}/proxy": url}
    with site_of(answers, behind) as site:
        yield site


@dataclass(kw_only=True)
class LabelledPrometheus(PrometheusServer):
    """With the labels that our chart gives each target."""

    def _config(self) -> dict[str, object]:
        labels = {"namespace": "sluice", "pod": "sluice-0"}
        static = [{"targets": list(self.targets), "labels": labels}]
        pace = {"scrape_interval": self.interval, "scrape_timeout": self.interval}
        job = {"job_name": "seldon-agents", "static_configs": static}
        return {"global": pace, "scrape_configs": [job]}


@pytest.fixture(scope="module")
def agent() -> Iterator[Exporter]:
    with exporter() as one:
        yield one


@pytest.fixture(scope="module")
def watching(agent: Exporter, tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("prometheus")
    server = LabelledPrometheus(folder=folder, targets=[agent.target])
    try:
        server.start()
        with site_before("sluice-prometheus:9090", server.url) as site:
            yield site
    finally:
        server.stop()


def watched(site: Site) -> dict[str, Finding]:
    return {one.object: one for one in prometheus.examine(site)}


def test_a_real_prometheus_tells_its_targets_and_what_it_counts(
    watching: Site, agent: Exporter
) -> None:
    before = watched(watching)
    assert before["targets seldon-agents"].said == "1 up"
    assert before["series"].verdict is Verdict.NOT_INSTALLED
    agent.serve("churn-1", good=3)

    def counted() -> bool:
        found = watched(watching)["series"]
        return (found.verdict, found.said) == (Verdict.OK, "seldon_model_infer_total")

    eventually(counted, within=20)


def test_a_real_prometheus_says_why_a_target_is_down(watching: Site, agent: Exporter) -> None:
    def refused() -> Finding | None:
        found = watched(watching).get("target seldon-agents sluice-0")
        return found if found and "connection refused" in found.said else None

    agent.close()
    try:
        sick = eventually(refused, within=20)
    finally:
        agent.open()
    assert sick is not None
    assert sick.verdict is Verdict.FAILURE
    assert sick.next == "kubectl describe pod sluice-0 --namespace sluice"


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


def test_a_real_ledger_fails_when_its_database_is_gone(
    database: PostgresServer, tmp_path: Path
) -> None:
    with (
        service(database.database(), tmp_path) as address,
        site_before("sluice-ledger:8080", address.url) as site,
    ):
        (well,) = ledger.examine(site)
        database.kill()
        (ill,) = ledger.examine(site)
    assert (well.verdict, ill.verdict) == (Verdict.OK, Verdict.FAILURE)
    assert "/readyz answers HTTP 50" in ill.said


def test_a_real_mlflow_is_well_whatever_it_is_called(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as url, site_before("sluice-mlflow:5000", url) as site:
        (found,) = mlflow.examine(site)
    assert found.verdict is Verdict.OK


def test_a_real_envoy_tells_the_versions_of_its_routes(tmp_path: Path) -> None:
    with RouteEnvoy(tmp_path) as envoy, site_before("seldon-mesh:9003", envoy.url) as site:
        found = list(seldon.judge_router(site))
    assert [one.verdict for one in found] == [Verdict.OK]
