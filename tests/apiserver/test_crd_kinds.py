"""What a cluster gets from `kubectl apply -f manifests/crd`: defaults, words, columns, status."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import yaml
from admission_objects import action, deployment, run
from control_plane import ControlPlane
from house import Snippet, snippets
from sluice_kinds import MANIFESTS, Admission, install_kinds, resource
from sluice_operator.api.crd import RESOURCES, Resource
from sluice_operator.api.load import parse, parse_template
from sluice_operator.api.status import (
    ConditionStatus,
    GateStatus,
    ModelDeploymentStatus,
    RevisionStatus,
    StepStatus,
    TrafficStatus,
)
from sluice_operator.api.v1alpha1 import Spec

SAMPLES = sorted((MANIFESTS / "samples").glob("*.yaml"))
ACTIONS = [s for s in snippets("yaml") if "kind: RolloutAction" in s.text]
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
STATUS = ModelDeploymentStatus(
    observed_generation=1,
    phase="Progressing",
    message="Waiting for slo; 240 s left",
    since=AT,
    stable=RevisionStatus(name="churn-11111111", uri="models:/churn/1"),
    candidate=RevisionStatus(name="churn-22222222", uri="models:/churn/2"),
    attempt=2,
    step=StepStatus(index=1, total=4, title="analysis", display="2/4 analysis", since=AT),
    traffic=TrafficStatus(desired_weight=10, observed_weight=7, peak_weight=10, epoch=5),
    verdict="1 safe, 1 open",
    gates=(GateStatus(name="slo", verdict="Safe", samples=412, estimate=0.1, e_harm=1e-17),),
    conditions=(
        ConditionStatus(
            type="Ready",
            status="True",
            reason="StableServes",
            last_transition_time=AT,
            observed_generation=1,
        ),
    ),
)


@pytest.fixture(scope="module")
def client(control_plane: ControlPlane) -> Iterator[httpx.Client]:
    install_kinds(control_plane)
    with control_plane.client() as client:
        yield client


def created(client: httpx.Client, namespace: str, document, plural="modeldeployments"):
    answer = client.post(resource(namespace, plural), json=document)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    return answer.json()


def put_status(client: httpx.Client, namespace: str, status):
    path = resource(namespace, "modeldeployments", "churn")
    answer = client.patch(
        f"{path}/status",
        json={"status": status},
        headers={"content-type": "application/merge-patch+json"},
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    return client.get(path).json()


def explained(plane: ControlPlane, path: str) -> str:
    told = plane.kubectl("explain", path)
    assert told.returncode == 0, told.stderr
    return " ".join(told.stdout.split())


def shown(plane: ControlPlane, namespace: str, *arguments: str) -> dict[str, str]:
    """The one row of a table by its headings; columns are parted by two spaces."""
    told = plane.kubectl("get", "--namespace", namespace, *arguments).stdout.splitlines()
    heads = told[0].split()
    starts = [told[0].index(head) for head in heads] + [None]
    cells = [told[1][a:b].strip() for a, b in pairwise(starts)]
    return dict(zip(heads, cells, strict=True))


def test_the_api_server_fills_in_the_defaults_of_the_types(client, namespace) -> None:
    body = created(client, namespace, deployment())
    expected = Spec.model_validate(deployment()["spec"]).to_wire()
    for gate in expected["gates"]:  # what depends on the metric is known to those who read
        for field in ("comparison", "role", "alpha"):
            del gate[field]
    assert body["spec"] == expected
    assert parse(deployment() | {"spec": body["spec"]}).spec == parse(deployment()).spec


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_admitted_and_filled_in_as_on_a_laptop(path: Path, client, namespace):
    for document in yaml.safe_load_all(path.read_text()):
        plural = f"{document['kind'].lower()}s"
        assert Admission(client, namespace).says(document, plural) == ""
        body = created(client, namespace, document, plural)
        read = parse if document["kind"] == "ModelDeployment" else parse_template
        assert read(document | {"spec": body["spec"]}).spec == read(document).spec


def test_kubectl_applies_a_sample(control_plane: ControlPlane, client, namespace) -> None:
    told = control_plane.kubectl("apply", "-n", namespace, "-f", str(SAMPLES[0]))
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("modeldeployment", "One model under one name, and how its versions replace each other."),
        (
            "modeldeployment.spec.strategy",
            "FIELD: strategy <Object> DESCRIPTION: How a new model is tried.",
        ),
        ("modeldeployment.spec.strategy", "Run in order; after the last one the candidate is"),
        ("modeldeployment.spec.strategy.steps", "Percent of requests that the candidate answers"),
        ("modeldeployment.spec.gates.role", "ENUM: Guardrail Objective Observe"),
        ("modeldeployment.status.traffic", "Percent of requests that the router sends"),
        ("rolloutrun.status.decisions", "What every gate knew."),
        ("rolloutaction.spec.revision", "The revision that the person saw"),
    ],
)
def test_kubectl_explains_a_field_in_our_words(path, sentence, control_plane, client) -> None:
    assert sentence in explained(control_plane, path)


@pytest.mark.parametrize("resource_", RESOURCES, ids=lambda resource: resource.plural)
def test_a_kind_answers_to_its_short_name_and_to_its_category(
    resource_: Resource, control_plane: ControlPlane, client
) -> None:
    told = control_plane.kubectl("api-resources", "--categories", "sluice", "--no-headers")
    rows = (line.split() for line in told.stdout.splitlines())
    row = next(row for row in rows if row[0] == resource_.plural)
    assert row[1] == resource_.short_name


def test_kubectl_shows_where_a_rollout_stands(control_plane, client, namespace) -> None:
    created(client, namespace, deployment())
    put_status(client, namespace, STATUS.to_wire())
    row = shown(control_plane, namespace, "mdep", "churn")
    del row["AGE"]
    assert row == {
        "NAME": "churn",
        "PHASE": "Progressing",
        "STEP": "2/4 analysis",
        "WEIGHT": "10",
        "OBSERVED": "7",
        "VERDICT": "1 safe, 1 open",
        "STABLE": "churn-11111111",
        "CANDIDATE": "churn-22222222",
        "READY": "True",
    }
    assert (
        "Waiting for slo; 240 s left"
        in shown(control_plane, namespace, "mdep", "churn", "-o", "wide")["MESSAGE"]
    )


def test_kubectl_shows_runs_and_actions(control_plane, client, namespace) -> None:
    created(client, namespace, run("churn-22222222"), "rolloutruns")
    created(client, namespace, action("Promote", by="ann"), "rolloutactions")
    assert shown(control_plane, namespace, "rrun")["REVISION"] == "churn-22222222"
    row = shown(control_plane, namespace, "ract")
    assert (row["TARGET"], row["VERB"], row["BY"]) == ("churn", "Promote", "ann")


def test_kubectl_waits_for_a_condition(control_plane, client, namespace) -> None:
    created(client, namespace, deployment())
    put_status(client, namespace, STATUS.to_wire())
    told = control_plane.kubectl(
        "wait", "-n", namespace, "--for=condition=Ready", "--timeout=5s", "mdep/churn"
    )
    assert told.returncode == 0, told.stderr


def test_a_status_comes_back_to_the_bit(client, namespace) -> None:
    created(client, namespace, deployment())
    body = put_status(client, namespace, STATUS.to_wire())
    assert ModelDeploymentStatus.model_validate(body["status"]) == STATUS


def test_a_status_that_knows_nothing_is_admitted(client, namespace) -> None:
    created(client, namespace, deployment())
    body = put_status(client, namespace, ModelDeploymentStatus().to_wire())
    assert ModelDeploymentStatus.model_validate(body["status"]) == ModelDeploymentStatus()


def test_a_status_with_too_long_a_message_is_cut_and_not_refused(client, namespace) -> None:
    created(client, namespace, deployment())
    status = ModelDeploymentStatus(message="é" * 100_000)
    body = put_status(client, namespace, status.to_wire())
    assert ModelDeploymentStatus.model_validate(body["status"]) == status


def test_whoever_writes_the_spec_does_not_touch_the_status(client, namespace) -> None:
    body = created(client, namespace, deployment() | {"status": STATUS.to_wire()})
    assert "status" not in body


def test_whoever_writes_the_status_does_not_touch_the_spec(client, namespace) -> None:
    before = created(client, namespace, deployment())
    path = resource(namespace, "modeldeployments", "churn")
    changed = before | {"spec": deployment(suspend=True)["spec"], "status": STATUS.to_wire()}
    client.put(f"{path}/status", json=changed).raise_for_status()
    after = client.get(path).json()
    assert (after["spec"], after["metadata"]["generation"]) == (before["spec"], 1)
    assert after["status"]["phase"] == "Progressing"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"strategee": {}}, "spec.strategee"),
        ({"model": {"uri": "models:/a/1", "url": "x"}}, "spec.model.url"),
        (
            {"strategy": {"type": "Canary", "steps": [{"setWieght": 1}]}},
            "spec.strategy.steps[0].setWieght",
        ),
    ],
)
def test_an_unknown_field_is_refused_by_strict_validation(spec, field, client, namespace) -> None:
    assert f'unknown field "{field}"' in Admission(client, namespace).says(deployment(**spec))


def test_two_gates_of_one_name_are_refused(client, namespace) -> None:
    gate = deployment()["spec"]["gates"][0]
    assert "Duplicate value" in Admission(client, namespace).says(deployment(gates=[gate, gate]))


def test_two_appliers_share_the_gates_by_name(control_plane, client, namespace) -> None:
    created(client, namespace, deployment())
    mine = deployment(gates=[{"name": "slo", "metric": "ErrorRate", "margin": "3"}])
    answer = client.patch(
        resource(namespace, "modeldeployments", "churn"),
        params={"fieldManager": "another", "force": "true"},
        headers={"content-type": "application/apply-patch+yaml"},
        json=mine,
    )
    assert {gate["name"] for gate in answer.json()["spec"]["gates"]} == {"errors", "slo"}


def test_an_action_with_a_verb_that_nobody_knows_is_refused(client, namespace) -> None:
    answer = Admission(client, namespace).says(action("Explode"), "rolloutactions")
    assert 'Unsupported value: "Explode"' in answer


@pytest.mark.parametrize("snippet", ACTIONS, ids=str)
def test_an_action_in_a_page_is_admitted(snippet: Snippet, client, namespace) -> None:
    assert Admission(client, namespace).says(yaml.safe_load(snippet.text), "rolloutactions") == ""


def test_there_is_an_action_in_a_page() -> None:
    assert ACTIONS
