"""Servers behind the API server's proxy: where they are, and what their answers mean."""

from typing import Any

import pytest
from canned_api import (
    APPS,
    NAMESPACED,
    operator_deployment,
    refused,
    site_of,
)
from sluice_cli.doctor import kubeflow, ledger, mlflow
from sluice_cli.doctor.finding import Finding, Verdict
from sluice_cli.doctor.service import Absence, Address, address_of

SERVICE = f"{NAMESPACED}/services/sluice-ledger"
PROXY = f"{NAMESPACED}/services/sluice-ledger:8080/proxy"
BODY = {"metadata": {"name": "sluice-ledger"}, "spec": {"selector": {"app": "ledger"}}}
URL = "http://sluice-ledger:8080"


@pytest.mark.parametrize(
    ("url", "service", "namespace", "port"),
    [
        (URL, "sluice-ledger", "here", "8080"),
        ("http://prometheus.monitoring", "prometheus", "monitoring", "80"),
        ("https://ledger.ml.svc.cluster.local", "ledger", "ml", "443"),
    ],
)
def test_a_url_inside_of_the_cluster_is_a_service(url, service, namespace, port):
    found = address_of(url, "here")
    assert isinstance(found, Address)
    assert (found.service, found.namespace, found.port) == (service, namespace, port)


@pytest.mark.parametrize(
    "url", ["https://prometheus.example.org", "http://192.0.2.1:9090", "sqlite:///ledger.db"]
)
def test_what_is_outside_cannot_be_asked(url):
    found = address_of(url, "here")
    assert isinstance(found, Absence)
    assert found.installed


def test_a_path_of_a_url_and_its_tls_are_kept():
    found = address_of("https://gate.ml.svc:8443/ledger/", "here")
    assert isinstance(found, Address)
    assert found.proxied("/healthz") == (
        "/api/v1/namespaces/ml/services/https:gate:8443/proxy/ledger/healthz"
    )


def asked(answers: dict[str, Any], **settings: str) -> Finding:
    operator = operator_deployment(**({"ledger": URL} | settings))
    with site_of({f"{APPS}/deployments": {"items": [operator]}, **answers}) as site:
        (found,) = ledger.examine(site)
    return found


def test_a_server_whose_pages_answer_is_well():
    found = asked({f"{PROXY}/healthz": "ok", f"{PROXY}/readyz": "ok"})
    assert (found.verdict, found.object) == (Verdict.OK, "service sluice-ledger")


def test_a_ledger_without_its_database_fails_by_its_own_words():
    words = (503, '{"detail": "the database does not answer"}')
    found = asked({f"{PROXY}/healthz": "ok", f"{PROXY}/readyz": words})
    assert found.verdict is Verdict.FAILURE
    assert "/readyz answers HTTP 503" in found.said
    assert "the database does not answer" in found.said
    assert found.next == "kubectl logs service/sluice-ledger --tail 50 --namespace sluice"


@pytest.mark.parametrize(
    "refusal",
    [
        (503, refused('no endpoints available for service "sluice-ledger:8080"', 503)),
        (404, refused('services "sluice-ledger" not found')),
    ],
)
def test_a_service_without_a_ready_pod_names_the_pods_to_look_at(refusal):
    found = asked({SERVICE: BODY, f"{PROXY}/healthz": refusal})
    assert (found.verdict, found.said) == (Verdict.FAILURE, "no Pod behind it is ready")
    assert found.next == "kubectl get pods --selector app=ledger --namespace sluice"


def test_a_service_that_is_missing_is_a_failure():
    found = asked({f"{PROXY}/healthz": (404, refused('services "sluice-ledger" not found'))})
    assert (found.verdict, found.said) == (Verdict.FAILURE, "there is no such Service")
    assert found.next == "kubectl get services --namespace sluice"


def test_a_port_that_the_service_does_not_have_is_a_failure():
    words = 'no service port 8080 found for service "sluice-ledger"'
    found = asked({SERVICE: BODY, f"{PROXY}/healthz": (503, refused(words, 503))})
    assert (found.verdict, found.said) == (Verdict.FAILURE, words)
    assert found.next == "kubectl describe service sluice-ledger --namespace sluice"


def test_a_proxy_that_is_kept_out_is_no_failure_and_another_way_is_named():
    words = "error trying to reach service: dial tcp 10.0.0.7:8080: i/o timeout"
    found = asked({SERVICE: BODY, f"{PROXY}/healthz": (503, refused(words, 503))})
    assert found.verdict is Verdict.NOT_ASKED
    assert words in found.said
    assert found.next == "kubectl port-forward service/sluice-ledger 8080 --namespace sluice"


def test_a_right_to_the_proxy_that_is_missing_is_named():
    found = asked({f"{PROXY}/healthz": (403, refused("forbidden", 403))})
    assert found.verdict is Verdict.NOT_ASKED
    assert found.next == "kubectl auth can-i get services/proxy --namespace sluice"


def test_an_operator_without_a_ledger_is_neither_pass_nor_fail():
    assert asked({}, ledger="").verdict is Verdict.NOT_INSTALLED


def test_a_part_that_is_installed_alone_is_found_by_its_labels():
    service = BODY | {"spec": {"ports": [{"name": "http", "port": 5000}]}}
    proxied = f"{NAMESPACED}/services/sluice-ledger:5000/proxy/health"
    with site_of({f"{NAMESPACED}/services": {"items": [service]}, proxied: "OK"}) as site:
        (found,) = mlflow.examine(site)
    assert found.verdict is Verdict.OK


def kfp(tag: str) -> list[Finding]:
    container = {"name": "api", "image": f"ghcr.io/kubeflow/kfp-api-server:{tag}"}
    deployment = {"spec": {"template": {"spec": {"containers": [container]}}}}
    answers = {
        f"{NAMESPACED}/services/ml-pipeline": BODY,
        f"{NAMESPACED}/services/ml-pipeline:8888/proxy/apis/v2beta1/healthz": {},
        f"{APPS}/deployments/ml-pipeline": deployment,
    }
    with site_of(answers) as site:
        return list(kubeflow.examine(site))


def test_kubeflow_of_the_client_s_version_is_well():
    assert [one.verdict for one in kfp("2.17.3")] == [Verdict.OK, Verdict.OK]


def test_an_older_kubeflow_is_a_warning():
    health, version = kfp("2.5.0")
    assert (health.verdict, version.verdict) == (Verdict.OK, Verdict.WARNING)
    assert version.next == "kubectl describe deployment ml-pipeline --namespace sluice"


def test_a_namespace_without_kubeflow_is_neither_pass_nor_fail():
    with site_of({}) as site:
        assert [one.verdict for one in kubeflow.examine(site)] == [Verdict.NOT_INSTALLED]
