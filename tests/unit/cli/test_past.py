"""`sluice rollout explain` and `replay` of a RolloutRun alone."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from operator_world import OperatorWorld
from sluice_cli.past.change import changes_of
from sluice_cli.past.reason import decided, least, otherwise
from sluice_cli.past.source import Where, past_of
from sluice_operator.cluster.kind import ROLLOUT_RUN
from sluice_operator.controller.journal import block_of, lines_in
from sluice_operator.laptop.home import Home
from sluice_operator.simulation.behaviour import Behaviour

SLUICE = Path(sys.executable).with_name("sluice")


def record(error_rate: float, seconds: int = 400) -> list[dict]:
    """The RolloutRuns of a rollout from beginning to end."""
    world = OperatorWorld()
    world.apply("s3://models/one")
    world.run(30)
    world.world.behaviours["s3://models/two"] = Behaviour(error_rate=error_rate)
    world.apply("s3://models/two")
    world.run(seconds)
    return [dict(run) for run in world.memory.list(ROLLOUT_RUN) if run["spec"]["attempt"] == 2]


@pytest.fixture(scope="module")
def bad() -> list[dict]:
    return record(0.05)


@pytest.fixture(scope="module")
def good() -> list[dict]:
    return record(0.005)


def sluice(folder: Path, runs: list[dict], *words: str) -> "subprocess.CompletedProcess[str]":
    (folder / "run.yaml").write_text(yaml.safe_dump_all(runs))
    command = [SLUICE, "rollout", *words, "-f", "run.yaml"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=280
    )


def test_a_record_of_a_cluster_replays_from_a_file(tmp_path, bad):
    done = sluice(tmp_path, bad, "replay")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("decisions of attempt 2: all equal\n")


def test_a_list_as_kubectl_prints_it_is_a_record_too(tmp_path, bad):
    listed = [{"apiVersion": "v1", "kind": "List", "items": bad}]
    assert "all equal" in sluice(tmp_path, listed, "replay", "churn").stdout


def test_the_first_decision_that_differs_is_named(tmp_path, bad):
    (run,) = bad
    lines = list(lines_in(run["status"]["journal"]))
    number = next(n for n, line in enumerate(lines) if re.search(rb'"bad":[1-9]', line))
    lines[number] = re.sub(rb'"bad":[1-9]\d*', b'"bad":0', lines[number])
    forged = {**run, "status": {**run["status"], "journal": block_of(lines)}}
    done = sluice(tmp_path, [forged], "replay")
    assert done.returncode == 1
    assert f"decision {number + 1} at" in done.stdout


def test_a_decision_that_is_shown_otherwise_than_it_was_made_is_named(tmp_path, bad):
    (run,) = copy.deepcopy(bad)
    decision = next(one for one in run["status"]["decisions"] if one.get("gates"))
    honest, decision["weight"] = decision["weight"], 77
    done = sluice(tmp_path, [run], "replay")
    assert done.returncode == 1
    assert f"weight: the record shows 77, and {honest} follows from its journal" in done.stdout


def test_a_decision_at_a_time_when_nobody_looked_is_named(tmp_path, bad):
    (run,) = copy.deepcopy(bad)
    decisions = run["status"]["decisions"]
    decisions[1]["at"] = decisions[1]["at"].replace(".000000Z", ".000001Z")
    done = sluice(tmp_path, [run], "replay")
    assert (done.returncode, "when nobody looked" in done.stdout) == (1, True)


def test_a_decision_without_a_time_is_named(tmp_path, bad):
    (run,) = copy.deepcopy(bad)
    run["status"]["decisions"][3]["at"] = "soon"
    done = sluice(tmp_path, [run], "replay")
    assert (done.returncode, "status.decisions[3].at: is no time" in done.stderr) == (1, True)


def test_what_an_older_operator_did_not_show_is_no_difference(tmp_path, bad):
    (run,) = copy.deepcopy(bad)
    for decision in run["status"]["decisions"]:
        for gate in decision.get("gates", ()):
            gate.pop("candidate")
    assert sluice(tmp_path, [run], "replay").returncode == 0


@pytest.mark.parametrize(
    "text", ["hello", "- 1", "kind: RolloutRun", "items: [{kind: RolloutRun}]"]
)
def test_a_file_that_is_no_record_is_named(text, tmp_path):
    (tmp_path / "run.yaml").write_text(text)
    command = [SLUICE, "rollout", "replay", "-f", "run.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr, "run.yaml" in done.stderr) == (
        1,
        False,
        True,
    )


def test_a_record_without_a_journal_says_so(tmp_path, bad):
    (run,) = bad
    status = {key: value for key, value in run["status"].items() if key != "journal"}
    done = sluice(tmp_path, [{**run, "status": status}], "replay")
    assert done.returncode == 1
    assert "its journal is empty" in done.stderr


def test_the_retreat_is_explained_with_what_would_have_prevented_it(tmp_path, bad):
    done = sluice(tmp_path, bad, "explain", "-o", "json")
    told = json.loads(done.stdout)
    back = next(
        one
        for one in told["decisions"]
        if any(event["reason"] == "RollingBack" for event in one["events"])
    )
    assert back["rule"]["name"] == "take_back_when_harmful"
    errors = next(gate for gate in back["gates"] if gate["name"] == "errors")
    assert errors["eHarm"] >= errors["eHarmNeeded"] == 100
    assert errors["lower"] > 1
    assert any("fewer bad answer" in change for change in back["otherwise"])


def test_one_count_less_than_told_changes_nothing(tmp_path, bad):
    """The change that is told is the least one: the core itself is asked with one less."""
    past = past_of(where(tmp_path, bad), "", 0)
    turn = next(
        turn
        for turn in past.turns
        if any(event.reason == "RollingBack" for event in turn.decision.events)
    )
    (window,) = [window for window in turn.seen.windows if window.gate == "errors"]
    (fewer,), _ = changes_of(turn.spec.gate("errors"), window, None)
    count = least(turn, fewer)
    assert decided(turn, fewer.of(count)) is not None
    assert count == 1 or decided(turn, fewer.of(count - 1)) is None
    assert any(change.startswith(f"{count:,} fewer") for change in otherwise(turn))


def where(folder: Path, runs: list[dict]) -> Where:
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump_all(runs))
    return Where(home=Home(root=folder), file=path)


def test_a_number_or_a_time_names_one_decision(tmp_path, good):
    by_number = json.loads(sluice(tmp_path, good, "explain", "--at", "9", "-o", "json").stdout)
    (decision,) = by_number["decisions"]
    assert decision["number"] == 9
    by_time = sluice(tmp_path, good, "explain", "--at", decision["at"], "-o", "json")
    assert json.loads(by_time.stdout)["decisions"][0]["at"] == decision["at"]
    lost = sluice(tmp_path, good, "explain", "--at", "soon")
    assert (lost.returncode, "neither a number nor a time" in lost.stderr) == (1, True)


def test_the_page_shows_weight_and_evidence_over_time(tmp_path, good):
    done = sluice(tmp_path, good, "explain", "--html", "page.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text()
    assert "<svg" in page
    assert "all equal" in page
    assert "Promoting" in page


def test_without_a_name_or_a_file_nothing_is_guessed(tmp_path):
    done = subprocess.run(
        [SLUICE, "rollout", "explain"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "name the ModelDeployment" in done.stderr) == (1, True)
