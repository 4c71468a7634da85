"""Classes, claims and Secrets."""

from typing import Any

import pytest
from sluice_cli.doctor.finding import Verdict
from sluice_cli.doctor.reader import Unknown
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.doctor.storage import judge_claims, judge_classes, judge_secret, secrets_of

REMEDY = Remedy(namespace="sluice", release="sluice")
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


def storage_class(name: str, **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "annotations": annotations}}


def claim(phase: str, name: str | None = "fast", **spec: str) -> dict[str, Any]:
    wanted = {"storageClassName": name, **spec} if name else dict(spec)
    status = {"phase": phase, "capacity": {"storage": "8Gi"}}
    return {"metadata": {"name": "data"}, "spec": wanted, "status": status}


def test_a_default_class_is_enough():
    found = judge_classes([storage_class("fast", **DEFAULT)], [], REMEDY)
    assert (found.verdict, found.object) == (Verdict.OK, "storageclass fast")


def test_without_a_default_a_claim_that_names_none_waits_for_ever():
    found = judge_classes([storage_class("fast")], [claim("Pending", None)], REMEDY)
    assert (found.verdict, found.next) == (Verdict.FAILURE, "kubectl get storageclass")
    assert "data" in found.said


def test_without_a_default_claims_that_have_their_volume_are_well():
    found = judge_classes([], [claim("Bound", None)], REMEDY)
    assert found.verdict is Verdict.WARNING


def test_a_claim_that_is_bound_is_well():
    (found,) = judge_claims([claim("Bound")], [], REMEDY)
    assert (found.verdict, found.said) == (Verdict.OK, "bound, 8Gi")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (claim("Pending"), "there is no StorageClass fast"),
        (claim("Pending", "slow"), "StorageClass slow has made no volume"),
        (claim("Pending", None), "it names no StorageClass"),
        (claim("Lost", volumeName="pv-7"), "its volume pv-7 is gone"),
    ],
)
def test_a_claim_without_volume_says_why(one, words):
    (found,) = judge_claims([one], [storage_class("slow")], REMEDY)
    assert (found.verdict, found.object) == (Verdict.FAILURE, "persistentvolumeclaim data")
    assert words in found.said
    assert found.next == "kubectl describe persistentvolumeclaim data --namespace sluice"


def test_claims_that_may_not_be_seen_are_neither_pass_nor_fail():
    (found,) = judge_claims(Unknown(why="forbidden", code=403), [], REMEDY)
    assert found.verdict is Verdict.NOT_ASKED


def test_every_way_to_read_a_secret_is_found_but_for_optional_ones():
    reference = {"name": "database", "key": "password"}
    optional = {"name": "extra", "key": "x", "optional": True}
    container = {
        "env": [
            {"name": "A", "valueFrom": {"secretKeyRef": reference}},
            {"name": "B", "valueFrom": {"secretKeyRef": optional}},
            {"name": "C", "value": "plain"},
        ],
        "envFrom": [{"secretRef": {"name": "all"}}, {"configMapRef": {"name": "map"}}],
    }
    mounted = {"secretName": "token", "items": [{"key": "token", "path": "token"}]}
    pod = {
        "initContainers": [container],
        "containers": [],
        "volumes": [
            {"name": "a", "secret": mounted},
            {"name": "b", "projected": {"sources": [{"secret": {"name": "part"}}]}},
            {"name": "c", "emptyDir": {}},
        ],
    }
    found = secrets_of([{"spec": {"template": {"spec": pod}}}])
    assert found == {"database": "password", "all": "KEY", "token": "token", "part": "KEY"}


def test_a_secret_that_is_missing_is_made_with_the_key_that_is_read():
    found = judge_secret("ledger-database", "password", None, REMEDY)
    assert (found.verdict, found.object) == (Verdict.FAILURE, "secret ledger-database")
    assert found.next == (
        "kubectl create secret generic ledger-database --from-file=password --namespace sluice"
    )
