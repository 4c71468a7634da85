"""`sluice rollout explain` and `replay` of what an operator has recorded in a real API server."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from control_plane import ControlPlane
from eventually import eventually
from operator_stage import BAD, BETTER, GOOD, NAMESPACE, Stage, stage_on
from serving_process import free_ports
from sluice_operator.cluster.kind import ROLLOUT_RUN
from sluice_operator.controller.journal import block_of, lines_in

pytestmark = pytest.mark.timeout(600)
"""One story for all tests of the module; the first of them waits for it."""
SLUICE = Path(sys.executable).with_name("sluice")
SECOND = {"good": BETTER, "bad": BAD}
"""Deployment to its second model."""


@dataclass(frozen=True)
class Told:
    """How the stories have ended."""

    stage: Stage
    ends: dict[str, dict[str, Any]]
    """Deployment to its status at rest."""

    def sluice(
        self, *words: str, where: tuple[str, ...] = (), user: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """A verb of `sluice rollout` as a person runs it who has this login."""
        login = ("--kubeconfig", str(user or self.stage.plane.kubeconfig))
        command = [SLUICE, "rollout", *words, *(where or (*login, "-n", NAMESPACE))]
        return subprocess.run(
            command,
            cwd=self.stage.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )

    def explained(self, *words: str) -> dict[str, Any]:
        """What `explain` says to scripts."""
        done = self.sluice("explain", *words, "-o", "json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def record(self, name: str) -> dict[str, Any]:
        """The RolloutRun of the second attempt."""
        return self.stage.get(ROLLOUT_RUN, f"{name}-2")

    def file(self, run: dict[str, Any]) -> tuple[str, str]:
        """The words that name a file with a record."""
        path = self.stage.folder / "saved.yaml"
        path.write_text(yaml.safe_dump(run))
        return ("--file", str(path))


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
    """A good candidate and a bad one come to their ends, and the operator writes them down."""
    for name in SECOND:
        stage.apply(name, GOOD)
    for name in SECOND:
        stage.until(name, lambda status: status.get("phase") == "Healthy")
    for name, uri in SECOND.items():
        stage.apply(name, uri)
    ends = {name: stage.until(name, has_tried_twice) for name in SECOND}
    for name in SECOND:
        eventually(lambda name=name: stage.run_of(name, 2).get("outcome"))
    return Told(stage, ends)


def has_tried_twice(status) -> bool:
    tried = status.get("attempt") == 2 and "candidate" not in status
    return tried and status["phase"] in {"Healthy", "RolledBack"} and "previous" not in status


def the_one(decisions: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    """The decision with an event of that reason."""
    (found,) = [one for one in decisions if reason in {e["reason"] for e in one["events"]}]
    return found


def test_the_retreat_is_told_with_its_gate_and_its_cause(told):
    shown = told.sluice("explain", "bad")
    assert shown.returncode == 0, shown.stderr
    assert told.ends["bad"]["history"][-1]["cause"] in shown.stdout
    assert re.search(r"gate (errors|slo): ErrorRate of bad-\w+: more", shown.stdout)
    assert "rule take_back_when_harmful" in shown.stdout
    assert "asked: " in shown.stdout


def test_scripts_are_told_which_proof_took_the_candidate_back(told):
    back = the_one(told.explained("bad")["decisions"], "RollingBack")
    assert back["rule"]["name"] == "take_back_when_harmful"
    proven = [gate for gate in back["gates"] if gate["verdict"] == "Harm"]
    assert proven
    assert all(gate["eHarm"] >= gate["eHarmNeeded"] for gate in proven)
    assert all(gate["source"] and gate["name"] in {"errors", "slo"} for gate in back["gates"])


def test_the_promotion_is_told_with_the_gate_that_opened_each_step(told):
    decisions = told.explained("good")["decisions"]
    promoting = the_one(decisions, "Promoting")
    assert [gate["verdict"] for gate in promoting["gates"] if gate["name"] == "slo"] == ["Safe"]
    assert any("GateSafe" in {e["reason"] for e in one["events"]} for one in decisions)
    assert all(one["equal"] for one in decisions)


@pytest.mark.parametrize("how", ["a number", "a time of the day", "a whole moment"])
def test_one_decision_is_told_of_the_moment_that_was_asked_for(how, told):
    wanted = the_one(told.explained("bad")["decisions"], "RollingBack")
    clock = wanted["at"].partition("T")[2].partition("+")[0]
    at = {"a number": str(wanted["number"]), "a time of the day": clock}.get(how, wanted["at"])
    assert told.explained("bad", "--at", at)["decisions"] == [wanted]


def test_an_earlier_attempt_is_told_of_when_it_is_named(told):
    first = told.explained("bad", "--attempt", "1")
    assert first["attempt"] == 1
    assert first["decisions"][-1]["phase"] == "Healthy"


@pytest.mark.parametrize("name", SECOND)
def test_every_decision_of_an_operator_is_made_again(name, told):
    done = told.sluice("replay", name)
    assert (done.returncode, done.stdout.endswith("attempt 2: all equal\n")) == (0, True), done


def test_a_record_that_somebody_edited_is_told_by_its_first_decision(told):
    number, gate, decision = counted(told.record("bad")["status"]["decisions"])
    place = f"/status/decisions/{number}/gates/{gate}/candidate/bad"
    honest = decision["gates"][gate]["candidate"]["bad"]
    patch(told.stage, "bad-2", place, honest + 1)
    forged = told.sluice("replay", "bad")
    explained = told.sluice("explain", "bad", "--at", decision["at"])
    patch(told.stage, "bad-2", place, honest)
    which = f"gates[{decision['gates'][gate]['name']}].candidate.bad"
    assert forged.returncode == 1
    assert decision["at"][11:26] in forged.stdout
    assert f"{which}: the record shows {honest + 1}, and {honest} follows" in forged.stdout
    assert f"DIFFERS from what was recorded: {which}" in explained.stdout
    assert told.sluice("replay", "bad").returncode == 0


def counted(decisions: list[dict[str, Any]]) -> tuple[int, int, dict[str, Any]]:
    """Place of the first decision with a gate that has counted failures, and of that gate."""
    return next(
        (number, place, decision)
        for number, decision in enumerate(decisions)
        for place, gate in enumerate(decision.get("gates", ()))
        if gate["candidate"]["bad"]
    )


def patch(stage: Stage, run: str, path: str, value: int) -> None:
    """`kubectl edit` of the status, without the editor."""
    change = json.dumps([{"op": "replace", "path": path, "value": value}])
    words = ("patch", "rolloutrun", run, "-n", NAMESPACE, "--subresource=status")
    done = stage.plane.kubectl(*words, "--type=json", "-p", change)
    assert done.returncode == 0, done.stderr


def test_a_saved_record_with_one_count_changed_is_told_by_its_first_decision(told):
    run = told.record("bad")
    whole = told.sluice("replay", "bad", where=told.file(run))
    assert (whole.returncode, "all equal" in whole.stdout) == (0, True)
    lines = list(lines_in(run["status"]["journal"]))
    number = next(n for n, line in enumerate(lines) if re.search(rb'"bad":[1-9]', line))
    lines[number] = re.sub(rb'"bad":[1-9]\d*', b'"bad":0', lines[number], count=1)
    forged = copy.deepcopy(run)
    forged["status"]["journal"] = block_of(lines)
    found = told.sluice("replay", "bad", where=told.file(forged))
    assert found.returncode == 1
    assert re.search(rf"(?m)^decision {number + 1} at .* differs", found.stdout)


@pytest.mark.parametrize("verb", ["explain", "replay"])
def test_a_name_without_a_record_is_told_what_there_is(verb, told):
    done = told.sluice(verb, "baad")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"baad: no RolloutRun in namespace {NAMESPACE}" in done.stderr
    assert "there are records of bad, good" in done.stderr
    assert "kubectl get rrun --all-namespaces" in done.stderr


def test_an_attempt_without_a_record_is_told_which_there_are(told):
    done = told.sluice("explain", "bad", "--attempt", "7")
    assert done.returncode == 1
    assert "no record of attempt 7" in done.stderr
    assert "bad attempt 1, bad attempt 2" in done.stderr


def test_the_namespace_is_that_of_the_context_as_kubectl_takes_it(told):
    bare = told.stage.plane.kubeconfig
    elsewhere = told.sluice("replay", "bad", where=("--kubeconfig", str(bare)))
    assert "no RolloutRun in namespace default; there is no record at all" in elsewhere.stderr
    login = json.loads(bare.read_text())
    login["contexts"][0]["context"]["namespace"] = NAMESPACE
    placed = told.stage.folder / "placed.kubeconfig"
    placed.write_text(json.dumps(login))
    assert told.sluice("replay", "bad", where=("--kubeconfig", str(placed))).returncode == 0


@pytest.mark.parametrize("verb", ["explain", "replay"])
def test_a_server_that_is_away_is_named_with_what_to_look_at(verb, told):
    (port,) = free_ports(1)
    plane = told.stage.plane
    away = told.stage.folder / "away.kubeconfig"
    away.write_text(plane.kubeconfig.read_text().replace(plane.url, f"https://127.0.0.1:{port}"))
    done = told.sluice(verb, "bad", user=away)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert f"no answer from https://127.0.0.1:{port}" in done.stderr
    assert f"`kubectl get rrun --namespace {NAMESPACE}` gets an answer" in done.stderr
    assert "carried out" not in done.stderr


@pytest.mark.parametrize("verb", ["explain", "replay"])
def test_a_person_without_rights_is_told_which_to_ask_for(verb, told):
    done = told.sluice(verb, "bad", user=told.stage.plane.kubeconfig_for("jo"))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert 'User "jo" cannot list resource "rolloutruns"' in done.stderr
    assert f"ask for the right to list rolloutruns.sluice.dev in namespace {NAMESPACE}" in (
        done.stderr
    )
    assert "ClusterRole" not in done.stderr


def test_a_context_that_is_not_there_is_named(told):
    login = str(told.stage.plane.kubeconfig)
    done = told.sluice("explain", "bad", where=("--kubeconfig", login, "--context", "other"))
    assert (done.returncode, "other" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
