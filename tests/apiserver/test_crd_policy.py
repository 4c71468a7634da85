"""Who may ask what of a rollout: the policy and the roles, on a real API server."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from admission_objects import action
from control_plane import ControlPlane
from eventually import eventually
from sluice_kinds import Admission, install_kinds, policy_in_force, resource
from sluice_operator.api.policy import right_of
from sluice_operator.model import Verb

Asks = Callable[..., str]


@pytest.fixture(scope="module")
def guarded(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """A control plane whose policy is in force."""
    install_kinds(control_plane)
    with policy_in_force(control_plane), control_plane.client() as client:
        admission = Admission(client, "default")
        lie = action("Pause", by="somebody-else")
        eventually(lambda: admission.says(lie, "rolloutactions"), within=30)
        yield control_plane


def grant(plane: ControlPlane, namespace: str, user: str, *rules: dict[str, list[str]]) -> None:
    """A role for one user in one namespace."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": f"role-{user}"}}
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    given = [{"apiGroups": ["sluice.dev"]} | rule for rule in rules]
    bind(plane, namespace, user, {"kind": "Role", "name": f"role-{user}"})
    with plane.client() as client:
        client.post(f"{path}/roles", json=role | {"kind": "Role", "rules": given})


def bind(plane: ControlPlane, namespace: str, user: str, role: dict[str, str]) -> None:
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"bind-{user}"},
        "roleRef": {"apiGroup": group} | role,
        "subjects": [{"kind": "User", "name": user, "apiGroup": group}],
    }
    with plane.client() as client:
        answer = client.post(f"/apis/{group}/v1/namespaces/{namespace}/rolebindings", json=binding)
        assert answer.status_code == httpx.codes.CREATED, answer.text


CREATE = {"resources": ["rolloutactions"], "verbs": ["create"]}


@pytest.fixture
def asked_by(guarded: ControlPlane, namespace: str) -> Asks:
    """What the API server says to an action of a user."""

    def says(user: str, verb: str, by: str = "") -> str:
        with guarded.client(guarded.kubeconfig_for(user)) as client:
            asking = action(verb, by=by or user)
            return Admission(client, namespace).says(asking, "rolloutactions")

    return says


@pytest.mark.parametrize("verb", list(Verb))
def test_whoever_has_the_verb_may_ask_for_it(verb, guarded, namespace, asked_by) -> None:
    mine = {"resources": ["modeldeployments"], "verbs": [right_of(verb)]}
    grant(guarded, namespace, "ann", CREATE, mine)
    eventually(lambda: asked_by("ann", verb) == "", within=20)


@pytest.mark.parametrize("verb", list(Verb))
def test_whoever_lacks_the_verb_is_told_which(verb, guarded, namespace, asked_by) -> None:
    others = [right_of(other) for other in Verb if other is not verb]
    grant(guarded, namespace, "bob", CREATE, {"resources": ["modeldeployments"], "verbs": others})
    told = f"bob may not {right_of(verb)} modeldeployments/churn; ask for a role with that verb"
    eventually(lambda: told in asked_by("bob", verb), within=20)


def test_a_right_may_be_for_one_deployment_only(guarded, namespace, asked_by) -> None:
    only = {"resources": ["modeldeployments"], "verbs": ["abort"], "resourceNames": ["other"]}
    grant(guarded, namespace, "cyd", CREATE, only)
    eventually(lambda: "cyd may not abort modeldeployments/churn" in asked_by("cyd", "Abort"))


def test_nobody_signs_with_the_name_of_another(guarded, namespace, asked_by) -> None:
    mine = {"resources": ["modeldeployments"], "verbs": ["promote"]}
    grant(guarded, namespace, "dan", CREATE, mine)
    eventually(lambda: asked_by("dan", "Promote") == "", within=20)
    told = asked_by("dan", "Promote", by="ann")
    assert "spec.by: the API server knows you as dan; write that name" in told


def test_the_administrator_cannot_lie_either(guarded, namespace) -> None:
    with guarded.client() as client:
        admission = Admission(client, namespace)
        assert admission.says(action("Undo", by="admin"), "rolloutactions") == ""
        assert "knows you as admin" in admission.says(action("Undo", by="ann"), "rolloutactions")


def test_a_releaser_may_ask_for_everything_and_wish_for_nothing(
    guarded, namespace, asked_by
) -> None:
    bind(guarded, namespace, "eve", {"kind": "ClusterRole", "name": "sluice-releaser"})
    for verb in Verb:
        eventually(lambda asked=verb: asked_by("eve", asked) == "", within=20)
    with guarded.client(guarded.kubeconfig_for("eve")) as client:
        answer = client.post(resource(namespace), json={})
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_the_status_of_an_action_is_written_whoever_asked(guarded, namespace) -> None:
    with guarded.client() as client:
        asked = client.post(resource(namespace, "rolloutactions"), json=action("Pause"))
        assert asked.status_code == httpx.codes.CREATED, asked.text
        answer = client.patch(
            resource(namespace, "rolloutactions", "ask") + "/status",
            json={"status": {"state": "Done", "message": "Paused"}},
            headers={"content-type": "application/merge-patch+json"},
        )
    assert answer.json()["status"]["state"] == "Done"
