import logging
import threading
from datetime import timedelta

import pytest
from laptop_simulated import (
    FAILING,
    NAME,
    PLAN,
    SimulatedLaptop,
    revision_name,
    wanted,
)
from sluice_operator.laptop.controller import RESTING_LOOK, TICK
from sluice_operator.laptop.home import read_json
from sluice_operator.laptop.run_record import replay
from sluice_operator.model import Routes, Verb
from sluice_operator.rollout.status import Outcome, Phase
from sluice_operator.simulation.world import World


@pytest.fixture
def laptop(tmp_path):
    """A laptop on which v1 serves."""
    laptop = SimulatedLaptop.at(tmp_path).wants("v1").run(4)
    assert laptop.status.phase is Phase.HEALTHY
    return laptop


def deployment_file(laptop, name=NAME):
    return laptop.home.root / "deployments" / f"{name}.yaml"


def looks(laptop, turns: int) -> int:
    """How many turns in a row have looked at the world."""
    before = laptop.world.observed
    for _ in range(turns):
        laptop.controller.turn()
    return laptop.world.observed - before


class WatchedWorld(World):
    """A world that counts how often it is looked at."""

    observed = 0

    def observe(self, name):
        self.observed += 1
        return super().observe(name)


@pytest.fixture
def watched(tmp_path):
    laptop = SimulatedLaptop(home=SimulatedLaptop.at(tmp_path).home, world=WatchedWorld())
    return laptop.wants("v1").run(4)


def test_a_good_candidate_is_promoted_and_a_bad_one_taken_back(laptop):
    laptop.wants("v2").until(Phase.PROGRESSING).until(Phase.HEALTHY)
    laptop.wants("v3", FAILING).until(Phase.ROLLED_BACK)
    status = laptop.status
    assert [a.outcome for a in status.history][1:] == [Outcome.PROMOTED, Outcome.ROLLED_BACK]
    assert laptop.world.routes == Routes(weights={revision_name("v2"): 100})
    assert status.history[-1].peak_weight == 20


def test_every_event_is_told_once(laptop):
    laptop.wants("v2", FAILING).until(Phase.ROLLED_BACK).run(5)
    for reason in ("Adopted", "RolloutStarted", "GateHarm", "RollingBack", "RolledBack"):
        assert laptop.heard(reason) == 1, reason


def test_a_resting_deployment_is_looked_at_every_few_seconds_only(watched):
    watched.run(RESTING_LOOK.total_seconds())
    before = watched.world.observed
    watched.run(60)
    expected = 60 / RESTING_LOOK.total_seconds()
    assert expected - 1 <= watched.world.observed - before <= expected + 1


def test_an_edited_spec_that_changes_nothing_is_looked_at_once(watched):
    watched.run(RESTING_LOOK.total_seconds())
    watched.home.apply(wanted("v1", noDataLimit="3m"))
    assert looks(watched, turns=5) == 1


def test_a_new_wish_is_seen_at_the_next_turn(watched):
    looks(watched, turns=1)
    watched.wants("v2")
    assert looks(watched, turns=1) == 1


def test_a_clock_that_is_set_back_does_not_blind_the_controller(watched):
    watched.wants("v2", FAILING).until(Phase.PROGRESSING)
    watched.world.now -= timedelta(hours=1)
    assert looks(watched, turns=1) == 1


def test_a_bad_deployment_file_does_not_stop_the_others(laptop, caplog):
    deployment_file(laptop, "broken").write_text("spec: [")
    laptop.wants("v2").until(Phase.PROGRESSING).until(Phase.HEALTHY)
    assert laptop.status.stable.name == revision_name("v2")
    complaints = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage().partition(":")[0] for record in complaints] == ["broken"]


def test_a_damaged_request_does_not_stop_anybody(laptop):
    (laptop.home.root / "actions" / "0001.json").write_text("{")
    laptop.wants("v2").until(Phase.PROGRESSING).until(Phase.HEALTHY)
    assert laptop.status.stable.name == revision_name("v2")


def test_a_file_that_is_damaged_in_the_middle_does_not_disarm_the_guardrails(laptop):
    laptop.wants("v2", FAILING).until(Phase.PROGRESSING)
    deployment_file(laptop).write_text("spec: [")
    laptop.until(Phase.ROLLED_BACK)
    assert laptop.world.routes == Routes(weights={revision_name("v1"): 100})


def test_trouble_is_logged_when_it_begins_and_when_it_ends(laptop, caplog):
    caplog.set_level(logging.INFO)
    laptop.wants("v2").run(6)
    laptop.world.router_down = True
    laptop.run(20)
    laptop.world.router_down = False
    laptop.run(20)
    about_it = [r.getMessage() for r in caplog.records if "router does" in r.getMessage()]
    assert about_it == [f"{NAME}: Engine refused: router does not answer"]
    assert f"{NAME}: no more trouble" in caplog.text


@pytest.mark.parametrize("damage", ["deployment", "status", "removed"])
def test_trouble_is_not_tried_again_without_a_pause(laptop, damage):
    match damage:
        case "deployment":
            laptop.restart()
            deployment_file(laptop).write_text("spec: [")
        case "status":
            laptop.restart()
            (laptop.home.root / "status" / f"{NAME}.json").write_text("{")
        case _:
            deployment_file(laptop).unlink()
    laptop.world.advance(timedelta(minutes=1))
    laptop.controller.turn()
    assert laptop.controller._pause() == TICK


def test_a_damaged_status_is_not_taken_for_a_new_deployment(laptop):
    file = laptop.home.root / "status" / f"{NAME}.json"
    file.write_text("{")
    laptop.restart()
    routes = laptop.world.routes
    laptop.wants("v2").run(20)
    assert file.read_text() == "{"
    assert laptop.world.routes == routes
    assert laptop.heard("Initializing") == 1


def test_a_status_that_is_mended_goes_on(laptop):
    file = laptop.home.root / "status" / f"{NAME}.json"
    text = file.read_text()
    file.write_text("{")
    laptop.restart()
    laptop.run(5)
    file.write_text(text)
    laptop.wants("v2").until(Phase.PROGRESSING).until(Phase.HEALTHY)
    assert laptop.status.stable.name == revision_name("v2")


class OddWorld(World):
    """An engine with a bug that shows at one deployment."""

    def observe(self, name):
        if name == "odd":
            raise RuntimeError("nobody thought of this")
        return super().observe(name)


def test_a_bug_in_one_look_does_not_end_the_loop(tmp_path, caplog):
    laptop = SimulatedLaptop(home=SimulatedLaptop.at(tmp_path).home, world=OddWorld())
    laptop.home.apply(wanted("v1", name="odd"))
    laptop.wants("v1").until(Phase.HEALTHY)
    assert caplog.text.count("odd: Could not look: RuntimeError('nobody thought of") == 1


def test_an_action_is_carried_out_once_and_then_removed(laptop):
    laptop.wants("v2").run(5)
    laptop.ask(Verb.PAUSE, "v2")
    laptop.run(5)
    assert laptop.status.shown_phase == "Paused"
    assert not laptop.home.actions(NAME)
    laptop.ask(Verb.RESUME, "v2")
    laptop.run(1)
    assert laptop.status.shown_phase == "Progressing"
    assert (laptop.heard("Paused"), laptop.heard("Resumed")) == (1, 1)


def test_an_action_whose_removal_was_lost_is_not_carried_out_again(laptop):
    laptop.wants("v2").run(5)
    laptop.ask(Verb.PAUSE, "v2")
    (file,) = (laptop.home.root / "actions").iterdir()
    text = file.read_text()
    laptop.run(1)
    laptop.ask(Verb.RESUME, "v2")
    laptop.run(1)
    file.write_text(text)
    laptop.restart()
    laptop.run(2)
    assert laptop.status.shown_phase == "Progressing"
    assert laptop.heard("Paused") == 1
    assert not laptop.home.actions(NAME)


def test_an_action_for_another_revision_changes_nothing(laptop):
    laptop.wants("v2").run(5)
    laptop.ask(Verb.ABORT, "v1")
    laptop.run(2)
    assert laptop.heard("ActionIgnored") == 1
    assert laptop.status.shown_phase == "Progressing"


@pytest.mark.parametrize("behaviour", [None, FAILING], ids=["good", "bad"])
def test_restarts_at_any_look_change_no_decision(tmp_path, behaviour):
    whole = SimulatedLaptop.at(tmp_path / "whole").wants("v1").run(4)
    often = SimulatedLaptop.at(tmp_path / "often").wants("v1").run(4)
    for laptop in (whole, often):
        laptop.wants("v2", behaviour)
    while len(whole.status.history) < 2:
        whole.run(0.5)
        often.restart()
        often.run(0.5)
        assert often.status == whole.status
    records = [laptop.home.run_file(NAME, 2) for laptop in (whole, often)]
    once, again = ([turn.decision.status for turn in replay(record)] for record in records)
    assert once == again


def test_a_status_that_was_lost_only_delays(laptop):
    """A crash between acting and remembering: the next process decides the same again."""
    laptop.wants("v2", FAILING).until(Phase.PROGRESSING)
    file = laptop.home.root / "status" / f"{NAME}.json"
    old = file.read_text()
    laptop.until(Phase.ROLLED_BACK)
    file.write_text(old)
    laptop.restart()
    assert laptop.status.phase is Phase.PROGRESSING
    laptop.until(Phase.ROLLED_BACK)
    assert laptop.world.routes == Routes(weights={revision_name("v1"): 100})
    assert all(turn.equal for turn in replay(laptop.home.run_file(NAME, 2)))


def test_a_deleted_deployment_leaves_routes_servers_and_files(laptop):
    laptop.wants("v2").run(6)
    laptop.home.delete(NAME)
    laptop.run(3)
    assert laptop.world.routes == Routes()
    assert laptop.world.running == {}
    assert list(laptop.home.deployments()) == []
    assert not (laptop.home.root / "status" / f"{NAME}.json").exists()
    assert read_json(laptop.home.view_file(NAME)) is None


def test_a_name_that_was_deleted_can_be_used_anew(laptop):
    laptop.home.delete(NAME)
    laptop.run(3)
    laptop.wants("v9").run(4)
    assert laptop.status.attempt == 1
    assert laptop.status.stable.name == revision_name("v9")


def test_a_deletion_waits_for_a_router_that_is_away(laptop):
    laptop.world.router_down = True
    laptop.home.delete(NAME)
    laptop.run(10)
    assert laptop.status.phase is Phase.TERMINATING
    laptop.world.router_down = False
    laptop.run(3)
    assert list(laptop.home.deployments()) == []


def test_a_deployment_that_is_applied_while_it_leaves_begins_anew(laptop):
    laptop.world.router_down = True
    laptop.home.delete(NAME)
    laptop.run(2)
    laptop.wants("v5")
    laptop.run(2)
    laptop.world.router_down = False
    laptop.run(10)
    assert laptop.status.stable.name == revision_name("v5")
    assert laptop.world.routes == Routes(weights={revision_name("v5"): 100})


def test_a_listener_that_fails_hears_the_event_again(laptop):
    def deaf(status, event):
        if laptop.now < until:
            raise OSError("registry is away")
        laptop.hear(status, event)

    laptop.controller.tell = deaf
    until = laptop.now + timedelta(seconds=30)
    laptop.wants("v2", FAILING).run(29)
    assert laptop.status.phase is Phase.ROLLED_BACK
    assert laptop.heard("RolledBack") == 0
    laptop.run(10)
    assert [event.reason for event in laptop.told].count("RolledBack") == 1
    assert [e.at for e in laptop.told] == sorted(e.at for e in laptop.told)


def test_a_gate_that_is_edited_while_the_world_is_watched_starts_anew(laptop):
    laptop.wants("v2").run(8)
    before = laptop.status.gates["errors"].evidence
    assert before.windows > 1
    (gate,) = PLAN["gates"]
    laptop.home.apply(wanted("v2", gates=[gate | {"margin": "1.2"}]))
    laptop.run(0.5)
    assert laptop.status.gates["errors"].evidence.windows <= 1
    assert laptop.status.phase is Phase.PROGRESSING


def test_the_loop_ends_when_it_is_told_to(laptop):
    stop = threading.Event()
    thread = threading.Thread(target=laptop.controller.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
