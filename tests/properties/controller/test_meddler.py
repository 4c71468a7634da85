"""Somebody who edits the traffic object every second, for longer than the operator has patience."""

import pytest
from operator_storm import Storm, Weather
from operator_story import KEY, STORIES
from sluice_operator.cluster.kind import EVENT, MODEL_DEPLOYMENT

VERSIONS = ("2.6.0", "1.17.1")
STORY = STORIES["meddled again and again"]


@pytest.fixture(scope="module", params=VERSIONS)
def storm(request):
    storm = Storm(7, STORY, Weather(calm_after=200), request.param)
    end = storm.run()
    assert (end.wrong, end.stuck) == ([], "")
    return storm


def statuses(storm):
    bodies = [change.body for change in storm.memory.changes(MODEL_DEPLOYMENT)]
    return [body["status"] for body in bodies if "status" in body]


def condition(status, kind):
    return next(one for one in status["conditions"] if one["type"] == kind)["status"]


def test_a_rollout_whose_traffic_is_edited_again_and_again_is_paused(storm):
    paused = [status for status in statuses(storm) if "pause" in status]
    assert {status["pause"]["reason"] for status in paused} == {"TrafficDrift"}
    assert {condition(status, "Paused") for status in paused} == {"True"}
    assert {condition(status, "TrafficVerified") for status in paused} == {"False"}
    assert condition(paused[-1], "Stalled") == "True"
    assert {status["traffic"]["desiredWeight"] for status in paused} == {10}


def test_it_goes_on_by_itself_once_it_is_left_alone(storm):
    found = statuses(storm)
    last_pause = max(n for n, status in enumerate(found) if "pause" in status)
    after = found[last_pause + 1]
    assert condition(after, "Paused") == "False"
    assert storm.memory.get(MODEL_DEPLOYMENT, *KEY)["status"]["phase"] == "Healthy"
    assert found[-1]["history"][-1]["outcome"] == "Promoted"


def test_both_are_told_as_events(storm):
    told = [body["reason"] for body in storm.memory.list(EVENT)]
    assert "Paused" in told
    assert "Resumed" in told
