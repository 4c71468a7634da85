"""The API server, the namespace and our own rights."""

from http import HTTPStatus

import pytest
import yaml
from canned_api import refused, site_of
from house import ROOT
from sluice_cli.doctor.cluster import (
    LOOKS,
    OLDEST,
    judge_greeting,
    judge_namespace,
    judge_rights,
)
from sluice_cli.doctor.diagnosis import diagnose
from sluice_cli.doctor.finding import Group, Verdict
from sluice_cli.doctor.reader import Answer, Unknown
from sluice_cli.doctor.remedy import Remedy

REMEDY = Remedy(namespace="sluice", release="sluice")
HOST = "https://there:6443"


def greeting(version: str) -> Answer:
    return Answer(code=200, body=f'{{"gitVersion": "{version}"}}'.encode())


@pytest.mark.parametrize("version", ["v1.30.0", "v1.34.4", "v1.31.2-gke.100", "v2.0.0"])
def test_a_version_that_the_charts_take_is_well(version):
    found = judge_greeting(greeting(version), HOST, REMEDY)
    assert (found.verdict, found.object) == (Verdict.OK, HOST)


@pytest.mark.parametrize("version", ["v1.29.14", "v1.9.0", "v0.31.0"])
def test_an_older_version_is_a_failure(version):
    found = judge_greeting(greeting(version), HOST, REMEDY)
    assert found.verdict is Verdict.FAILURE
    assert version in found.said
    assert found.next == "kubectl version"


def test_the_oldest_version_is_that_of_the_charts():
    chart = yaml.safe_load((ROOT / "helm" / "sluice" / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={OLDEST[0]}.{OLDEST[1]}.0-0"


def test_what_is_no_kubernetes_is_called_so():
    found = judge_greeting(Answer(code=200, body=b"<html>hello</html>"), HOST, REMEDY)
    assert found.verdict is Verdict.FAILURE
    assert "no Kubernetes" in found.said
    assert found.next == "kubectl config get-contexts"


def test_a_login_that_has_expired_is_told_from_a_server_that_is_away():
    found = judge_greeting(Answer(code=HTTPStatus.UNAUTHORIZED), HOST, REMEDY)
    assert (found.verdict, found.next) == (Verdict.FAILURE, "kubectl auth whoami")


def test_without_an_answer_no_other_check_is_made():
    with site_of({}) as site:
        pass
    findings = diagnose(site)
    assert findings[0].verdict is Verdict.FAILURE
    assert "cannot be reached" in findings[0].said
    assert [one.group for one in findings] == list(Group)
    assert {one.verdict for one in findings[1:]} == {Verdict.NOT_ASKED}


def test_without_an_answer_one_group_alone_does_not_look_well():
    with site_of({}) as site:
        pass
    findings = diagnose(site, [Group.STORAGE])
    assert [one.verdict for one in findings] == [Verdict.FAILURE, Verdict.NOT_ASKED]


def test_only_what_is_asked_for_is_examined():
    with site_of({"/version": {"gitVersion": "v1.34.0"}}) as site:
        assert {one.group for one in diagnose(site, [Group.VERSIONS])} == {Group.VERSIONS}


def test_a_namespace_that_is_not_there_comes_with_the_installation():
    found = judge_namespace(None, "sluice", REMEDY)
    assert (found.verdict, found.object) == (Verdict.FAILURE, "namespace sluice")
    assert found.next.startswith("helm upgrade --install sluice helm/sluice")


def test_a_namespace_that_is_going_is_a_failure():
    body = {"metadata": {"name": "sluice", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    found = judge_namespace(body, "sluice", REMEDY)
    assert (found.verdict, found.next) == (
        Verdict.FAILURE,
        "kubectl describe namespace sluice",
    )


def test_each_right_that_is_missing_is_named():
    may: dict = dict.fromkeys(LOOKS, True) | {LOOKS[0]: False, LOOKS[3]: False}
    found = judge_rights(may, REMEDY)
    assert found.verdict is Verdict.FAILURE
    assert "list pods, get services/proxy" in found.said
    assert found.next == "kubectl auth can-i --list --namespace sluice"


def test_who_rules_one_namespace_alone_is_only_warned():
    may: dict = {look: not look.everywhere for look in LOOKS}
    found = judge_rights(may, REMEDY)
    assert found.verdict is Verdict.WARNING
    assert "list storageclasses.storage.k8s.io" in found.said


def test_rights_that_nobody_could_tell_are_neither_pass_nor_fail():
    may: dict = dict.fromkeys(LOOKS, Unknown(why=refused("busy")["message"], code=500))
    assert judge_rights(may, REMEDY).verdict is Verdict.NOT_ASKED
