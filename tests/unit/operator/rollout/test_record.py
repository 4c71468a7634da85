import json
from dataclasses import replace
from datetime import timedelta

import pytest
from laptop_specs import CANDIDATE, NOW, STABLE, sight, spec, status, window
from sluice_operator.model import Action, Pairs, Verb, Window
from sluice_operator.rollout.decide import decide
from sluice_operator.rollout.record import (
    decision_to_plain,
    seen_from_plain,
    seen_to_plain,
    status_from_json,
    status_to_json,
)
from sluice_operator.rollout.status import (
    Attempt,
    Outcome,
    Pause,
    PauseReason,
    Phase,
    Retreat,
    Status,
)

FULL = status(
    phase=Phase.ROLLING_BACK,
    previous=STABLE,
    mirror=3,
    going_back=True,
    pause=Pause(reason=PauseReason.MANUAL, since=NOW, message="Mittag — ☕"),
    retreat=Retreat(outcome=Outcome.UNDONE, cause="harm"),
    blind_since=NOW,
    unready_since=NOW - timedelta(microseconds=1),
    drift_since=NOW,
    rejected=("churn-zero",),
    last_action="00000000000000000007",
    history=(
        Attempt(
            number=1,
            revision=STABLE,
            outcome=Outcome.PROMOTED,
            cause="first model",
            peak_weight=100,
            ended_at=NOW,
        ),
    ),
    message='a "quoted"\nline',
    stable_away=True,
)


def judged() -> Status:
    """A status with evidence whose numbers have no short decimal form."""
    seen = sight(window("errors", stable=1, candidate=3), window("slo", candidate=3))
    return decide(spec(), status(), seen).status


@pytest.mark.parametrize("state", [Status(deployment="churn"), status(), FULL])
def test_a_status_comes_back_equal(state):
    assert status_from_json(status_to_json(state)) == state


def test_evidence_comes_back_to_the_last_bit():
    state = judged()
    harm = state.gates["errors"].evidence.harm
    assert any(value != round(value, 6) for value in harm)
    again = status_from_json(status_to_json(state))
    assert [value.hex() for value in again.gates["errors"].evidence.harm] == [
        value.hex() for value in harm
    ]
    assert status_to_json(again) == status_to_json(state)


def test_a_status_of_before_a_field_was_added_is_read():
    plain = json.loads(status_to_json(status()))
    del plain["stable_away"]
    assert status_from_json(json.dumps(plain)) == status()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"deployment": 3}'])
def test_what_is_no_status_is_refused(text):
    with pytest.raises(ValueError, match="Status"):
        status_from_json(text)


def test_an_observation_comes_back_equal():
    seen = replace(
        sight(
            window(),
            Window(gate="better", cursor="9", pairs=Pairs(worse=1, same=2, better=3, unlabelled=4)),
            Window(gate="slo", error="no answer"),
            failed={CANDIDATE.name: "digest differs"},
            error="router is away",
        ),
        actions=(Action(id="1", verb=Verb.PROMOTE_FULL, revision="churn-two", by="ann"),),
        deleted=True,
    )
    plain = json.loads(json.dumps(seen_to_plain(seen)))
    assert seen_from_plain(plain) == seen


def test_a_router_that_was_not_read_stays_unread():
    assert seen_from_plain(seen_to_plain(sight(routes=None))).serving.routes is None


def test_a_decision_can_be_written_as_json():
    plain = decision_to_plain(decide(spec(), status(), sight(window())))
    assert json.loads(json.dumps(plain))["status"]["deployment"] == "churn"
