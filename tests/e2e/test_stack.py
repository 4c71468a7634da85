"""The stack on a real node as its users meet it: installed, trained in, disturbed, removed.

The stories build on each other, in this order.
"""

import json
from collections import Counter

import pytest
from eventually import eventually
from image_pod import KubectlError, kubectl
from stack import NAMESPACE, RUNS, Stack
from stack_rollout import Deployment
from stack_training import WEAK, Trainer, left_behind, versions
from stack_users import Plan, Users

MODEL = "tumours"
FIRST_PREDICTION_SECONDS = 600.0
"""From an empty node, less the start of the node itself, which takes half a minute."""
NIGHTLY = {
    "apiVersion": "sluice.dev/v1alpha1",
    "kind": "ModelDeployment",
    "metadata": {"name": "nightly", "namespace": NAMESPACE},
    "spec": {"model": {"requirements": ["sluice"]}, "strategy": {"type": "Immediate"}},
}
"""What the pipeline of the first version deploys by itself."""
pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def deployment(stack: Stack) -> Deployment:
    return Deployment(stack=stack, name=MODEL, slo="0.1")


@pytest.fixture(scope="module")
def first(stack: Stack, trainer: Trainer) -> str:
    """URI of a weak version, which its pipeline has also deployed under another name."""
    easy = {"acceptance": [{"metric": "roc_auc", "minimum": 0.5}]}
    with stack.timed("training of the first version"):
        told = trainer.train("weak", features={"numeric": WEAK}, deploy=NIGHTLY, **easy)
    return str(told["model"])


@pytest.fixture(scope="module")
def users(stack: Stack, deployment: Deployment, first: str) -> Users:
    """Users of the first version, who stay for all that comes."""
    with stack.timed("first version answers"):
        deployment.apply(first)
        deployment.await_phase("Healthy", first)
        found = Users(stack=stack, plan=Plan(model=MODEL, labels=True))
        found.start()
    return found


@pytest.fixture(scope="module")
def better(stack: Stack, trainer: Trainer) -> str:
    """URI of a version that is right more often."""
    with stack.timed("training of a better version"):
        return str(trainer.train("better")["model"])


@pytest.fixture(scope="module")
def narrow(stack: Stack, trainer: Trainer) -> str:
    """URI of a version that lacks some of the users."""
    with stack.timed("training of a version that lacks users"):
        return str(trainer.train("narrow", raw="some")["model"])


def answered(users: Users) -> Counter[str]:
    """How many answers each revision gave."""
    totals: Counter[str] = Counter()
    for (revision, _), count in users.totals().items():
        totals[revision] += count
    return totals


def answers_after(users: Users, revision: str, more: int) -> Counter[str]:
    """The answers, once a revision has given so many more."""
    until = answered(users)[revision] + more
    return eventually(
        lambda: (now := answered(users))[revision] > until and now, within=60, every=1.0
    )


def claims() -> set[str]:
    return set(kubectl("get", "pvc", "-n", NAMESPACE, "-o", "name").split())


def examined(stack: Stack) -> tuple[int, list[dict[str, str]]]:
    """How `sluice doctor` ends, and what it found wrong."""
    done = stack.sluice("doctor", "-n", NAMESPACE, "-o", "json")
    found = json.loads(done.stdout)["findings"]
    return done.returncode, [one for one in found if one["verdict"] == "failure"]


def runner_may(verb: str) -> bool:
    """Whether the account of steps has a right over ModelDeployments."""
    words = ("auth", "can-i", verb, "modeldeployments", "-n", NAMESPACE)
    try:
        said = kubectl(*words, "--as", f"system:serviceaccount:{RUNS}:pipeline-runner")
    except KubectlError:
        return False  # kubectl ends with 1 on a no
    return said.strip() == "yes"


def test_the_doctor_finds_nothing_wrong(stack) -> None:
    eventually(lambda: examined(stack) == (0, []), within=120, every=2.0)


def test_from_an_empty_node_to_the_first_prediction(stack, users) -> None:
    assert sum(users.totals().values()) > 0
    assert sum(stack.seconds.values()) < FIRST_PREDICTION_SECONDS, stack.seconds


def test_a_pipeline_deploys_what_it_has_trained_and_may_do_no_more(stack, first) -> None:
    nightly = stack.get("modeldeployment", "nightly")
    assert nightly["status"]["stable"]["uri"] == first
    assert nightly["spec"]["model"]["digest"].startswith("sha256:")
    assert runner_may("patch")
    assert not runner_may("delete")
    kubectl("delete", "modeldeployment", "nightly", "-n", NAMESPACE)


def test_only_requests_that_nobody_can_answer_fail(users) -> None:
    eventually(lambda: sum(users.totals().values()) > 400, within=60, every=1.0)
    totals = users.totals()
    failed = sum(count for (_, status), count in totals.items() if status != 200)
    assert failed < 0.04 * sum(totals.values()), totals


def test_a_better_model_is_promoted_through_disturbances(stack, deployment, better, users) -> None:
    stable = deployment.status()["stable"]["name"]
    with stack.timed("a better model is promoted"):
        deployment.apply(better, shadow=True)
        deployment.await_phase("Shadowing", better)
        stack.kill("-l app.kubernetes.io/name=operator")
        stack.kill("-l app.kubernetes.io/name=ledger")
        stack.kill("sluice-postgresql-0")
        assert set(answered(users)) <= {stable, "-"}
        deployment.await_phase("Healthy", better, within=600)
    status = deployment.status()
    assert status["stable"]["uri"] == better
    assert [one["outcome"] for one in status["history"]][-1] == "Promoted"


def test_every_step_was_a_pod_and_the_models_are_in_the_registry(better, narrow) -> None:
    found = versions(MODEL)
    assert len(found) == 3
    assert all(one["source"].startswith("s3://mlflow/") for one in found)
    assert left_behind() == []


def test_a_model_that_fails_users_is_taken_back_during_an_upgrade(
    stack, deployment, narrow, users
) -> None:
    stable = deployment.status()["stable"]["name"]
    with stack.timed("a bad model is taken back"):
        deployment.apply(narrow)
        candidate = deployment.await_phase("Progressing", narrow)["candidate"]["name"]
        stack.install("--set", "operator.settings.logLevel=DEBUG")
        status = deployment.await_phase("RolledBack", narrow)
    assert status["stable"]["name"] == stable
    assert "errors" in status["history"][-1]["cause"]
    last = answers_after(users, stable, more=60)
    assert last[candidate] > 0
    assert answers_after(users, stable, more=200)[candidate] == last[candidate]
    stack.await_ready()


def test_the_doctor_names_what_is_missing(stack) -> None:
    scale = ("scale", "statefulset/sluice-postgresql", "-n", NAMESPACE)
    kubectl(*scale, "--replicas=0")
    try:
        eventually(lambda: examined(stack)[0] == 1, within=60, every=1.0)
        assert any("postgresql" in json.dumps(one) for one in examined(stack)[1])
    finally:
        kubectl(*scale, "--replicas=1")
    stack.await_ready()


def test_every_prediction_of_the_users_is_in_the_ledger(stack, users) -> None:
    seen = sum(count for (_, status), count in users.totals().items() if status == 200)
    users.stop()
    query = "SELECT count(DISTINCT request_id) FROM prediction WHERE NOT mirrored"
    command = ("psql", "-h", "/var/run/postgresql", "-U", "postgres", "-d", "ledger", "-Atc", query)
    where = ("-n", NAMESPACE, "sluice-postgresql-0", "-c", "postgresql", "--")
    kept = lambda: int(kubectl("exec", *where, *command))  # noqa: E731
    eventually(lambda: kept() >= seen, within=60, every=1.0)


def test_an_uninstalled_release_leaves_data_and_a_new_one_goes_on_with_them(
    stack, deployment, better
) -> None:
    before, stable = claims(), deployment.status()["stable"]["name"]
    stack.helm("uninstall", "sluice", "--wait")
    assert claims() == before
    assert deployment.status()["stable"]["name"] == stable
    with stack.timed("installed again"):
        stack.install()
        stack.await_ready()
    assert len(versions(MODEL)) == 3
    assert deployment.await_phase("RolledBack", better)["stable"]["name"] == stable
    users = Users(stack=stack, plan=Plan(model=MODEL))
    users.start()
    eventually(lambda: answered(users)[stable] > 100, within=120, every=1.0)
