"""Who is looked at out of turn."""

from array import array

import pytest
from prometheus_asking import Scraped, ask, source_on
from prometheus_fleet import CANDIDATE, STABLE
from sluice_operator.evidence.family import SELDON_V2
from sluice_operator.evidence.meter import FailureMeter
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.evidence.series import Group, Series
from sluice_operator.evidence.stir import MOST, standing_out

METER = FailureMeter(SELDON_V2.requests)


def group(good: list[float], failed: list[float], spoiled: frozenset[int] = frozenset()) -> Group:
    times = array("q", range(1000, 1000 + 1000 * len(good), 1000))
    return Group(
        labels=(),
        members={
            "200": Series(labels=(), times=times, values=array("d", good)),
            "500": Series(labels=(), times=times, values=array("d", failed)),
        },
        newest=times[-1],
        spoiled=spoiled,
    )


def out(**groups: Group) -> tuple[str, ...]:
    return standing_out(groups, {name: (mine,) for name, mine in groups.items()}, METER)


def test_a_small_arm_in_which_half_fails_comes_before_a_large_one_with_as_many_failures():
    small, large = group([0, 25], [0, 25]), group([0, 90_000], [0, 25])
    assert out(large=large, small=small) == ("small", "large")


@pytest.mark.parametrize(
    "quiet",
    [
        group([0, 500], [7, 7]),
        group([500], [9]),
        group([500, 10], [9, 5]),
        group([0, float("nan")], [0, 9], spoiled=frozenset({2000})),
    ],
    ids=["no failures", "first scrape", "begun anew", "nonsense"],
)
def test_there_is_nothing_to_hurry_for(quiet):
    assert out(quiet=quiet) == ()


def test_only_the_worst_come_out_of_turn():
    many = {f"r{number:03d}": group([0, 10], [0, number]) for number in range(1, 3 * MOST)}
    assert out(**many) == tuple(sorted(many, reverse=True)[:MOST])


def test_a_fetch_tells_once_whose_failures_stand_out():
    story = Scraped()
    story.both(1, stable=1000, candidate=10)
    story.go(2)
    api = PrometheusApi(Access(url="http://prometheus.test"), story.memory, story.memory.monotonic)
    shared = Prometheus(api, refresh_seconds=0, warm_seconds=0)
    source = PrometheusEvidence(shared, SELDON_V2)
    begin = ask(source).cursor
    assert shared.news() == ()
    story.scrape(6, STABLE, c200=1040, c500=0)
    story.scrape(6, CANDIDATE, c200=12, c500=0)
    story.scrape(11, STABLE, c200=1080, c500=0)
    story.scrape(11, CANDIDATE, c200=12, c500=9)
    story.go(12)
    ask(source, cursor=begin)
    assert (shared.news(), shared.news()) == ((CANDIDATE,), ())


def test_what_is_known_is_not_read_twice_and_counts_the_same():
    story = Scraped()
    story.both(1, stable=1000, candidate=10)
    story.go(2)
    kept, begin = source_on(story.memory), ask(source_on(story.memory)).cursor
    for second in (6, 11):
        story.both(second, stable=1000 + second, candidate=10 + second)
        story.go(second + 1)
        seen = ask(kept, cursor=begin)
    assert seen == ask(source_on(story.memory), cursor=begin)
