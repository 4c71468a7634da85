"""What holds in every rollout, whatever people, models, routers and disks do.

The invariants have numbers; I8 (one writer per epoch) is a matter of several operators, and stands
in `properties/seldon` and `properties/cluster`.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rollout_life import PLANS, TRIAL, Happening, Life, a_life, lives, spec_of, trials
from sluice_operator.model import Routes, Verb, Verdict
from sluice_operator.rollout.decide import decide
from sluice_operator.rollout.reconcile import Reconciled
from sluice_operator.rollout.record import status_from_json, status_to_json
from sluice_operator.rollout.status import RESTING, TRYING, Outcome, Phase, Status

UNREMEMBERED = [Happening(kind="ask", value=(Verb.PAUSE, "v1"))] * 2
"""Requests that do not fit: that each was told so must be remembered before the next is read."""


@given(trials, st.integers(0, 60))
@example((PLANS[1], [*TRIAL, *UNREMEMBERED], 0), 21)
@settings(max_examples=60, deadline=None)
def test_a_retreat_needs_nothing_but_the_router(life, moment) -> None:
    """I1: no counts, no disk that takes the status, no candidate that answers, no other request."""
    plan, story, seed = life
    alive = a_life(plan, seed)
    chances = (number for number, _ in enumerate(alive.live(story)) if _can_retreat(alive))
    assume(any(number >= moment for number in chances) or _can_retreat(alive))
    assert alive.status.candidate is not None
    assert alive.status.stable is not None
    candidate, stable = alive.status.candidate.name, alive.status.stable.name
    alive.ask(Verb.ABORT, candidate)
    alive.world.metrics_down = alive.losing = True
    list(alive.heal_router())
    assert alive.world.routes == Routes(weights={stable: 100})


def _can_retreat(alive: Life) -> bool:
    """The candidate has users or copies, and stable could take everything."""
    status, world = alive.status, alive.world
    if status.phase not in TRYING or status.candidate is None or status.stable is None:
        return False
    ready = world.observe("churn").ready
    has_traffic = status.candidate.name in {**world.routes.weights, **world.routes.mirror}
    return has_traffic and (status.stable.name in {*ready, *world.routes.weights})


@given(lives)
@settings(max_examples=60, deadline=None)
def test_once_a_retreat_began_no_weight_rises_before_a_new_attempt(life) -> None:
    """I2: neither in what is wanted nor in what the router does."""
    plan, story, seed = life
    alive = a_life(plan, seed)
    for before, turn, was in _routed(alive, story):
        after = turn.decision.status
        if before.phase is Phase.ROLLING_BACK:
            assert after.phase in RESTING | {Phase.ROLLING_BACK}
        if after.phase is not Phase.ROLLING_BACK:
            continue
        assert (after.weight, after.mirror) == (0, 0)
        assert after.candidate is not None
        assert _share(alive.world.routes, after.candidate.name) <= _share(was, after.candidate.name)


@given(lives)
@settings(max_examples=60, deadline=None)
def test_a_revision_that_was_taken_back_gets_nothing_until_it_is_tried_again(life) -> None:
    """I2, after the retreat."""
    plan, story, seed = life
    alive = a_life(plan, seed)
    for _, turn in alive.live(story):
        status = turn.decision.status
        trusted = {one.name for one in (status.stable, status.candidate) if one is not None}
        for name in set(status.rejected) - trusted:
            assert _share(alive.world.routes, name) == (0, 0)


def _routed(alive: Life, story: list) -> Iterator[tuple[Status, Reconciled, Routes]]:
    """Every turn, with what the router did before it."""
    was = alive.world.routes
    for before, turn in alive.live(story):
        yield before, turn, was
        was = alive.world.routes


def _share(routes: Routes, revision: str) -> tuple[int, int]:
    """Answers and copies, in percent."""
    return routes.weights.get(revision, 0), routes.mirror.get(revision, 0)


@given(lives)
@settings(max_examples=60, deadline=None)
def test_nothing_is_promoted_without_proof_of_this_attempt_or_a_person(life) -> None:
    """I3."""
    plan, story, seed = life
    by_hand: set[int] = set()
    for before, turn in a_life(plan, seed).live(story):
        after = turn.decision.status
        if any(event.reason == "SteppedByHand" for event in turn.decision.events):
            by_hand.add(after.attempt)
        promoted = before.phase is not Phase.PROMOTING and after.phase is Phase.PROMOTING
        if not promoted or after.attempt in by_hand or after.going_back:
            continue
        for gate in spec_of(plan, "v1").gates:
            if gate.role == "Objective":
                assert after.gates[gate.name].evidence.verdict is Verdict.SAFE


@given(lives)
@settings(max_examples=60, deadline=None)
def test_missing_counts_change_no_verdict(life) -> None:
    """I4."""
    plan, story, seed = life
    alive = a_life(plan, seed)
    for before, turn in alive.live(story):
        after = turn.decision.status
        if not alive.world.metrics_down or after.attempt != before.attempt:
            continue
        assert not any(e.reason.startswith("Gate") for e in turn.decision.events)
        for name, state in before.gates.items():
            assert after.gates[name].evidence.samples == state.evidence.samples


@given(lives)
@settings(max_examples=60, deadline=None)
def test_live_weights_sum_to_100_and_whoever_gains_answers(life) -> None:
    """I5: but for a stable that takes back what it had a part of."""
    plan, story, seed = life
    alive = a_life(plan, seed)
    for _, turn, was in _routed(alive, story):
        now = alive.world.routes
        assert not now.weights or sum(now.weights.values()) == 100
        ready = alive.world.observe("churn").ready
        stable = turn.decision.status.stable
        taking_back = stable.name if stable is not None and stable.name in was.weights else ""
        for name in {**now.weights, **now.mirror}:
            gains = any(a > b for a, b in zip(_share(now, name), _share(was, name), strict=True))
            assert not gains or name in ready or name == taking_back


@given(lives)
@settings(max_examples=60, deadline=None)
def test_a_candidate_gets_its_first_traffic_when_it_was_seen_to_answer(life) -> None:
    """I5, in what is decided: the world above would refuse to route it."""
    plan, story, seed = life
    for before, turn in a_life(plan, seed).live(story):
        after = turn.decision.status
        if after.candidate is None or after.stable is None or not (after.weight or after.mirror):
            continue
        if after.attempt != before.attempt or before.phase is Phase.PREPARING:
            assert after.candidate.name in turn.seen.serving.ready


@given(trials)
@settings(max_examples=60, deadline=None)
def test_the_stable_of_before_runs_until_the_bake_ends(life) -> None:
    """I6: it has its share while a candidate is tried, and can take everything until the end."""
    plan, story, seed = life
    alive = a_life(plan, seed)
    kept: dict[int, str] = {}
    for _, turn in alive.live(story):
        status = turn.decision.status
        if status.stable is not None and status.phase in TRYING:
            kept.setdefault(status.attempt, status.stable.name)
        if status.phase in TRYING | {Phase.BAKING, Phase.ROLLING_BACK} and status.attempt in kept:
            warm = kept[status.attempt]
            assert warm in {one.name for one in turn.decision.routing.revisions}
            assert warm in alive.world.running


@given(lives)
@settings(max_examples=60, deadline=None)
def test_equal_arguments_give_equal_decisions_and_json_keeps_them(life) -> None:
    """I9."""
    plan, story, seed = life
    alive = a_life(plan, seed)
    for before, turn in alive.live(story):
        again = decide(alive.spec, status_from_json(status_to_json(before)), turn.seen)
        assert again == turn.decision


@given(lives)
@settings(max_examples=60, deadline=None)
def test_a_healed_world_always_comes_to_rest_or_waits_for_a_person(life) -> None:
    """I7: nothing is under way for ever."""
    plan, story, seed = life
    alive = a_life(plan, seed)
    for _ in alive.live(story):
        pass
    rested = [
        turn.decision.status.phase in RESTING or turn.decision.status.pause is not None
        for _, turn in alive.heal(timedelta(minutes=5))
    ]
    status = alive.status
    # a pause that late evidence has just ended may be on its last steps now
    assert any(rested[-120:]), status.message
    if status.phase in RESTING - {Phase.FAILED}:
        assert alive.world.routes == status.routing.routes


@given(lives)
@settings(max_examples=40, deadline=None)
def test_a_resting_deployment_asks_for_no_work(life) -> None:
    """I10."""
    plan, story, seed = life
    for before, turn in a_life(plan, seed).live(story):
        after = turn.decision.status
        if before.phase in RESTING and replace(after, message=before.message) == before:
            assert turn.decision.requeue_after is None


@given(lives)
@settings(max_examples=40, deadline=None)
def test_each_attempt_is_remembered_with_one_outcome(life) -> None:
    plan, story, seed = life
    alive = a_life(plan, seed)
    for _ in alive.live(story):
        pass
    numbers = [attempt.number for attempt in alive.status.history]
    assert numbers == sorted(set(numbers))
    assert all(a.peak_weight == 100 for a in alive.status.history if a.outcome is Outcome.PROMOTED)
