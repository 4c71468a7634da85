"""Every verb and every state on a real API server, all at the same time.

Specs are applied as GitOps does it, server-side; whatever the state, they must stay their own.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from control_plane import ControlPlane
from eventually import eventually
from operator_stage import BAD, BETTER, BROKEN, CANARY, GOOD, NAMESPACE, Stage, stage_on
from sluice_operator.cluster.kind import FIELD_MANAGER, MODEL_DEPLOYMENT, ROLLOUT_ACTION

pytestmark = pytest.mark.timeout(600)
"""One story for all tests of the module; the first of them waits for it."""
BRIEF = {"rollback": {"bake": "1s"}}
AT_ONCE = {"strategy": {"type": "Immediate"}, "gates": []}
EDITS = 7
EDIT_SECONDS = 1.0
"""From an edit to the first status that says it was read."""


def canary(*steps: dict[str, Any]) -> dict[str, Any]:
    """A canary without gates that stays at 10 % as long as its steps say."""
    plan = [{"setWeight": 10}, *steps, {"setWeight": 100}]
    return {"strategy": {"type": "Canary", "ungated": True, "steps": plan}, "gates": []} | BRIEF


LONG = canary({"pause": {"duration": "1h"}})
STATES: dict[str, dict[str, Any]] = {
    "healthy": {},
    "progressing": LONG,
    "paused": canary({"pause": {}}),
    "baking": AT_ONCE | {"rollback": {"bake": "1h"}},
    "rolled-back": {},
    "failed": {},
}
"""Deployment, called like the phase that it stays in, to what brings it there beside its model."""
SECOND = {"progressing": BETTER, "paused": BETTER, "baking": BETTER, "rolled-back": BAD}
"""Those of them that try a second model."""
ACTORS = {
    "rested": LONG,
    "approved": canary({"approval": {}}),
    "skipped": LONG,
    "in-full": LONG,
    "aborted": LONG,
}
LEAVING, EDITED = "leaving", "edited"
NAMES = (*STATES, *ACTORS, LEAVING, EDITED)


@dataclass
class Asked:
    """One thing that somebody asked for."""

    deployment: str
    attempt: int
    """Whose record tells of it."""
    action: str
    verb: str


@dataclass
class Told:
    """How the stories have ended."""

    stage: Stage
    asked: dict[str, Asked] = field(default_factory=dict)
    """By verb."""
    ignored: str = ""
    """Name of an action that meant another revision."""
    after: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Verb to the status that it led to."""

    def ask(self, verb: str, name: str, attempt: int, holds: Any) -> None:
        """Ask for something, and wait until it has been done."""
        status = self.stage.get(MODEL_DEPLOYMENT, name)["status"]
        judged = status.get("candidate") or status["stable"]
        revision = status["rejected"][-1] if verb == "Retry" else judged["name"]
        action = self.stage.ask(name, verb, revision)
        self.asked[verb] = Asked(name, attempt, action, verb)
        self.after[verb] = self.stage.until(name, holds)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    plane = ControlPlane.start(tmp_path_factory.mktemp("plane"))
    try:
        with stage_on(plane, tmp_path_factory.mktemp("stage")) as stage:
            stage.start_operator()
            yield story(stage)
    finally:
        plane.stop()


def story(stage: Stage) -> Told:
    stage.apply_all("first", *map(first, NAMES), how="--server-side")
    for name in NAMES:
        stage.until(name, in_phase("Failed" if name == "failed" else "Healthy"))
    stage.apply_all("second", *map(last, NAMES), how="--server-side")
    for name in ACTORS:
        stage.until(name, on_trial)
    told = Told(stage)
    act(told)
    return told


def act(told: Told) -> None:
    """Every verb where it fits, and one where it does not."""
    told.ask("Pause", "rested", 2, in_phase("Paused"))
    told.ask("Promote", "approved", 2, stands("Healthy", BETTER))
    told.ask("SkipStep", "skipped", 2, stands("Healthy", BETTER))
    told.ask("PromoteFull", "in-full", 2, stands("Healthy", BETTER))
    told.ask("Abort", "aborted", 2, stands("RolledBack", GOOD))
    told.ignored = told.stage.ask("rested", "Abort", told.after["Pause"]["stable"]["name"])
    told.ask("Resume", "rested", 2, in_phase("Progressing"))
    told.ask("Retry", "aborted", 2, lambda status: status["attempt"] == 3)
    told.ask("Undo", "in-full", 3, lambda status: status["attempt"] == 3)


def first(name: str) -> dict[str, Any]:
    return wanted(name, BROKEN if name == "failed" else GOOD)


def last(name: str) -> dict[str, Any]:
    """What its user wants in the end."""
    uri = BETTER if name in ACTORS else SECOND.get(name)
    return wanted(name, uri) if uri else first(name)


def wanted(name: str, uri: str) -> dict[str, Any]:
    how = STATES.get(name, {}) | ACTORS.get(name, {})
    return {"name": name, "spec": {"model": {"uri": uri}} | CANARY | BRIEF | how}


def in_phase(phase: str):
    return lambda status: status.get("phase") == phase


def stands(phase: str, uri: str):
    return lambda status: status.get("phase") == phase and status["stable"]["uri"] == uri


def on_trial(status) -> bool:
    return status.get("traffic", {}).get("observedWeight") == 10


VERBS = ("Pause", "Resume", "Promote", "SkipStep", "PromoteFull", "Abort", "Retry", "Undo")


@pytest.mark.parametrize("verb", VERBS)
def test_what_somebody_asked_for_is_done_and_the_record_says_who_and_why(verb, told):
    asked = told.asked[verb]
    result = eventually(lambda: told.stage.get(ROLLOUT_ACTION, asked.action).get("status"))
    assert result["state"] == "Done"

    def recorded():
        entries = told.stage.run_of(asked.deployment, asked.attempt).get("decisions", ())
        actions = [entry["action"] for entry in entries if "action" in entry]
        return next((one for one in actions if one["id"] == asked.action), None)

    done = eventually(recorded)
    assert (done["verb"], done["by"], done["reason"]) == (verb, "jo", "test")


def test_an_action_that_means_another_revision_is_ignored_with_what_there_is(told):
    result = eventually(lambda: told.stage.get(ROLLOUT_ACTION, told.ignored).get("status"))
    candidate = told.after["Pause"]["candidate"]["name"]
    assert result["state"] == "Ignored"
    assert candidate in result["message"]


def test_what_is_skipped_by_hand_is_told_as_such(told):
    entries = told.stage.run_of("skipped", 2)["decisions"]
    (skipped,) = [entry for entry in entries if "action" in entry]
    assert skipped["action"]["verb"] == "SkipStep"
    assert told.stage.run_of("skipped", 2)["outcome"] == "Promoted"


def test_an_undo_at_rest_goes_back_by_the_steps(told):
    assert told.after["Undo"]["goingBack"] is True
    assert told.after["Undo"]["candidate"]["uri"] == GOOD


def test_a_retry_tries_the_rejected_revision_again(told):
    assert told.after["Retry"]["candidate"]["uri"] == BETTER
    assert "rejected" not in told.after["Retry"]


@pytest.mark.parametrize("name", STATES)
def test_the_spec_stays_the_users_own_in_every_state(name, told):
    told.stage.until(name, in_phase(name.title().replace("-", "")))
    assert touched(told.stage, name) == ("", [])


def test_the_spec_stays_the_users_own_while_a_deployment_leaves(told):
    told.stage.painter.away = True  # so that it cannot leave before it was looked at
    try:
        told.stage.cluster.delete(MODEL_DEPLOYMENT, NAMESPACE, LEAVING)
        told.stage.until(LEAVING, in_phase("Terminating"))
        assert touched(told.stage, LEAVING) == ("", [])
    finally:
        told.stage.painter.away = False
    eventually(lambda: not told.stage.get(MODEL_DEPLOYMENT, LEAVING), within=60)


def touched(stage: Stage, name: str) -> tuple[str, list[str]]:
    """How the object differs from its file, and who else has written a spec."""
    file = str(stage.written(name, last(name)))
    diff = stage.plane.kubectl("diff", "--server-side", "-f", file)
    with stage.plane.client() as client:
        owners = client.get(path_of(name)).raise_for_status().json()["metadata"]["managedFields"]
    others = {one["manager"] for one in owners if "f:spec" in one["fieldsV1"]} - {"kubectl"}
    assert FIELD_MANAGER in {one["manager"] for one in owners}
    assert diff.returncode in {0, 1}, diff.stderr
    return diff.stdout, sorted(others)


def path_of(name: str) -> str:
    kind = MODEL_DEPLOYMENT
    return f"/apis/{kind.api_version}/namespaces/{NAMESPACE}/{kind.plural}/{name}"


def test_an_edit_is_seen_to_be_read_within_a_second(told):
    with told.stage.plane.client() as client:
        took = [read_after(client, f"{number + 2}s") for number in range(EDITS)]
    assert min(took) <= EDIT_SECONDS, took  # the others may have waited for the machine


def read_after(client: httpx.Client, bake: str) -> float:
    """Seconds from an edit to the first status that was written for it."""
    headers = {"Content-Type": "application/merge-patch+json"}
    edit = {"spec": {"rollback": {"bake": bake}}}
    began = time.monotonic()
    edited = client.patch(path_of(EDITED), json=edit, headers=headers).raise_for_status().json()

    def is_read() -> bool:
        body = client.get(path_of(EDITED)).raise_for_status().json()
        return body["status"]["observedGeneration"] >= edited["metadata"]["generation"]

    eventually(is_read, within=30, every=0.01)
    return time.monotonic() - began
