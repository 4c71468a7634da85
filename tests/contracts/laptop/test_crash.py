"""Processes that are killed in the middle of a rollout: what holds, and what comes back."""

import os
import signal
from contextlib import suppress

from eventually import eventually
from laptop_world import WATCHED_HALF, canary, is_alive
from sluice_operator.laptop.run_record import replay

STEADY = {
    "strategy": canary({"setWeight": 50}, {"pause": {}}, {"setWeight": 100}, ungated=True),
}
"""Half of the traffic and no gate: only silence can take the candidate back."""


def trying(laptop, plan, users=None):
    """A candidate with half of the traffic; names of stable and candidate, and their routes."""
    stable = laptop.view()["stable"]
    candidate = laptop.apply(laptop.package(), **plan)
    half = {stable: 50, candidate: 50}
    laptop.until(lambda seen: (seen["observed"] or {}).get("weights") == half)
    if users is not None:
        users.come_anew()
        eventually(lambda: len(users.of(candidate)) > 5)
    return stable, candidate, half


def decisions(laptop):
    """Every status of the present attempt, in order; each was decided again, and is equal."""
    turns = list(replay(laptop.home.run_file("loans", laptop.view()["attempt"])))
    assert all(turn.equal for turn in turns)
    return [turn.decision.status for turn in turns]


def test_envoy_comes_back_with_the_routes_of_the_rollout(laptop):
    with laptop.users() as users:
        _, candidate, half = trying(laptop, WATCHED_HALF, users)
        samples = laptop.view()["gates"][0]["samples"]
        old = laptop.kill("envoy")
        eventually(lambda: (pid := laptop.processes().get("envoy")) and pid != old)
        laptop.until(lambda seen: (seen["observed"] or {}).get("weights") == half)
        laptop.until(lambda seen: seen["gates"][0]["samples"] > samples + 20)
    seen = laptop.view()
    assert (seen["phase"], seen["candidate"], seen["weight"]) == ("Progressing", candidate, 50)
    assert {status.phase for status in decisions(laptop)} == {"Preparing", "Progressing"}


def test_people_are_told_that_envoy_is_dead_and_where_it_says_why(laptop):
    _, _, half = trying(laptop, WATCHED_HALF)

    def killed_until_seen():
        """It comes back within a second, in which nobody may have looked."""
        with suppress(KeyError, ProcessLookupError):
            laptop.kill("envoy")
        told = laptop.view()["error"]
        return told if "killed by SIGKILL" in told else ""

    told = eventually(killed_until_seen, within=60, every=0.1)
    assert "Envoy at http://127.0.0.1:" in told
    assert f"(see {laptop.home.root / 'logs' / 'envoy.log'})" in told
    seen = laptop.until(lambda seen: (seen["observed"] or {}).get("weights") == half)
    assert (seen["phase"], seen["error"]) == ("Progressing", "")


def test_a_stable_that_is_killed_comes_back_and_nobody_gains_by_it(laptop):
    """Its errors are no proof that the candidate is safe, nor that it is harmful."""
    with laptop.users() as users:
        stable, candidate, half = trying(laptop, WATCHED_HALF, users)
        old = laptop.kill(stable)
        laptop.until(lambda seen: stable not in seen["ready"])
        laptop.until(lambda seen: stable in seen["ready"])
        assert laptop.processes()[stable] != old
        answered = len(users.of(stable))
        eventually(lambda: [a.is_good for a in users.of(stable)[answered:]].count(True) > 10)
    seen = laptop.view()
    assert (seen["phase"], seen["candidate"]) == ("Progressing", candidate)
    assert seen["observed"]["weights"] == half
    assert {status.weight for status in decisions(laptop)} == {0, 50}
    assert seen["gates"][0]["eSafe"] < 5  # its errors, counted, would make millions of it
    assert {answer.revision for answer in users.failures()} == {stable}


def test_a_candidate_that_is_killed_under_traffic_goes_home(laptop):
    with laptop.users(per_second=40) as users:
        stable, candidate, _ = trying(laptop, WATCHED_HALF, users)
        laptop.kill(candidate)
        seen = laptop.until_phase("RolledBack")
        assert seen["history"][-1]["cause"].startswith("Gate errors")
        assert seen["observed"]["weights"] == {stable: 100}
        moment = max(answer.at for answer in users.of(candidate))
        eventually(lambda: len(users.of(stable, sent_after=moment)) > 20)
        assert not users.failures(sent_after=moment)
    assert {answer.revision for answer in users.failures()} == {candidate}
    assert max(status.weight for status in decisions(laptop)) == 50


def test_a_candidate_that_falls_silent_under_traffic_goes_home(laptop):
    stable, candidate, _ = trying(laptop, STEADY)
    frozen = laptop.kill(candidate, signal.SIGSTOP)
    seen = laptop.until_phase("RolledBack")
    assert f"{candidate} had traffic but was not ready for 10 s" in seen["history"][-1]["cause"]
    assert seen["observed"]["weights"] == {stable: 100}
    assert laptop.ask(x_sluice_route=candidate).headers["x-sluice-route"] == stable
    os.kill(frozen, signal.SIGCONT)
    eventually(lambda: not is_alive(frozen), within=30)


def test_a_killed_installation_leaves_no_process_and_goes_on_where_it_was(laptop):
    _, candidate, half = trying(laptop, WATCHED_HALF)
    with laptop.users(per_second=40) as users:
        eventually(lambda: len(users.of(candidate)) > 20)
    before = laptop.until(lambda seen: seen["gates"][0]["samples"] > 20)
    pids = list(laptop.processes().values())
    assert len(pids) == 3
    controller = laptop.controller()

    os.kill(controller, signal.SIGKILL)

    eventually(lambda: not any(is_alive(pid) for pid in [controller, *pids]))
    laptop.up()
    after = laptop.until(lambda seen: (seen["observed"] or {}).get("weights") == half)
    assert (after["attempt"], after["phase"]) == (before["attempt"], "Progressing")
    assert after["gates"][0]["samples"] >= before["gates"][0]["samples"]
    with laptop.users():  # what they are told before a look has found stable ready is not counted
        laptop.until(lambda seen: seen["gates"][0]["samples"] > before["gates"][0]["samples"] + 5)
    assert {status.attempt for status in decisions(laptop)} == {before["attempt"]}
