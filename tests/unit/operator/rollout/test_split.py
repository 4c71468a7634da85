"""Shares are counted only where the wanted one was in force during all of a window."""

from dataclasses import replace
from datetime import timedelta

import pytest
from laptop_specs import CANDIDATE, NOW, STABLE, serving, spec, status
from sluice_operator.model import Arm, Observation, Routes, Verdict, Window
from sluice_operator.rollout.attend import attend
from sluice_operator.rollout.decide import decide
from sluice_operator.rollout.gate import armed, fresh_gates
from sluice_operator.rollout.split import SETTLING, share_of
from sluice_operator.rollout.status import Phase

SPEC = spec(
    gates=[{"name": "split", "metric": "SampleRatio"}, {"name": "errors", "metric": "ErrorRate"}],
    strategy={
        "type": "Canary",
        "steps": [{"setWeight": 10}, {"pause": {"duration": "10m"}}, {"setWeight": 50}],
    },
)
LOOK, REST = timedelta(seconds=5), timedelta(minutes=10)


def begun(**changes):
    """A candidate with a tenth of the users, whose routes have been reported for a while."""
    settled = {"steady_since": NOW - SETTLING - LOOK, "step": 1, "step_since": NOW} | changes
    state = replace(fresh_gates(SPEC)["split"], seen_at=NOW - LOOK, cursor="before")
    return status(gates={**fresh_gates(SPEC), "split": state}, **settled)


def sight(candidate: int = 10, at=NOW, **changes) -> Observation:
    """A hundred requests, so many of them answered by the candidate."""
    counts = Window(
        gate="split",
        cursor="after",
        stable=Arm(total=100 - candidate, bad=0),
        candidate=Arm(total=candidate, bad=0),
    )
    return Observation(now=at, serving=serving(**changes), windows=(counts,))


def counted(before, seen) -> int:
    """Requests that became evidence."""
    evidence = attend(SPEC, before, seen).status.gates["split"].evidence
    return evidence.stable.total + evidence.candidate.total


def test_a_window_that_began_after_the_routes_had_settled_is_counted():
    after = attend(SPEC, begun(), sight(candidate=20)).status.gates["split"]
    assert (after.evidence.candidate.total, after.wanted) == (20, 10.0)
    assert (after.cursor, after.seen_at) == ("after", NOW)


@pytest.mark.parametrize(
    "steady_since",
    [None, NOW, NOW - SETTLING, NOW - SETTLING - LOOK + timedelta(microseconds=1)],
    ids=["never", "now", "at its end", "not quite at its beginning"],
)
def test_a_window_that_began_earlier_says_nothing_and_is_no_outage(steady_since):
    state = attend(SPEC, begun(steady_since=steady_since), sight()).status.gates["split"]
    assert state.evidence.stable.total + state.evidence.candidate.total == 0
    assert (state.cursor, state.error, state.blind_since) == ("after", "", None)


def test_a_router_that_reports_something_else_ends_the_window():
    other = Routes(weights={STABLE.name: 91, CANDIDATE.name: 9})
    assert counted(begun(), sight(routes=other)) == 0
    assert attend(SPEC, begun(), sight(routes=other)).status.steady_since is None


def test_a_router_that_cannot_be_read_is_not_steady():
    assert attend(SPEC, begun(), sight(routes=None)).status.steady_since is None


def test_steadiness_begins_with_the_first_report():
    after = attend(SPEC, begun(steady_since=None), sight()).status
    assert after.steady_since == NOW
    later = attend(SPEC, after, sight(at=NOW + LOOK)).status
    assert later.steady_since == NOW


@pytest.mark.parametrize("weight", [0, 100])
def test_one_revision_alone_has_no_share(weight):
    routes = status(weight=weight).routing.routes
    state = begun().gates["split"]
    assert share_of(begun(weight=weight), state, sight(routes=routes)) is None


def test_another_weight_begins_to_settle_anew():
    resting = begun(step_since=NOW)
    kept = decide(SPEC, resting, sight()).status
    assert (kept.weight, kept.steady_since) == (10, resting.steady_since)
    raised = decide(SPEC, replace(resting, step_since=NOW - REST), sight()).status
    assert (raised.weight, raised.steady_since) == (50, None)


def test_a_bake_has_no_share_to_ask_for():
    baking = status(phase=Phase.BAKING, stable=CANDIDATE, candidate=None, previous=STABLE)
    assert armed(SPEC, baking) == ()


def test_a_share_that_is_wrong_takes_the_candidate_back_and_names_both():
    before, at = begun(), NOW
    for _ in range(200):
        decision = decide(SPEC, before, sight(candidate=20, at=at))
        before, at = decision.status, at + LOOK
        if before.phase is Phase.ROLLING_BACK:
            break
    assert before.gates["split"].evidence.verdict is Verdict.HARM
    assert before.retreat is not None
    assert before.retreat.cause.startswith("Gate split: requests: ")
    assert before.retreat.cause.endswith("; the candidate got 20.00%, wanted were 10.00%")


def test_a_share_that_is_right_harms_nobody():
    before, at = begun(), NOW
    for _ in range(300):
        before = attend(SPEC, before, sight(candidate=10, at=at)).status
        at += LOOK
    assert before.gates["split"].evidence.verdict is Verdict.SAFE
