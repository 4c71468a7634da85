"""One candidate under a policy, and how long a proof takes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.prospect import Place, prospects, wait_of
from sluice_operator.simulation.rehearsal import (
    End,
    Profile,
    Trial,
    Users,
    poll_of,
    rehearsed,
)

ERRORS = {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "1.5"}
SLO = {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.02"}


def spec_of(*steps, gates=(ERRORS, SLO), **more) -> Spec:
    plain = {
        "model": {"uri": "models:/churn/2"},
        "strategy": {"type": "Canary", "steps": list(steps)},
        "gates": list(gates),
        "rollback": {"bake": "5m"},
    }
    return Spec.model_validate(plain | more)


def check(*gates: str, **more):
    return {"analysis": {"gates": list(gates), "maxDuration": "30m"} | more}


CANARY = spec_of({"setWeight": 10}, check("slo"))


def trial(spec: Spec = CANARY, rate: float = 50.0, times: float = 1.0, **more) -> Trial:
    users = Users(traffic=Traffic(per_second=rate), **more)
    worse = replace(users.stable, error_rate=times * users.stable.error_rate)
    return Trial(spec=spec, users=users, candidate=worse)


def test_equal_seeds_end_equally_and_others_do_not():
    assert rehearsed(trial(times=4), 3) == rehearsed(trial(times=4), 3)
    assert rehearsed(trial(times=4), 3) != rehearsed(trial(times=4), 4)


def test_a_healthy_candidate_is_promoted_and_hurts_nobody():
    ending = rehearsed(trial(), 1)
    assert (ending.end, ending.cause, ending.hurt) == (End.PROMOTED, "", 0.0)
    assert ending.peak_weight == 100
    assert ending.exposed > 50 * 300 * 0.9  # it answers alone while it bakes


def test_a_bad_candidate_is_taken_back_by_the_gate_that_is_named():
    ending = rehearsed(trial(times=20), 1)
    assert (ending.end, ending.cause) == (End.ROLLED_BACK, "errors")
    assert ending.seconds < 120
    assert ending.hurt == pytest.approx(ending.exposed * 19 * 0.005)


def test_who_is_undecided_when_time_is_over_pauses_or_goes_home():
    slow = {"rate": 0.5}
    paused = rehearsed(trial(spec_of({"setWeight": 10}, check("slo")), **slow), 1)
    assert (paused.end, paused.cause) == (End.PAUSED, "slo undecided")
    home = spec_of({"setWeight": 10}, check("slo", onInconclusive="Rollback"))
    assert rehearsed(trial(home, **slow), 1).end is End.ROLLED_BACK


def test_people_approve_and_resume_at_once():
    spec = spec_of({"setWeight": 10}, {"approval": {}}, {"pause": {}}, check("slo"))
    assert rehearsed(trial(spec), 1).end is End.PROMOTED


def test_a_candidate_that_never_gets_ready_goes_home():
    users = Users(traffic=Traffic(per_second=50))
    broken = Trial(spec=CANARY, users=users, candidate=Behaviour(broken="digest differs"))
    assert rehearsed(broken, 1).end is End.ROLLED_BACK


@pytest.mark.parametrize("profile", Profile)
def test_a_healthy_candidate_survives_every_profile(profile):
    endings = [rehearsed(trial(profile=profile), seed).end for seed in range(8)]
    assert endings.count(End.ROLLED_BACK) == 0


def test_a_plan_of_days_is_looked_at_less_often():
    days = spec_of({"setWeight": 10}, check("slo", maxDuration="72h"))
    assert poll_of(CANARY) == timedelta(seconds=5)
    assert timedelta(seconds=10) < poll_of(days) < timedelta(seconds=20)


def test_a_proof_takes_as_much_longer_as_there_is_less_traffic():
    gate, place = CANARY.gate("slo"), Place(weight=10)
    fast, slow = (
        wait_of(gate, place, Users(traffic=Traffic(per_second=rate)), timedelta(hours=1), seed=1)
        for rate in (50.0, 5.0)
    )
    assert slow.median / fast.median == pytest.approx(10, rel=0.5)
    assert fast.within == 1.0


def test_what_cannot_work_is_said_with_what_would_help():
    users = Users(traffic=Traffic(per_second=1.0))
    spec = spec_of({"setWeight": 5}, check("errors", maxDuration="1h"))
    (found,) = prospects(spec, users)
    assert not found.works
    assert found.wait.median is None or found.wait.median > timedelta(days=1)
    ways = dict(found.ways_out)
    assert ways["a mirror of 100 %"].median < timedelta(days=60)


def test_a_proof_that_is_had_in_time_needs_no_way_out():
    (found,) = prospects(CANARY, Users(traffic=Traffic(per_second=50)))
    assert (found.works, found.ways_out, found.step) == (True, (), 1)
