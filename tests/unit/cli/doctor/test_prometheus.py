"""Prometheus: what it scrapes, and whether it has what gates read."""

from typing import Any

from canned_api import APPS, NAMESPACED, operator_deployment, site_of
from sluice_cli.doctor.finding import Finding, Verdict
from sluice_cli.doctor.prometheus import examine
from sluice_operator.evidence.family import AGENT_REQUESTS

PROXY = f"{NAMESPACED}/services/sluice-prometheus:9090/proxy"
URL = "http://sluice-prometheus:9090"


def target(health: str = "up", error: str = "", **labels: str) -> dict[str, Any]:
    given = {"job": "sluice", "namespace": "sluice", "pod": "sluice-operator-1", **labels}
    there = {"scrapeUrl": "http://10.0.0.7:8080/metrics", "lastError": error}
    return {"labels": given, "health": health, **there}


def examined(targets: list[dict[str, Any]], *metrics: str) -> dict[str, Finding]:
    result = [{"metric": {"__name__": name}, "value": [0, "1"]} for name in metrics]
    answers = {
        f"{APPS}/deployments": {"items": [operator_deployment(prometheus_url=URL)]},
        f"{PROXY}/api/v1/targets": {"data": {"activeTargets": targets}},
        f"{PROXY}/api/v1/query": {"data": {"result": result}},
    }
    with site_of(answers) as site:
        return {one.object: one for one in examine(site)}


def test_targets_that_are_up_and_counters_that_are_there_are_well():
    found = examined([target(), target(job="seldon-agents")], AGENT_REQUESTS.metric)
    assert {one.verdict for one in found.values()} == {Verdict.OK}
    assert found["targets sluice"].said == "1 up"


def test_a_target_that_is_down_is_told_with_prometheus_words():
    found = examined([target("down", "connection refused")], AGENT_REQUESTS.metric)
    sick = found["target sluice sluice-operator-1"]
    assert sick.verdict is Verdict.FAILURE
    assert "connection refused" in sick.said
    assert sick.next == "kubectl describe pod sluice-operator-1 --namespace sluice"


def test_a_target_that_was_not_read_yet_is_no_failure():
    found = examined([target("unknown")], AGENT_REQUESTS.metric)
    assert found["target sluice sluice-operator-1"].verdict is Verdict.WARNING


def test_targets_of_others_are_none_of_our_business():
    found = examined([target(), target("down", job="web", namespace="shop", pod="web-1")])
    assert Verdict.FAILURE not in {one.verdict for one in found.values()}


def test_a_prometheus_that_reads_nothing_of_ours_is_a_warning():
    found = examined([])["service sluice-prometheus"]
    assert found.verdict is Verdict.WARNING
    assert found.next == "kubectl port-forward service/sluice-prometheus 9090 --namespace sluice"


def test_before_the_first_request_no_counter_is_neither_pass_nor_fail():
    assert examined([target()])["series"].verdict is Verdict.NOT_INSTALLED


def test_an_operator_without_prometheus_is_neither_pass_nor_fail():
    with site_of({f"{APPS}/deployments": {"items": [operator_deployment()]}}) as site:
        assert [one.verdict for one in examine(site)] == [Verdict.NOT_INSTALLED]
