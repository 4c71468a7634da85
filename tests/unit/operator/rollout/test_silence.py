"""Revisions that do not answer: a candidate goes home, and stable's silence proves nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from laptop_specs import CANDIDATE, NOW, STABLE, sight, spec, status, window
from sluice_operator.model import Routes
from sluice_operator.rollout.attend import attend
from sluice_operator.rollout.decide import decide
from sluice_operator.rollout.retreat import UNREADY_LIMIT
from sluice_operator.rollout.status import Phase

ONLY_STABLE = frozenset({STABLE.name})
ONLY_CANDIDATE = frozenset({CANDIDATE.name})
LONG = NOW - UNREADY_LIMIT - timedelta(seconds=1)
STABLE_ALONE = Routes(weights={STABLE.name: 100})


def after(before, seen):
    return decide(spec(), before, seen).status


def test_the_clock_of_silence_starts_at_the_first_look_without_an_answer():
    assert after(status(), sight(ready=ONLY_STABLE)).unready_since == NOW


def test_an_answer_stops_the_clock():
    assert after(status(unready_since=LONG), sight()).unready_since is None


def test_a_candidate_that_is_silent_for_too_long_goes_home():
    end = after(status(unready_since=LONG), sight(ready=ONLY_STABLE))
    assert end.phase is Phase.ROLLING_BACK
    assert end.retreat.cause == f"{CANDIDATE.name} had traffic but was not ready for 10 s"


def test_a_candidate_that_is_silent_for_a_moment_stays():
    moment = status(unready_since=NOW - UNREADY_LIMIT)
    assert after(moment, sight(ready=ONLY_STABLE)).phase is Phase.PROGRESSING


def test_a_silent_shadow_goes_home_too():
    shadow = status(phase=Phase.SHADOWING, weight=0, mirror=100, unready_since=LONG)
    routes = replace(STABLE_ALONE, mirror={CANDIDATE.name: 100})
    assert after(shadow, sight(ready=ONLY_STABLE, routes=routes)).phase is Phase.ROLLING_BACK


def test_a_candidate_that_cannot_be_looked_at_is_not_called_silent():
    blind = sight(ready=ONLY_STABLE, error="the engine does not answer")
    assert after(status(unready_since=LONG), blind).phase is Phase.PROGRESSING


def test_after_a_restart_a_candidate_may_take_the_time_that_a_start_takes():
    """The router asks it nothing yet, so nobody suffers."""
    seen = sight(ready=ONLY_STABLE, routes=STABLE_ALONE)
    assert after(status(unready_since=LONG), seen).phase is Phase.PROGRESSING


def test_after_a_restart_a_candidate_that_never_comes_goes_home():
    late = status(unready_since=NOW - spec().progress_deadline - timedelta(seconds=1))
    end = after(late, sight(ready=ONLY_STABLE, routes=STABLE_ALONE))
    assert end.retreat.cause == f"{CANDIDATE.name} was not ready again for 600 s"


def test_a_promotion_whose_stable_falls_silent_is_undone():
    baking = status(
        phase=Phase.BAKING,
        stable=CANDIDATE,
        candidate=None,
        previous=STABLE,
        weight=0,
        unready_since=LONG,
        since=NOW,
    )
    routes = Routes(weights={CANDIDATE.name: 100})
    end = after(baking, sight(ready=ONLY_STABLE, routes=routes))
    assert (end.stable, end.candidate) == (STABLE, CANDIDATE)


@pytest.mark.parametrize("was_away", [False, True])
@pytest.mark.parametrize("is_away", [False, True])
def test_errors_of_a_stable_that_is_away_prove_nothing(was_away, is_away):
    """Also in the window in which it comes back: a part of that is of the time before."""
    ready = ONLY_CANDIDATE if is_away else ONLY_CANDIDATE | ONLY_STABLE
    before = status(stable_away=was_away)
    attended = attend(spec(), before, sight(window(stable=90, candidate=5), ready=ready)).status
    evidence = attended.gates["errors"].evidence
    assert evidence.windows == (0 if was_away or is_away else 1)
    assert attended.gates["errors"].cursor == "next"
    assert attended.stable_away is is_away


def test_a_limit_on_the_candidate_alone_is_judged_while_stable_is_away():
    seen = sight(window("slo", candidate=5), ready=ONLY_CANDIDATE)
    assert attend(spec(), status(), seen).status.gates["slo"].evidence.windows == 1


def test_a_gate_that_cannot_compare_says_so():
    state = attend(spec(), status(), sight(window(), ready=ONLY_CANDIDATE)).status.gates["errors"]
    assert state.error == "stable does not answer, so there is nothing to compare with"
    assert state.blind_since is None
