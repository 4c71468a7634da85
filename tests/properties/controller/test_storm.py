"""Every story in three weathers; the crash matrix in bench/controller has thousands more."""

import pytest
from cluster_fault import FaultPlan, Strike
from cluster_watch import WatchFaults
from operator_storm import Storm, Weather
from operator_story import STORIES

STALE = WatchFaults(lag=3, drop=0.1, duplicate=0.2, relist=0.1, stale=10)
WEATHERS = {
    "calm": Weather(calm_after=100),
    "killed, refused and late": Weather(
        plan=FaultPlan(kill_at=30, kill=Strike.LATE, before=0.1, after=0.1, late=0.1),
        watch=STALE,
        calm_after=120,
        longest=900,
    ),
    "two operators, wrong clocks": Weather(
        plan=FaultPlan(kill_at=45, kill=Strike.AFTER, after=0.1),
        operators=2,
        clock_jumps=True,
        calm_after=120,
        longest=900,
    ),
}


@pytest.mark.parametrize("version", ["2.6.0", "1.17.1"])
@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("story", STORIES)
def test_no_weather_makes_a_wrong_weight_or_a_stuck_rollout(story, weather, version):
    end = Storm(7, STORIES[story], WEATHERS[weather], version).run()
    assert (end.wrong, end.stuck) == ([], "")
