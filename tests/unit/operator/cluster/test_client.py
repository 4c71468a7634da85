"""The client's requests and its answers to a server that is slow, odd or away."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cluster_endpoint import Endpoint, endpoint
from eventually import eventually
from kubernetes.client import Configuration
from serving_process import free_ports
from sluice_operator.cluster.client import (
    KubernetesCluster,
    LoginError,
    login,
    namespace_of_login,
)
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, SELDON_EXPERIMENT, Kind
from sluice_operator.errors import UnavailableError

PATH = "/apis/mlops.seldon.io/v1alpha1/namespaces/shop/experiments"
LIVE = {"metadata": {"name": "churn", "namespace": "shop", "managedFields": [{}]}, "spec": {}}
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: one
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: u, user: {token: secret}}]
contexts:
- {name: one, context: {cluster: c, user: u}}
"""


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as running:
        running.body = json.dumps(LIVE).encode()
        yield running


def client_of(server: Endpoint, read_seconds: float = 5.0) -> KubernetesCluster:
    configuration = Configuration(host=server.url, api_key={"authorization": "Bearer token-1"})
    return KubernetesCluster(configuration, user_agent="sluice/test", read_seconds=read_seconds)


def test_an_apply_is_a_forced_patch_of_our_manager(server: Endpoint) -> None:
    client_of(server).apply(SELDON_EXPERIMENT, {"metadata": LIVE["metadata"], "spec": {"a": 1}})
    (asked,) = server.asked
    assert asked.method == "PATCH"
    assert asked.path == f"{PATH}/churn?fieldManager=sluice&force=true"
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    sent = json.loads(asked.body)
    assert (sent["apiVersion"], sent["kind"]) == ("mlops.seldon.io/v1alpha1", "Experiment")


def test_a_creation_is_an_apply_that_no_object_can_meet(server: Endpoint) -> None:
    copy = {"metadata": {**LIVE["metadata"], "uid": "1", "resourceVersion": "77"}}
    client_of(server).create(SELDON_EXPERIMENT, copy)
    (asked,) = server.asked
    metadata = json.loads(asked.body)["metadata"]
    assert (asked.method, metadata["resourceVersion"], "uid" in metadata) == ("PATCH", "1", False)


def test_every_request_says_who_asks(server: Endpoint) -> None:
    client_of(server).get(SELDON_EXPERIMENT, "shop", "churn")
    (asked,) = server.asked
    assert asked.headers["Authorization"] == "Bearer token-1"
    assert asked.headers["User-Agent"] == "sluice/test"


def test_a_status_has_a_path_of_its_own(server: Endpoint) -> None:
    body = {"metadata": {"name": "churn", "namespace": "shop", "uid": "1", "resourceVersion": "7"}}
    client_of(server).replace_status(MODEL_DEPLOYMENT, body)
    (asked,) = server.asked
    expected = "/apis/sluice.dev/v1alpha1/namespaces/shop/modeldeployments/churn/status"
    assert (asked.method, asked.path) == ("PUT", f"{expected}?fieldManager=sluice")


def test_kinds_of_the_core_and_of_the_whole_cluster_have_their_paths(server: Endpoint) -> None:
    namespaces = Kind(
        group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False
    )
    client_of(server).get(namespaces, "", "shop")
    assert server.asked[0].path == "/api/v1/namespaces/shop"


def test_a_list_asks_for_labels(server: Endpoint) -> None:
    server.body = b'{"metadata": {"resourceVersion": "9"}, "items": []}'
    assert client_of(server).list(SELDON_EXPERIMENT, selector="a=b,c").version == 9
    path = "/apis/mlops.seldon.io/v1alpha1/experiments?labelSelector=a%3Db%2Cc"
    assert server.asked[0].path == path


def test_nothing_is_tried_twice(server: Endpoint) -> None:
    server.code, server.headers = 503, {"Retry-After": "3"}
    with pytest.raises(UnavailableError) as away:
        client_of(server).get(SELDON_EXPERIMENT, "shop", "churn")
    assert (len(server.asked), away.value.retry_after_seconds) == (1, 3.0)


def test_redirects_are_not_followed(server: Endpoint) -> None:
    server.code, server.headers = 307, {"Location": f"{server.url}/elsewhere"}
    with pytest.raises(UnavailableError, match="HTTP 307"):
        client_of(server).get(SELDON_EXPERIMENT, "shop", "churn")
    assert len(server.asked) == 1


def test_a_server_that_does_not_answer_is_given_up_in_time(server: Endpoint) -> None:
    server.silent = threading.Event()
    start = time.monotonic()
    with pytest.raises(UnavailableError, match="may or may not have been carried out"):
        client_of(server, read_seconds=0.2).apply(SELDON_EXPERIMENT, LIVE)
    assert time.monotonic() - start < 5


def test_a_server_that_is_away_is_named(server: Endpoint) -> None:
    (port,) = free_ports(1)
    server.url = f"http://127.0.0.1:{port}"
    with pytest.raises(UnavailableError, match=f"get experiments.* no answer from .*:{port}"):
        client_of(server).get(SELDON_EXPERIMENT, "shop", "churn")


def test_a_page_in_place_of_json_is_quoted(server: Endpoint) -> None:
    server.body = b"<html>Welcome</html>"
    with pytest.raises(UnavailableError, match=r"no JSON but '<html>Welcome"):
        client_of(server).get(SELDON_EXPERIMENT, "shop", "churn")


def test_an_answer_that_breaks_off_is_no_answer(server: Endpoint) -> None:
    server.breaks_off = True
    with pytest.raises(UnavailableError, match="no answer"):
        client_of(server).get(SELDON_EXPERIMENT, "shop", "churn")


def test_two_clients_do_not_wait_for_each_other(server: Endpoint) -> None:
    server.silent = threading.Event()
    busy, free = client_of(server), client_of(server)
    with ThreadPoolExecutor(32) as threads:
        waiting = [threads.submit(busy.get, SELDON_EXPERIMENT, "shop", "a") for _ in range(16)]
        eventually(lambda: len(server.asked) == 16)
        server.silent, held = None, server.silent
        assert free.get(SELDON_EXPERIMENT, "shop", "churn") is not None
        assert not any(call.done() for call in waiting)
        held.set()


def test_a_warning_of_the_server_is_logged_once(
    server: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    server.headers = {"Warning": '299 - "unknown field \\"spec.mirorr\\""'}
    client = client_of(server)
    with caplog.at_level(logging.WARNING):
        client.get(SELDON_EXPERIMENT, "shop", "churn")
        client.get(SELDON_EXPERIMENT, "shop", "churn")
    (record,) = caplog.records
    assert "spec.mirorr" in record.getMessage()


def test_a_kubeconfig_says_where_and_who(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG)
    configuration = login(path)
    assert configuration.host == "https://127.0.0.1:6443"
    assert configuration.auth_settings()["BearerToken"]["value"] == "Bearer secret"


def test_a_context_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG)
    with pytest.raises(LoginError, match="two"):
        login(path, "two")


def test_without_a_kubeconfig_nobody_logs_in(tmp_path: Path) -> None:
    with pytest.raises(LoginError, match=r"nowhere.*KUBECONFIG.*ServiceAccount"):
        login(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["a: [1", "hello"])
def test_a_file_that_is_no_kubeconfig_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(LoginError, match=str(path)):
        login(path)
    with pytest.raises(LoginError, match=str(path)):
        namespace_of_login(path)


def test_the_namespace_is_that_of_the_context(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG)
    assert namespace_of_login(path) == "default"
    path.write_text(KUBECONFIG.replace("context: {", "context: {namespace: shop, "))
    assert namespace_of_login(path, "one") == "shop"


def test_a_pod_without_a_token_cannot_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(LoginError, match="token"):
        login()
