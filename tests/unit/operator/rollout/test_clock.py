"""A clock that was set back: what is timed begins anew, and takes no longer than that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from laptop_specs import CANDIDATE, NOW, STABLE, sight, spec, status
from sluice_operator.model import Routes
from sluice_operator.rollout.attend import not_after
from sluice_operator.rollout.decide import decide
from sluice_operator.rollout.status import GateState, Pause, PauseReason, Phase

LATER = NOW + timedelta(minutes=10)
SPEC = spec()
BAKING = status(
    phase=Phase.BAKING, stable=CANDIDATE, candidate=None, previous=STABLE, weight=0, since=LATER
)


def test_a_bake_from_the_future_begins_now_and_ends_in_its_time():
    routes = Routes(weights={CANDIDATE.name: 100})
    seen = sight(routes=routes)
    begun = decide(SPEC, BAKING, seen).status
    assert (begun.phase, begun.since) == (Phase.BAKING, NOW)
    end = replace(seen, now=NOW + SPEC.rollback.bake)
    assert decide(SPEC, begun, end).status.phase is Phase.HEALTHY


@pytest.mark.parametrize(
    "moment", ["since", "step_since", "blind_since", "unready_since", "drift_since"]
)
def test_no_moment_is_later_than_now(moment):
    assert getattr(not_after(status(**{moment: LATER}), NOW), moment) == NOW


def test_a_pause_and_the_silence_of_a_gate_are_no_later_either():
    state = GateState(test=next(iter(status().gates.values())).test, blind_since=LATER)
    pause = Pause(reason=PauseReason.MANUAL, since=LATER)
    seen = not_after(status(pause=pause, gates={"errors": state}), NOW)
    assert (seen.pause.since, seen.gates["errors"].blind_since) == (NOW, NOW)


def test_what_is_past_stays():
    before = status(since=NOW - timedelta(minutes=1), step_since=NOW)
    assert not_after(before, NOW) == before
