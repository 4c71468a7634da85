"""What people can do with a rollout, by the commands that they type."""

import json

import httpx
from eventually import eventually
from laptop_world import ERRORS, WATCHED_HALF, canary, is_alive
from sluice_operator.laptop.run_record import replay
from terminal import Screen

HALF_THEN_APPROVAL = {
    "strategy": canary({"setWeight": 50}, {"approval": {}}, {"setWeight": 100}, ungated=True),
    "rollback": {"bake": "10m"},
}
WATCHED_THEN_REST = {
    "strategy": canary(
        {"setWeight": 20},
        {"analysis": {"gates": ["errors"], "minDuration": "10m", "maxDuration": "1h"}},
        {"setWeight": 60},
        {"pause": {}},
    ),
    "gates": [ERRORS],
    "rollback": {"bake": "0s"},
}


def routes(laptop):
    return laptop.view()["observed"]["weights"]


def test_get_tells_in_json_what_the_router_does(laptop):
    seen = json.loads(laptop.sluice("rollout", "get", "loans", "-o", "json"))
    assert seen["phase"] in {"Healthy", "RolledBack"}
    assert seen["observed"]["weights"] == {seen["stable"]: 100}
    assert seen["ready"] == [seen["stable"]]
    ready = next(c for c in seen["conditions"] if c["type"] == "Ready")
    assert ready["status"] is True


def test_a_paused_rollout_keeps_its_weight_until_it_is_resumed(laptop):
    stable = laptop.view()["stable"]
    candidate = laptop.apply(laptop.package(), **WATCHED_HALF)
    half = {stable: 50, candidate: 50}
    laptop.until(lambda seen: seen["step"] and seen["step"]["title"] == "analysis")

    laptop.sluice("rollout", "pause", "loans", "-m", "lunch")
    paused = laptop.until_phase("Paused")
    assert "lunch" in paused["message"]
    assert routes(laptop) == half

    laptop.sluice("rollout", "resume", "loans")
    laptop.until_phase("Progressing")
    assert routes(laptop) == half


def test_an_aborted_candidate_loses_its_pinned_users_until_somebody_says_retry(laptop):
    stable = laptop.view()["stable"]
    candidate = laptop.apply(laptop.package(), **WATCHED_HALF)
    laptop.until(lambda seen: (seen["observed"] or {}).get("weights", {}).get(candidate) == 50)
    assert laptop.ask(x_sluice_route=candidate).headers["x-sluice-route"] == candidate

    laptop.sluice("rollout", "abort", "loans", "-m", "changed my mind")

    seen = laptop.until_phase("RolledBack")
    assert seen["observed"]["weights"] == {stable: 100}
    assert "changed my mind" in seen["history"][-1]["cause"]
    assert laptop.ask(x_sluice_route=candidate).headers["x-sluice-route"] == stable

    laptop.sluice("rollout", "retry", "loans")
    again = laptop.until_phase("Progressing")
    assert (again["candidate"], again["attempt"]) == (candidate, seen["attempt"] + 1)


def test_a_candidate_that_was_promoted_by_hand_can_be_undone(laptop):
    before = laptop.view()["stable"]
    candidate = laptop.apply(laptop.package(), **HALF_THEN_APPROVAL)
    laptop.until(lambda seen: "approval" in seen["message"])

    with laptop.users() as users:
        laptop.sluice("rollout", "promote", "loans")
        baking = laptop.until_phase("Baking")
        assert baking["stable"] == candidate
        eventually(lambda: routes(laptop) == {candidate: 100})

        laptop.sluice("rollout", "undo", "loans", "-m", "users complain")
        seen = laptop.until_phase("RolledBack")
    assert seen["stable"] == before
    assert seen["observed"]["weights"] == {before: 100}
    assert candidate in seen["rejected"]
    assert users.of(before)
    assert not users.failures()


def test_a_step_that_was_skipped_is_remembered_with_what_was_not_proven(laptop):
    stable = laptop.view()["stable"]
    candidate = laptop.apply(laptop.package(), **WATCHED_THEN_REST)
    laptop.until(lambda seen: seen["step"] and seen["step"]["title"] == "analysis")
    laptop.until(lambda seen: seen["observed"]["weights"] == {stable: 80, candidate: 20})

    said = laptop.sluice("rollout", "skip", "loans", "-m", "seen enough")

    assert said == f"SkipStep of {candidate} asked\n"
    sixty = {stable: 40, candidate: 60}
    laptop.until(lambda seen: (seen["observed"] or {}).get("weights") == sixty)
    by_hand = told(laptop, "SteppedByHand")
    assert "seen enough (without proof of errors)" in by_hand.message


def test_promote_full_leaves_out_all_steps_that_remain(laptop):
    candidate = laptop.apply(laptop.package(), **WATCHED_THEN_REST)
    laptop.until(lambda seen: seen["step"] and seen["step"]["title"] == "analysis")

    with laptop.users() as users:
        laptop.sluice("rollout", "promote", "loans", "--full", "-m", "it is urgent")
        seen = laptop.until(lambda seen: seen["stable"] == candidate)
        eventually(lambda: users.of(candidate))
    assert (seen["phase"], seen["observed"]["weights"]) == ("Healthy", {candidate: 100})
    assert seen["history"][-1]["outcome"] == "Promoted"
    assert "it is urgent (without proof of errors)" in told(laptop, "SteppedByHand").message
    assert not users.failures()


def test_watch_follows_a_rollout_until_it_rests(laptop):
    candidate = laptop.apply(laptop.package(), **WATCHED_HALF)
    laptop.until(lambda seen: seen["step"] and seen["step"]["title"] == "analysis")
    with Screen(laptop.command("rollout", "watch", "loans")) as screen:
        screen.until_it_shows("Progressing")
        assert screen.command.poll() is None
        laptop.sluice("rollout", "abort", "loans", "-m", "seen enough")
        screen.until_it_shows("RolledBack")
        assert screen.command.wait(timeout=30) == 0
    assert "seen enough" in screen.text
    assert candidate not in routes(laptop)


def test_ctrl_c_ends_the_watching_and_not_the_rollout(laptop):
    candidate = laptop.apply(laptop.package(), **WATCHED_HALF)
    laptop.until(lambda seen: seen["step"] and seen["step"]["title"] == "analysis")
    with Screen(laptop.command("rollout", "watch", "loans")) as screen:
        screen.until_it_shows(candidate)
        screen.ctrl_c()
        assert screen.command.wait(timeout=30) == 130
    assert "Traceback" not in screen.text
    assert laptop.view()["phase"] == "Progressing"
    assert candidate in routes(laptop)


def told(laptop, reason):
    """The last event of a kind in the present attempt."""
    turns = replay(laptop.home.run_file("loans", laptop.view()["attempt"]))
    return [e for turn in turns for e in turn.decision.events if e.reason == reason][-1]


def test_every_decision_of_an_attempt_can_be_replayed(laptop):
    record = laptop.home.run_file("loans", 1)
    said = laptop.sluice("rollout", "replay", "loans", "--attempt", "1")
    assert said == f"{record.read_text().count(chr(10))} decisions of attempt 1: all equal\n"

    record.write_text(record.read_text().replace('"ready":["', '"ready":["another-'))
    refused = laptop.run("rollout", "replay", "loans", "--attempt", "1")
    assert refused.code == 1
    assert "differs" in refused.out


def test_a_candidate_that_fails_requests_goes_home_by_itself(laptop):
    stable = laptop.view()["stable"]
    with laptop.users(per_second=40, region="rare") as users:
        candidate = laptop.apply(laptop.package(knows_rare=False), **WATCHED_HALF)
        seen = laptop.until(lambda seen: seen["history"][-1]["revision"] == candidate)
        assert seen["phase"] == "RolledBack"
        assert seen["history"][-1]["cause"].startswith("Gate errors")
        moment = max(answer.at for answer in users.of(candidate))
        eventually(lambda: len(users.of(stable, sent_after=moment)) > 20)
        assert not users.of(candidate, sent_after=moment)
    assert {answer.revision for answer in users.failures()} == {candidate}


def test_a_deleted_deployment_is_gone_with_its_servers(laptop):
    revision = laptop.serve_first(name="fraud")
    pid = laptop.processes()[revision]
    assert laptop.ask("fraud").status_code == httpx.codes.OK

    laptop.sluice("delete", "fraud")

    eventually(lambda: laptop.ask("fraud").status_code == httpx.codes.NOT_FOUND)
    eventually(lambda: not is_alive(pid), within=30)
    assert laptop.run("rollout", "get", "fraud").code == 1
    assert laptop.ask().status_code == httpx.codes.OK


def test_what_was_served_is_served_again_after_down_and_up(laptop):
    before = laptop.view()
    assert laptop.sluice("down") == "down\n"
    laptop.up()
    stable = {before["stable"]: 100}
    seen = laptop.until(
        lambda seen: seen["at"] > before["at"] and (seen["observed"] or {}).get("weights") == stable
    )
    assert (seen["phase"], seen["attempt"]) == (before["phase"], before["attempt"])
    assert laptop.ask().headers["x-sluice-route"] == before["stable"]
