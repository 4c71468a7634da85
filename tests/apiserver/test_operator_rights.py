"""One operator's life with the roles of the charts: it uses all of their rights, and no others."""

from collections.abc import Iterator

import httpx
import pytest
from control_plane import ControlPlane
from eventually import eventually
from operator_stage import BETTER, BROKEN, GOOD, NAMESPACE, Stage, stage_on
from sluice_operator.cluster.kind import (
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    ROLLOUT_RUN,
    SELDON_SERVER,
    Kind,
)
from sluice_operator.cluster.permission import PERMISSIONS

Right = tuple[str, str, str]

TRIED = {
    "strategy": {
        "type": "Canary",
        "ungated": True,
        "steps": [{"setWeight": 10}, {"pause": {}}, {"setWeight": 100}],
    },
    "gates": [],
    "revisionHistoryLimit": 1,
}
WITH_SERVERS = TRIED | {"backend": {"type": "SeldonV2", "isolation": "Server"}}
OF_CORE_1 = TRIED | {"backend": {"type": "SeldonV1", "ingress": "Istio"}}
DEPLOYMENTS = {"with-servers": WITH_SERVERS, "of-core-1": OF_CORE_1}

ABOUT_ONESELF: Right = ("authorization.k8s.io", "selfsubjectaccessreviews", "create")
"""Whoever is logged in may ask what they may do."""
ABOUT_OWNERS: Right = ("sluice.dev", "modeldeployments/finalizers", "update")
"""No request of its own: asked for of who makes an object whose owner blocks its deletion."""
AFTER_A_CONFLICT = (MODEL_DEPLOYMENT, ROLLOUT_ACTION)
"""Read again when somebody else was faster."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """After all that an operator does in its life."""
    plane = ControlPlane.start(tmp_path_factory.mktemp("plane"))
    try:
        with stage_on(plane, tmp_path_factory.mktemp("stage")) as stage:
            live(stage)
            yield stage
    finally:
        plane.stop()


def live(stage: Stage) -> None:
    """Two rollouts, the leader's end in the middle, approvals, fuss, a retreat, and deletions."""
    first = stage.start_operator()
    for name, spec in DEPLOYMENTS.items():
        stage.apply(name, GOOD, **spec)
    for name, spec in DEPLOYMENTS.items():
        stage.until(name, is_healthy)
        stage.apply(name, BETTER, **spec)
    on_trial = {name: stage.until(name, is_on_trial)["candidate"]["name"] for name in DEPLOYMENTS}
    # one that looks into named namespaces alone asks for these
    stage.start_operator(NAMESPACES=NAMESPACE)
    stage.end_operator(first)
    for name, revision in on_trial.items():
        stage.ask(name, "Promote", revision)
    for name in DEPLOYMENTS:
        stage.until(name, is_promoted)
        eventually(lambda name=name: stage.get(ROLLOUT_RUN, f"{name}-1") == {})
    eventually(lambda: fuss(stage), within=120)
    stage.apply("with-servers", BROKEN, **WITH_SERVERS)
    sent_home = stage.until("with-servers", is_rolled_back)["history"][-1]["revision"]["name"]
    eventually(lambda: stage.get(SELDON_SERVER, sent_home) == {}, within=60)
    for name in DEPLOYMENTS:
        command = ("delete", "modeldeployment", name, "-n", NAMESPACE, "--timeout=60s", "--wait")
        assert stage.plane.kubectl(*command).returncode == 0


def is_healthy(status) -> bool:
    return status.get("phase") == "Healthy"


def is_on_trial(status) -> bool:
    return status.get("traffic", {}).get("observedWeight") == 10


def is_rolled_back(status) -> bool:
    return status.get("phase") == "RolledBack"


def is_promoted(status) -> bool:
    return is_healthy(status) and status["stable"]["uri"] == BETTER


def fuss(stage: Stage) -> bool:
    """Ask for something that makes no sense, write all over it; whether that ever came between."""
    name = next(iter(DEPLOYMENTS))
    action = stage.ask(name, "Promote", "nobody")
    with stage.plane.client() as client:
        for number in range(20):
            annotate(client, MODEL_DEPLOYMENT, name, number)
            annotate(client, ROLLOUT_ACTION, action, number)
    return {right(kind, "get") for kind in AFTER_A_CONFLICT} <= used(stage)


def annotate(client: httpx.Client, kind: Kind, name: str, number: int) -> None:
    path = f"/apis/{kind.api_version}/namespaces/{NAMESPACE}/{kind.plural}/{name}"
    body = {"metadata": {"annotations": {"fuss": str(number)}}}
    merge = {"content-type": "application/merge-patch+json"}
    client.patch(path, json=body, headers=merge).raise_for_status()


def right(kind: Kind, verb: str) -> Right:
    return kind.group, kind.plural, verb


def used(stage: Stage) -> set[Right]:
    """As the audit of the API server has it."""
    return {(one.group, one.resource, one.verb) for one in stage.asked()}


def granted() -> set[Right]:
    return {(one.kind.group, one.resource, verb) for one in PERMISSIONS for verb in one.verbs}


def test_nothing_is_ever_refused(stage):
    assert [one for one in stage.asked() if one.code == httpx.codes.FORBIDDEN] == []


def test_every_request_is_in_the_table(stage):
    assert used(stage) - granted() == {ABOUT_ONESELF}


def test_every_right_of_the_table_is_used(stage):
    unused = granted() - used(stage)
    # an apply of what is not there needs both verbs, and the audit knows it as a patch
    makings = {(group, what, "create") for group, what, verb in used(stage) if verb == "patch"}
    assert unused - makings == {ABOUT_OWNERS}
