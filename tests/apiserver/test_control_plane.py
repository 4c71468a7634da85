"""The control plane that other tests stand on: real, isolated, gone afterwards."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from control_plane import ControlPlane, ControlPlaneError, Request, programs
from control_plane_namespace import empty, make
from eventually import eventually

SUPPORT = Path(__file__).parents[1] / "support"
CONFIG_MAPS = "/api/v1/namespaces/{}/configmaps"
WIDGET = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.tests.sluice.dev"},
    "spec": {
        "group": "tests.sluice.dev",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
}
HOLD_ONE = """
import sys, time
from pathlib import Path
from control_plane import ControlPlane

plane = ControlPlane.start(Path(sys.argv[1]))
print(plane.etcd_pid, plane.api_server_pid, flush=True)
time.sleep(600)
"""


def config_map(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def listens(url: str) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", httpx.URL(url).port)) == 0


def test_kubectl_speaks_to_a_real_api_server(control_plane):
    said = control_plane.kubectl("api-resources", "--api-group=apps", "-o", "name")
    assert "deployments.apps" in said.stdout.splitlines(), said.stderr


def test_what_one_namespace_holds_is_not_in_another(control_plane, namespace):
    with control_plane.client() as client:
        make(client, f"{namespace}-other")
        client.post(CONFIG_MAPS.format(namespace), json=config_map("ours")).raise_for_status()
        there = client.get(CONFIG_MAPS.format(f"{namespace}-other")).json()["items"]
    assert there == []


def test_a_limited_user_is_refused_with_the_verb_and_the_resource_named(control_plane, namespace):
    user = control_plane.kubeconfig_for("visitor")
    said = control_plane.kubectl("delete", "configmap", "any", "-n", namespace, user=user)
    assert said.returncode != 0
    assert 'User "visitor" cannot delete resource "configmaps"' in said.stderr


def test_a_user_may_do_what_a_role_allows(control_plane, namespace):
    user = control_plane.kubeconfig_for("reader")
    for what in (
        ("role", "reader", "--verb=list", "--resource=configmaps"),
        ("rolebinding", "reader", "--role=reader", "--user=reader"),
    ):
        assert control_plane.kubectl("create", *what, "-n", namespace).returncode == 0
    with control_plane.client(user) as client:  # the API server watches bindings, as we would
        eventually(lambda: client.get(CONFIG_MAPS.format(namespace)).is_success)


def test_a_service_account_is_known_by_its_name_and_groups(control_plane):
    user = control_plane.kubeconfig_for_service_account("sluice", "operator")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    with control_plane.client(user) as client:
        answer = client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json=review)
    who = answer.json()["status"]["userInfo"]
    assert who["username"] == "system:serviceaccount:sluice:operator"
    assert "system:serviceaccounts:sluice" in who["groups"]


def test_requests_are_accounted_to_their_user(control_plane, namespace):
    with control_plane.client(control_plane.kubeconfig_for("counted")) as client:
        client.get(f"{CONFIG_MAPS.format(namespace)}/any")
    expected = Request(
        user="counted",
        verb="get",
        group="",
        resource="configmaps",
        namespace=namespace,
        name="any",
        code=httpx.codes.FORBIDDEN,
    )
    assert eventually(lambda: list(control_plane.requests("counted"))) == [expected]


def test_what_was_written_outlives_a_kill_of_the_api_server(control_plane, namespace):
    with control_plane.client() as client:
        client.post(CONFIG_MAPS.format(namespace), json=config_map("kept")).raise_for_status()
    control_plane.kill_api_server()
    assert not listens(control_plane.url)
    control_plane.start_api_server()
    with control_plane.client() as client:
        assert client.get(f"{CONFIG_MAPS.format(namespace)}/kept").status_code == httpx.codes.OK


def test_a_frozen_api_server_leaves_callers_waiting_until_it_thaws(control_plane):
    with control_plane.client() as client:
        control_plane.freeze_api_server()
        try:
            with pytest.raises(httpx.TimeoutException):
                client.get("/version", timeout=0.3)
        finally:
            control_plane.thaw_api_server()
        assert client.get("/version").status_code == httpx.codes.OK


def test_the_api_server_outlives_the_thread_that_started_it(control_plane):
    starter = threading.Thread(target=control_plane.restart_api_server)
    starter.start()
    starter.join()
    with control_plane.client() as client:
        assert client.get("/readyz").status_code == httpx.codes.OK


def test_a_namespace_is_emptied_of_custom_objects_that_have_finalizers(control_plane, namespace):
    held = {"name": "held", "finalizers": ["tests.sluice.dev/held"]}
    widget = {"apiVersion": "tests.sluice.dev/v1", "kind": "Widget", "metadata": held}
    widgets = f"/apis/tests.sluice.dev/v1/namespaces/{namespace}/widgets"
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    with control_plane.client() as client:
        client.post(definitions, json=WIDGET).raise_for_status()
        eventually(lambda: client.post(widgets, json=widget).is_success)
        empty(client, namespace)
        assert client.get(widgets).json()["items"] == []
        client.delete(f"{definitions}/widgets.tests.sluice.dev").raise_for_status()


def test_nothing_runs_or_listens_after_a_stop(tmp_path):
    plane = ControlPlane.start(tmp_path)
    pids = (plane.etcd_pid, plane.api_server_pid)
    plane.stop()
    assert not any(is_alive(pid) for pid in pids)
    assert not listens(plane.url)


def test_a_control_plane_dies_with_a_test_run_that_is_killed(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_ONE, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(SUPPORT)},
        text=True,
    )
    assert holder.stdout is not None
    with holder, holder.stdout:
        pids = [int(pid) for pid in holder.stdout.readline().split()]
        assert len(pids) == 2
        assert all(is_alive(pid) for pid in pids)
        holder.send_signal(signal.SIGKILL)
    eventually(lambda: not any(is_alive(pid) for pid in pids))


def test_programs_that_are_not_built_are_an_error_that_names_the_target(tmp_path, monkeypatch):
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("SLUICE_NODE_HOME", str(tmp_path))
    with pytest.raises(ControlPlaneError, match="etcd is not there: make control-plane builds it"):
        programs()


def test_assets_that_are_incomplete_are_an_error_that_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(ControlPlaneError, match="etcd is not there: KUBEBUILDER_ASSETS"):
        programs()


def test_a_program_that_ends_while_it_starts_says_why(tmp_path, monkeypatch):
    for name in ("etcd", "kube-apiserver", "kubectl"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'error: out of order' >&2\nexit 3\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(ControlPlaneError, match=r"ended with code 3: error: out of order"):
        ControlPlane.start(tmp_path / "state")
