from datetime import timedelta

import pytest
from sluice_operator.errors import ServingEngineError
from sluice_operator.model import Question, Revision, Routes, Routing
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.world import World

ONE = Revision(name="churn-one", uri="models:/churn/1")
TWO = Revision(name="churn-two", uri="models:/churn/2")
SECOND = timedelta(seconds=1)


def world_with(routing: Routing, **more) -> World:
    """A world in which a routing is in force."""
    world = World(**more)
    without_traffic = Routing(stable=routing.stable, candidate=routing.candidate)
    world.route("churn", without_traffic)
    world.advance(3 * SECOND)
    world.route("churn", without_traffic)
    world.route("churn", routing)
    assert world.routes == routing.routes
    return world


def ask(world: World, comparison: str, cursor: str = ""):
    question = Question(
        gate="gate",
        metric="any",
        comparison=comparison,
        stable=ONE.name,
        candidate=TWO.name,
        cursor=cursor,
    )
    (window,) = world.windows("churn", (question,))
    return window


def counted(world: World, comparison: str, seconds: int):
    """All windows of a time, looked at each second."""
    window = ask(world, comparison)
    for _ in range(seconds):
        world.advance(SECOND)
        window = ask(world, comparison, window.cursor)
        yield window


def test_equal_seeds_make_equal_worlds():
    halves = Routing(stable=ONE, candidate=TWO, weight=50)
    first, second = (list(counted(world_with(halves, seed=9), "Relative", 20)) for _ in range(2))
    assert first == second
    assert first != list(counted(world_with(halves, seed=10), "Relative", 20))


def test_every_request_is_answered_by_one_revision():
    world = world_with(Routing(stable=ONE, candidate=TWO, weight=30), seed=3)
    windows = list(counted(world, "Relative", 60))
    answered = sum(w.stable.total + w.candidate.total for w in windows)
    assert answered == pytest.approx(60 * 200, rel=0.05)
    share = sum(w.candidate.total for w in windows) / answered
    assert share == pytest.approx(0.3, abs=0.02)


def test_a_mirror_copies_and_takes_nothing_away():
    world = world_with(Routing(stable=ONE, candidate=TWO, mirror=100))
    windows = list(counted(world, "Relative", 10))
    assert all(w.candidate.total == w.stable.total for w in windows)


def test_labels_arrive_late_and_each_pair_is_counted_once():
    delay = timedelta(seconds=5)
    world = world_with(
        Routing(stable=ONE, candidate=TWO, mirror=50),
        traffic=Traffic(per_second=100, label_delay=delay),
    )
    copies = ask(world, "Relative").cursor
    windows = list(counted(world, "Paired", 30))
    assert [w.pairs.total for w in windows[:4]] == [0, 0, 0, 0]

    mirrored = ask(world, "Relative", copies).candidate.total
    labelled = sum(w.pairs.total for w in windows)
    waiting = windows[-1].pairs.unlabelled
    assert labelled + waiting == mirrored
    assert waiting == pytest.approx(5 * 50, rel=0.2)

    world.traffic = Traffic(per_second=0, label_delay=delay)
    late = sum(window.pairs.total for window in _continued(world, windows[-1].cursor, seconds=10))
    assert labelled + late == mirrored


def _continued(world, cursor, seconds):
    for _ in range(seconds):
        world.advance(SECOND)
        window = ask(world, "Paired", cursor)
        cursor = window.cursor
        yield window


def test_the_looks_do_not_change_what_is_counted():
    halves = Routing(stable=ONE, candidate=TWO, weight=50)
    often, once = world_with(halves), world_with(halves)
    begin = ask(once, "Relative").cursor
    windows = list(counted(often, "Relative", 20))
    for _ in range(20):
        once.advance(SECOND)
    whole = ask(once, "Relative", begin)
    assert sum(w.candidate.total for w in windows) == whole.candidate.total
    assert sum(w.stable.bad for w in windows) == whole.stable.bad


def test_a_model_fails_and_errs_as_often_as_it_is_told_to():
    bad = Behaviour(error_rate=0.2, worse=0.1, better=0.3)
    world = world_with(
        Routing(stable=ONE, candidate=TWO, mirror=100), behaviours={TWO.uri: bad}, seed=5
    )
    begin = ask(world, "Relative").cursor
    pairs = [w.pairs for w in counted(world, "Paired", 60)]
    arm = ask(world, "Relative", begin).candidate
    total = sum(p.total for p in pairs)
    assert arm.bad / arm.total == pytest.approx(0.2, abs=0.02)
    assert sum(p.worse for p in pairs) / total == pytest.approx(0.1, abs=0.02)
    assert sum(p.better for p in pairs) / total == pytest.approx(0.3, abs=0.02)


def test_without_routes_nobody_is_asked():
    world = World()
    world.advance(SECOND)
    window = ask(world, "Relative")
    assert (window.stable.total, window.candidate.total) == (0, 0)


def test_metrics_that_are_down_are_an_error_and_lose_nothing():
    world = world_with(Routing(stable=ONE, candidate=TWO, weight=50))
    cursor = ask(world, "Relative").cursor
    world.metrics_down = True
    world.advance(10 * SECOND)
    blind = ask(world, "Relative", cursor)
    assert (blind.error, blind.cursor, blind.stable) == ("no answer", cursor, None)
    world.metrics_down = False
    assert ask(world, "Relative", cursor).stable.total > 500


def test_a_revision_gets_traffic_only_when_it_is_ready():
    world = world_with(Routing(stable=ONE))
    wanted = Routing(stable=ONE, candidate=TWO, weight=50)
    world.route("churn", wanted)
    assert world.observe("churn").ready == {ONE.name}
    assert world.routes == Routes(weights={ONE.name: 100})
    world.advance(2 * SECOND)
    world.route("churn", wanted)
    assert world.routes == wanted.routes


def test_a_retreat_does_not_wait_for_a_stable_that_is_away():
    world = world_with(Routing(stable=ONE, candidate=TWO, weight=50))
    world.behaviours[ONE.uri] = Behaviour(broken="killed")
    world.route("churn", Routing(stable=ONE, candidate=TWO))
    assert world.routes == Routes(weights={ONE.name: 100})


def test_a_broken_revision_fails_and_never_gets_ready():
    world = World(behaviours={ONE.uri: Behaviour(broken="digest differs")})
    world.route("churn", Routing(stable=ONE))
    world.advance(60 * SECOND)
    seen = world.observe("churn")
    assert (seen.ready, seen.failed) == (frozenset(), {ONE.name: "digest differs"})


def test_a_router_that_is_away_cannot_be_told_or_read():
    world = world_with(Routing(stable=ONE))
    world.router_down = True
    with pytest.raises(ServingEngineError):
        world.route("churn", Routing(stable=ONE))
    assert world.observe("churn").routes is None


def test_a_deaf_router_takes_every_wish_and_does_nothing():
    world = world_with(Routing(stable=ONE, candidate=TWO))
    world.router_deaf = True
    world.route("churn", Routing(stable=ONE, candidate=TWO, weight=50))
    assert world.routes == Routes(weights={ONE.name: 100})


def test_servers_that_nobody_wants_end_once_no_route_leads_to_them():
    world = world_with(Routing(stable=ONE, candidate=TWO, weight=50))
    world.router_deaf = True
    world.route("churn", Routing(stable=ONE))
    assert TWO.name in world.running
    world.router_deaf = False
    world.route("churn", Routing(stable=ONE))
    assert TWO.name not in world.running
