"""Probes and metrics as Kubernetes and Prometheus ask for them: over HTTP."""

from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sluice_operator.controller.gauge import Gauges
from sluice_operator.controller.health import HealthServer, MetricsServer
from sluice_operator.controller.memory import Memory
from sluice_operator.controller.settings import Settings
from sluice_operator.rollout.status import Phase, Status

LOCAL = ("127.0.0.1", 0)


def asked(port, path):
    return httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False)


@pytest.fixture
def wrong() -> dict[str, str]:
    return {"/healthz": "", "/readyz": ""}


@pytest.fixture
def health(wrong) -> Iterator[HealthServer]:
    server = HealthServer(LOCAL, {path: lambda path=path: wrong[path] for path in wrong})
    yield server
    server.close()


def test_a_probe_that_finds_nothing_answers_200(health):
    answer = asked(health.port, "/healthz?verbose")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_a_probe_that_finds_something_answers_503_with_it(health, wrong):
    wrong["/readyz"] = "the API server could not be read yet"
    answer = asked(health.port, "/readyz")
    assert (answer.status_code, answer.json()) == (503, {"error": wrong["/readyz"]})
    assert asked(health.port, "/healthz").status_code == 200
    wrong["/readyz"] = ""
    assert asked(health.port, "/readyz").status_code == 200


def test_another_page_says_which_there_are(health):
    answer = asked(health.port, "/metrics")
    assert answer.status_code == 404
    assert "/healthz" in answer.json()["error"]


def test_a_closed_server_answers_nobody(wrong):
    server = HealthServer(LOCAL, {})
    server.close()
    with pytest.raises(httpx.ConnectError):
        asked(server.port, "/healthz")


def test_metrics_are_scraped_as_counted():
    gauges = Gauges(Settings(prometheus_url="http://prometheus:9090", identity="me"))
    gauges.turns.labels(result="ok").inc(3)
    gauges.leading.set(1)
    resting = Status(deployment="churn", phase=Phase.HEALTHY)
    gauges.count([Memory(uid="1", status=resting, saved=resting, known={})])
    server = MetricsServer(LOCAL, gauges.registry)
    try:
        text = asked(server.port, "/metrics").text
    finally:
        server.close()
    families = text_string_to_metric_families(text)
    found = {(s.name, *s.labels.values()): s.value for f in families for s in f.samples}
    assert found["sluice_turns_total", "ok"] == 3
    assert found["sluice_leading",] == 1
    assert found["sluice_deployments", "Healthy"] == 1
    assert found["sluice_deployments", "Paused"] == 0
    assert "http://prometheus:9090" in text
    assert 'identity="me"' not in text
