"""Every sample on a real API server, with a good and a bad candidate, all at the same time.

The samples are those that users copy; only names, places of models and durations are others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from control_plane import ControlPlane
from eventually import eventually
from operator_stage import BAD, BETTER, GOOD, NAMESPACE, SLOW, WRONG, Stage, stage_on
from sluice_operator.cluster.kind import (
    ROLLOUT_ACTION,
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    VIRTUAL_SERVICE,
    Kind,
    name_of,
)

pytestmark = pytest.mark.timeout(600)
"""One story for all tests of the module; the first of them waits for it."""
SAMPLES = Path(__file__).parents[2] / "manifests" / "samples"
QUICK = {"minDuration": "1s", "maxDuration": "10m"}
BAKE = {"rollback": {"bake": "2s"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a sample must do with a bad candidate."""

    bad: str
    """Its URI; the candidate is bad in what the sample asks about."""
    gate: str
    """The gate that finds it, or one of those that may."""
    peak: int
    """Percent of the users that it may ever have had."""


TRIALS = {
    "canary": Trial(bad=BAD, gate="errors slo", peak=5),
    "shadow": Trial(bad=WRONG, gate="no-worse", peak=0),
    "shadow-then-canary": Trial(bad=WRONG, gate="better", peak=0),
    "ab-test": Trial(bad=SLOW, gate="fast", peak=50),
    "blue-green": Trial(bad=BAD, gate="alive", peak=0),
    "manual-approval": Trial(bad=BAD, gate="errors slo", peak=10),
    "immediate": Trial(bad=BAD, gate="slo", peak=100),
    "seldon-v1": Trial(bad=BAD, gate="errors slo", peak=10),
    "templates": Trial(bad=BAD, gate="errors slo", peak=10),
}
PLAYED_ELSEWHERE = {"defaults"}
"""Its steps are filled in and take minutes; tests/unit/samples plays it in no time."""


@dataclass
class Told:
    """How the stories have ended."""

    stage: Stage
    ends: dict[str, dict[str, Any]]
    """Deployment to its status at rest."""
    approval: str
    """Name of the RolloutAction that a person made."""
    seen_before_approval: dict[str, Any]
    """Status of the sample that asks, while it waited."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    plane = ControlPlane.start(tmp_path_factory.mktemp("plane"))
    try:
        with stage_on(plane, tmp_path_factory.mktemp("stage")) as stage:
            plane.kubectl("create", "secret", "generic", "models-bucket", "-n", NAMESPACE)
            stage.start_operator()
            yield story(stage)
    finally:
        plane.stop()


def story(stage: Stage) -> Told:
    """Every sample adopts its first model, then tries another."""
    bring_templates(stage)
    names = [f"{sample}-{how}" for sample in TRIALS for how in ("good", "bad")]
    stage.apply_all("first", *(wanted(name, GOOD) for name in names))
    for name in names:
        stage.until(name, is_healthy)
    uris = {name: candidate_of(name) for name in names}
    stage.apply_all("second", *(wanted(name, uri) for name, uri in uris.items()))
    waiting = stage.until("manual-approval-good", waits_for_approval)
    approval = stage.ask("manual-approval-good", "Promote", waiting["candidate"]["name"])
    ends = {name: stage.until(name, has_tried_twice) for name in names}
    return Told(stage=stage, ends=ends, approval=approval, seen_before_approval=waiting)


def candidate_of(name: str) -> str:
    sample, _, how = name.rpartition("-")
    return BETTER if how == "good" else TRIALS[sample].bad


def wanted(name: str, uri: str) -> dict[str, Any]:
    found = documents_of(name.rpartition("-")[0])
    spec = shortened(next(one for one in found if one["kind"] == "ModelDeployment")["spec"])
    return {"name": name, "spec": spec | BAKE | {"model": spec["model"] | {"uri": uri}}}


def documents_of(sample: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((SAMPLES / f"{sample}.yaml").read_text()))


def bring_templates(stage: Stage) -> None:
    """What samples name in place of writing it."""
    found = [one for sample in TRIALS for one in documents_of(sample)]
    file = stage.folder / "templates.yaml"
    file.write_text(yaml.safe_dump_all(one for one in found if one["kind"] == "GateTemplate"))
    applied = stage.plane.kubectl("apply", "-n", NAMESPACE, "-f", str(file))
    assert applied.returncode == 0, applied.stderr


def shortened(part: Any) -> Any:
    """The same with durations that a test can wait for."""
    if isinstance(part, list):
        return [shortened(one) for one in part]
    if not isinstance(part, Mapping):
        return part
    quick = {key: QUICK.get(key, shortened(value)) for key, value in part.items()}
    return quick | ({"pause": {"duration": "1s"}} if "pause" in part else {})


def is_healthy(status) -> bool:
    return status.get("phase") == "Healthy"


def waits_for_approval(status) -> bool:
    return status.get("step", {}).get("title") == "sign-off"


def has_tried_twice(status) -> bool:
    tried = status.get("attempt") == 2 and "candidate" not in status
    return tried and status["phase"] in {"Healthy", "RolledBack"} and "previous" not in status


def test_there_is_a_trial_for_each_sample():
    assert set(TRIALS) | PLAYED_ELSEWHERE == {file.stem for file in SAMPLES.glob("*.yaml")}


@pytest.mark.parametrize("sample", TRIALS)
def test_a_good_candidate_of_a_sample_gets_all_users(sample, told):
    name = f"{sample}-good"
    end = told.ends[name]
    assert (end["phase"], end["stable"]["uri"]) == ("Healthy", BETTER)
    assert eventually(lambda: told.stage.run_of(name, 2).get("outcome")) == "Promoted"
    assert told.stage.weights(name) == {end["stable"]["name"]: 100}


@pytest.mark.parametrize("sample", TRIALS)
def test_a_bad_candidate_of_a_sample_is_sent_home_for_the_right_reason(sample, told):
    name, trial = f"{sample}-bad", TRIALS[sample]
    end = told.ends[name]
    past = end["history"][-1]
    assert (end["phase"], end["stable"]["uri"]) == ("RolledBack", GOOD)
    assert past["outcome"] in outcomes_of(trial)
    assert past["peakWeight"] == trial.peak
    assert "harm proven" in past["cause"]
    assert any(gate in past["cause"] for gate in trial.gate.split())
    assert told.stage.weights(name) == {end["stable"]["name"]: 100}


def test_the_run_tells_who_approved_and_why(told):
    assert told.seen_before_approval["traffic"]["observedWeight"] == 10
    result = eventually(lambda: told.stage.get(ROLLOUT_ACTION, told.approval).get("status"))
    assert result["state"] == "Done"
    (decided,) = [
        entry["action"]
        for entry in told.stage.run_of("manual-approval-good", 2)["decisions"]
        if "action" in entry
    ]
    assert (decided["verb"], decided["by"], decided["reason"]) == ("Promote", "jo", "test")


def test_a_candidate_with_servers_of_its_own_keeps_them_as_stable(told):
    stable = told.ends["blue-green-good"]["stable"]["name"]
    assert told.stage.get(SELDON_MODEL, stable)["spec"]["server"] == stable
    assert told.stage.get(SELDON_SERVER, stable)["spec"]["serverConfig"] == "mlserver"


def test_the_servers_of_a_candidate_go_with_it(told):
    bad = told.ends["blue-green-bad"]["history"][-1]["revision"]["name"]
    assert bad in told.ends["blue-green-bad"]["rejected"]
    eventually(lambda: bad not in names_of(told.stage, SELDON_SERVER), within=60)
    assert bad not in names_of(told.stage, SELDON_MODEL)


@pytest.mark.parametrize("how", ["good", "bad"])
def test_core_1_ends_with_one_predictor_and_a_route_to_it(how, told):
    name = f"seldon-v1-{how}"
    stable = told.ends[name]["stable"]["name"]

    def predictors() -> list[str]:
        body = told.stage.get(SELDON_DEPLOYMENT, name)
        return [one["name"] for one in body["spec"]["predictors"]]

    eventually(lambda: predictors() == [stable], within=60)
    rules = told.stage.get(VIRTUAL_SERVICE, name)["spec"]["http"]
    assert {route["destination"]["subset"] for rule in rules for route in rule["route"]} == {stable}
    assert name not in names_of(told.stage, SELDON_EXPERIMENT)


def test_core_1_is_judged_by_what_its_executors_have_counted(told):
    asked = [
        gate["source"]
        for entry in told.stage.run_of("seldon-v1-bad", 2)["decisions"]
        for gate in entry.get("gates", ())
    ]
    assert asked
    assert all("seldon_api_executor_server_requests_seconds_count" in query for query in asked)


def outcomes_of(trial: Trial) -> set[str]:
    """With all users at once, the proof comes just before the promotion or just after it."""
    return {"RolledBack", "Undone"} if trial.peak == 100 else {"RolledBack"}


def names_of(stage: Stage, kind: Kind) -> set[str]:
    return {name_of(body) for body in stage.cluster.list(kind, NAMESPACE)}
