from datetime import timedelta

from laptop_specs import CANDIDATE, NOW, STABLE, status
from sluice_operator.model import Event
from sluice_operator.rollout.status import Attempt, Outcome, PauseReason, Phase, Retreat
from sluice_operator.rollout.turn import (
    entered,
    paused,
    remembered,
    retreated,
    stay,
    told,
    undone,
)


def past(number):
    return Attempt(
        number=number,
        revision=STABLE,
        outcome=Outcome.PROMOTED,
        cause="",
        peak_weight=100,
        ended_at=NOW,
    )


def test_to_stay_changes_nothing_but_the_sentence():
    turn = stay(status(), "Waiting")
    assert turn.status == status(message="Waiting")
    assert turn.events == ()


def test_what_is_told_is_also_the_message():
    turn = told(status(), NOW, "Resumed", "Going on", warning=True)
    assert turn.status.message == "Going on"
    assert turn.events == (Event(at=NOW, reason="Resumed", message="Going on", warning=True),)


def test_a_phase_has_a_clock_of_its_own():
    moved = entered(status(), Phase.PROMOTING, NOW)
    assert (moved.phase, moved.since) == (Phase.PROMOTING, NOW)


def test_a_phase_that_goes_on_keeps_its_clock():
    before = status()
    assert entered(before, before.phase, NOW + timedelta(hours=1)) is before


def test_a_pause_keeps_weight_and_step():
    turn = paused(status(), NOW, PauseReason.MANUAL, "lunch")
    assert (turn.status.weight, turn.status.step) == (10, 3)
    assert turn.status.shown_phase == "Paused"
    assert turn.events[0].warning


def test_a_pause_that_the_plan_says_is_no_warning():
    assert not paused(status(), NOW, PauseReason.STEP, "as planned").events[0].warning


def test_a_retreat_takes_everything_from_the_candidate_and_keeps_why():
    troubled = status(mirror=50, unready_since=NOW, drift_since=NOW)
    after = retreated(troubled, NOW, Outcome.ROLLED_BACK, "harm").status
    assert after.routing.routes.weights == {STABLE.name: 100}
    assert after.routing.routes.mirror == {}
    assert after.routing.candidate == CANDIDATE  # it runs on until the router has let go of it
    assert after.retreat == Retreat(outcome=Outcome.ROLLED_BACK, cause="harm")
    assert (after.pause, after.unready_since, after.drift_since) == (None, None, None)
    assert after.peak_weight == 10


def test_an_undo_swaps_the_pointer_and_forgets_the_promotion():
    baking = status(
        phase=Phase.BAKING,
        stable=CANDIDATE,
        candidate=None,
        previous=STABLE,
        weight=0,
        history=(past(1), past(2)),
    )
    after = undone(baking, NOW, "harm").status
    assert (after.stable, after.candidate, after.previous) == (STABLE, CANDIDATE, None)
    assert after.history == (past(1),)
    assert after.routing.routes.weights == {STABLE.name: 100}
    assert after.retreat == Retreat(outcome=Outcome.UNDONE, cause="harm")


def test_a_history_is_remembered_newest_last_and_only_so_far_back():
    before = status(history=(past(1), past(2), past(3)))
    history = remembered(before, NOW, Outcome.ROLLED_BACK, "harm", limit=3)
    assert [attempt.number for attempt in history] == [2, 3, 2]
    assert history[-1] == Attempt(
        number=2,
        revision=CANDIDATE,
        outcome=Outcome.ROLLED_BACK,
        cause="harm",
        peak_weight=10,
        ended_at=NOW,
    )
