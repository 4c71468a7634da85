"""The stack on a real node as its users meet it: installed, trained in, disturbed, removed.

The stories build on each other, in this order.
"""

import json
from collections import Counter

import pytest
from eventually import eventually
from image_pod import kubectl
from stack import NAMESPACE, Stack
from stack_rollout import Deployment
from stack_training import left_behind, versions
from stack_users import Plan, Users

MODEL = "tumours"
SHADOW, CANARY = 0, 3
"""Steps of the rollout that begins with a shadow."""
pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def deployment(stack: Stack) -> Deployment:
    return Deployment(stack=stack, name=MODEL)


@pytest.fixture(scope="module")
def users(stack: Stack, deployment: Deployment, trained: dict[str, str], version: str) -> Users:
    """Users of the first version, who stay for all that comes."""
    with stack.timed("first version answers"):
        deployment.apply(trained["weak"])
        deployment.await_phase("Healthy", trained["weak"])
        found = Users(stack=stack, plan=Plan(model=MODEL, labels=True), version=version)
        found.start()
    return found


def answered(users: Users) -> Counter[str]:
    """How many answers each revision gave."""
    totals: Counter[str] = Counter()
    for (revision, _), count in users.totals().items():
        totals[revision] += count
    return totals


def claims() -> set[str]:
    return set(kubectl("get", "pvc", "-n", NAMESPACE, "-o", "name").split())


def test_every_step_was_a_pod_and_the_models_are_in_the_registry(stack, trained) -> None:
    found = versions(stack, MODEL)
    assert len(found) == 3
    assert all(one["source"].startswith("s3://mlflow/") for one in found)
    assert left_behind() == []


def test_only_requests_that_nobody_can_answer_fail(users) -> None:
    eventually(lambda: sum(users.totals().values()) > 400, within=60, every=1.0)
    totals = users.totals()
    failed = sum(count for (_, status), count in totals.items() if status != 200)
    assert failed < 0.04 * sum(totals.values()), totals


def test_a_better_model_is_promoted_through_disturbances(stack, deployment, trained, users) -> None:
    stable = deployment.status()["stable"]["name"]
    with stack.timed("a better model is promoted"):
        deployment.apply(trained["better"], shadow=True)
        deployment.await_phase("Shadowing", trained["better"])
        stack.kill("-l app.kubernetes.io/name=operator")
        stack.kill("-l app.kubernetes.io/name=ledger")
        stack.kill("sluice-postgresql-0")
        assert set(answered(users)) <= {stable, "-"}
        deployment.await_phase("Healthy", trained["better"], within=600)
    status = deployment.status()
    assert status["stable"]["uri"] == trained["better"]
    assert [one["outcome"] for one in status["history"]][-1] == "Promoted"


def test_a_model_that_fails_users_is_taken_back_during_an_upgrade(
    stack, deployment, trained, users
) -> None:
    stable = deployment.status()["stable"]["name"]
    with stack.timed("a bad model is taken back"):
        deployment.apply(trained["narrow"])
        deployment.await_phase("Progressing", trained["narrow"])
        stack.install("--set", "operator.settings.logLevel=DEBUG")
        status = deployment.await_phase("RolledBack", trained["narrow"])
    assert status["stable"]["name"] == stable
    assert "errors" in status["history"][-1]["cause"]
    before = answered(users)
    eventually(lambda: answered(users)[stable] > before[stable] + 200, within=60, every=1.0)
    stack.await_ready()
    assert answered(users).keys() - before.keys() == set()


def test_every_prediction_of_the_users_is_in_the_ledger(stack, users) -> None:
    seen = sum(count for (_, status), count in users.totals().items() if status == 200)
    users.stop()
    query = "SELECT count(DISTINCT request_id) FROM predictions WHERE NOT mirrored"
    command = ("psql", "-h", "/var/run/postgresql", "-U", "postgres", "-d", "ledger", "-Atc", query)
    where = ("-n", NAMESPACE, "sluice-postgresql-0", "-c", "postgresql", "--")
    kept = lambda: int(kubectl("exec", *where, *command))  # noqa: E731
    eventually(lambda: kept() >= seen, within=60, every=1.0)


def test_an_uninstalled_release_leaves_data_and_a_new_one_finds_them(
    stack, deployment, trained
) -> None:
    before = claims()
    stack.helm("uninstall", "sluice", "--wait")
    assert claims() == before
    assert json.loads(kubectl("get", "modeldeployment", "-n", NAMESPACE, "-o", "json"))["items"]
    with stack.timed("installed again"):
        stack.install()
        stack.await_ready()
    assert len(versions(stack, MODEL)) == 3
    deployment.await_phase("Healthy", trained["better"])
