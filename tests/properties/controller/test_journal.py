"""A RolloutRun holds all that its decisions were made from, whatever the weather was."""

import base64
import json

import pytest
from cluster_fault import FaultPlan, Strike
from cluster_watch import WatchFaults
from operator_storm import Storm, Weather
from operator_story import STORIES
from operator_world import CANARY, OperatorWorld
from sluice_operator.cluster.kind import ROLLOUT_RUN
from sluice_operator.controller import journal
from sluice_operator.controller.journal import block_of, entries_of, lines_in
from sluice_operator.rollout.replay import replayed
from sluice_operator.simulation.behaviour import Behaviour

ROUGH = Weather(
    plan=FaultPlan(kill_at=30, kill=Strike.LATE, before=0.1, after=0.1, late=0.1),
    watch=WatchFaults(lag=3, drop=0.1, duplicate=0.2, relist=0.1, stale=10),
    calm_after=120,
    longest=900,
)


def runs_of(memory):
    """RolloutRuns by attempt, pages among them."""
    found = {}
    for run in memory.list(ROLLOUT_RUN):
        found.setdefault(run["spec"]["attempt"], []).append(run)
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("story", STORIES)
def test_what_a_storm_has_left_of_the_record_replays_to_the_bit(story, seed):
    storm = Storm(seed, STORIES[story], ROUGH)
    storm.run()
    kept = runs_of(storm.memory)
    turns = [turn for runs in kept.values() for turn in replayed(entries_of(runs))]
    assert turns
    assert all(turn.equal for turn in turns)


@pytest.fixture
def told():
    """A rollout from beginning to end, with the decisions that were made."""
    world = OperatorWorld()
    world.apply("s3://models/one")
    world.run(30)
    world.world.behaviours["s3://models/two"] = Behaviour(error_rate=0.02)
    world.apply("s3://models/two")
    world.run(400)
    return runs_of(world.memory)[2]


def test_every_decision_of_an_attempt_is_in_its_record(told):
    turns = list(replayed(entries_of(told)))
    reasons = [event.reason for turn in turns for event in turn.decision.events]
    assert reasons[0] == "RolloutStarted"
    assert reasons[-1] == "RolledBack"
    assert not any(turn.resumed for turn in turns)
    (run,) = told
    said = [decision["message"] for decision in run["status"]["decisions"]]
    assert [m for m in said if "Gate" in m] == [
        event.message
        for turn in turns
        for event in turn.decision.events[-1:]
        if "Gate" in event.message
    ]


def long_rollout():
    """Every RolloutRun of a rollout whose journal fills some pages."""
    world = OperatorWorld()
    world.apply("s3://models/one")
    world.run(30)
    check = {"analysis": {"gates": ["slo"], "minDuration": "20m", "maxDuration": "30m"}}
    steps = [{"setWeight": 10}, check, {"setWeight": 50}, check]
    world.apply("s3://models/two", **CANARY | {"strategy": {"type": "Canary", "steps": steps}})
    world.run(3_000)
    return runs_of(world.memory)[2]


def arms_in(plain):
    """Counts of the candidate that had requests."""
    return [w["candidate"] for w in plain["seen"]["windows"] if w["candidate"]["total"]]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_one_count_that_was_changed_is_found(told, share):
    (run,) = told
    lines = list(lines_in(run["status"]["journal"]))
    counted = [at for at, line in enumerate(lines) if arms_in(json.loads(line))]
    number = counted[int(share * len(counted))]
    plain = json.loads(lines[number])
    arm = arms_in(plain)[0]
    arm["bad"] += 1 if arm["bad"] < arm["total"] else -1
    lines[number] = json.dumps(plain).encode()
    forged = {**run, "status": {**run["status"], "journal": block_of(lines)}}
    equal = [turn.equal for turn in replayed(entries_of([forged]))]
    assert equal.index(False) == number


def test_a_journal_that_is_full_goes_on_on_another_page(monkeypatch):
    monkeypatch.setattr(journal, "FULL_CHARACTERS", 9_000)
    runs = long_rollout()
    (whole,) = [run for run in runs if not run["spec"].get("page")]
    pages = sorted(run["spec"]["page"] for run in runs if run["spec"].get("page"))
    assert len(pages) > 2
    assert [page["number"] for page in whole["status"]["pages"]] == pages
    turns = list(replayed(entries_of(runs)))
    assert all(turn.equal for turn in turns)
    assert not any(turn.resumed for turn in turns)
    alone = list(replayed(entries_of([whole])))
    assert alone == turns[-len(alone) :]


def test_of_a_record_that_is_too_long_the_beginning_is_lost(monkeypatch):
    monkeypatch.setattr(journal, "FULL_CHARACTERS", 9_000)
    monkeypatch.setattr("sluice_operator.controller.scribe.MOST_PAGES", 2)
    runs = long_rollout()
    (whole,) = [run for run in runs if not run["spec"].get("page")]
    assert len(whole["status"]["pages"]) == 2
    assert len(runs) == 3
    turns = list(replayed(entries_of(runs)))
    assert all(turn.equal for turn in turns)
    assert turns[0].decision.events == ()
    first = whole["status"]["pages"][0]["since"]
    assert turns[0].seen.now.isoformat()[:19] == first[:19]


def test_a_damaged_block_is_told_with_its_number(told):
    (run,) = told
    blocks = run["status"]["journal"].split(".")
    blocks[2] = blocks[2][0] + base64.b64encode(b"nothing").decode()
    forged = {**run, "status": {**run["status"], "journal": ".".join(blocks)}}
    with pytest.raises(journal.JournalError, match=r"churn-2: block 3 of the journal is damaged"):
        list(entries_of([forged]))
