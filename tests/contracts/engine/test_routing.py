"""What every engine promises about traffic."""

import statistics
import time

import httpx
import pytest
from engine_world import DEPLOYMENT, EngineWorld
from eventually import eventually
from sluice_operator.errors import UnsupportedRoutingError
from sluice_operator.model import Revision, Routes, Routing, Serving


def test_all_requests_go_to_stable_when_the_candidate_has_no_weight(world: EngineWorld):
    assert world.count(50) == {"loans-one": 50}


def test_requests_are_divided_by_weight(world):
    world.settle(world.both(weight=10))
    counted = world.count(600)
    assert counted.total() == counted["loans-one"] + counted["loans-two"]
    assert 20 <= counted["loans-two"] <= 110  # 60 expected; beyond these once in 10 million


def test_a_user_who_sends_the_route_back_stays_with_a_revision(world):
    world.settle(world.both(weight=50))
    assert world.count(40, x_sluice_route="loans-two") == {"loans-two": 40}
    assert world.count(40, x_sluice_route="loans-one") == {"loans-one": 40}


def test_a_pinned_user_is_released_when_the_revision_loses_its_weight(world):
    world.settle(world.both(weight=50))
    assert world.ask(x_sluice_route="loans-two").revision == "loans-two"
    world.settle(world.both(weight=0))
    assert world.count(40, x_sluice_route="loans-two") == {"loans-one": 40}


def test_a_route_that_never_was_pins_nobody(world):
    assert world.ask(x_sluice_route="loans-nine").revision == "loans-one"


def test_the_mirror_gets_every_request_and_no_user_sees_it(world):
    world.settle(world.both(mirror=100))
    before = {name for name, _ in world.seen_by(world.two)}
    asked = {world.ask().request_id for _ in range(40)}
    eventually(lambda: asked <= {name for name, _ in world.seen_by(world.two)})

    new = {(name, copy) for name, copy in world.seen_by(world.two) if name not in before}
    assert new == {(name, True) for name in asked}
    own = {(name, False) for name in asked}
    eventually(lambda: own <= set(world.seen_by(world.one)))
    assert world.count(40) == {"loans-one": 40}


def test_the_mirror_gets_its_percentage(world):
    world.settle(world.both(mirror=30))
    before = len(world.seen_by(world.two))
    world.count(300)
    world.settle(world.both(mirror=0))
    copies = len(world.seen_by(world.two)) - before
    assert 45 <= copies <= 140  # 90 expected; beyond these once in 10 million


def test_a_mirror_also_copies_the_requests_of_pinned_users(world):
    world.settle(world.both(mirror=100))
    asked = world.ask(x_sluice_route="loans-one").request_id
    eventually(lambda: (asked, True) in world.seen_by(world.two))


def test_a_user_cannot_pass_a_request_off_as_a_copy(world):
    asked = world.ask(x_sluice_mirror="1").request_id
    eventually(lambda: (asked, False) in world.seen_by(world.one))


def test_the_request_id_of_a_user_is_kept(world):
    assert world.ask(x_request_id="my-flight-42").request_id == "my-flight-42"
    eventually(lambda: "my-flight-42" in dict(world.seen_by(world.one)))


def test_a_request_without_id_gets_one_of_its_own(world):
    ids = {world.ask().request_id for _ in range(20)}
    assert len(ids) == 20
    assert "" not in ids


def test_weights_change_within_a_tenth_of_a_second_and_no_request_fails(world):
    took = []
    with world.load() as load:
        for turn in range(6):
            weight = (100, 0)[turn % 2]
            winner = ("loans-two", "loans-one")[turn % 2]
            asked = time.monotonic()
            world.route(world.both(weight=weight))
            eventually(lambda asked=asked, winner=winner: load.by(winner, asked), every=0.005)
            eventually(lambda weight=weight: world.is_settled(world.both(weight=weight)))
            took.append(_seconds_to_effect(load, asked, winner))
    assert load.failed == 0
    assert statistics.median(took) <= 0.1


def _seconds_to_effect(load, asked: float, winner: str) -> float:
    """From the wish to the moment after which every request was sent to the winner."""
    late = [sent for sent, _, _, by in load.answers if sent > asked and by != winner]
    return max(late, default=asked) - asked


def test_a_routing_may_be_repeated(world):
    world.settle(world.both(weight=30))
    for _ in range(3):
        world.route(world.both(weight=30))
    assert world.is_settled(world.both(weight=30))


def test_a_revision_gets_no_traffic_before_it_is_ready_and_then_gets_it_unasked(world):
    late = world.another("loans-late")
    wanted = Routing(stable=world.one, candidate=late, previous=world.two, weight=50)
    with world.load() as load:
        world.route(wanted)
        seen = []
        while not world.is_settled(wanted):
            seen.append(world.observe())
            time.sleep(0.02)
    early = [one.routes for one in seen if late.name not in one.ready]
    assert early
    assert all(routes == Routes(weights={"loans-one": 100}) for routes in early)
    assert load.failed == 0


def test_a_removed_revision_leaves_without_failing_a_request(world):
    leaver = world.another("loans-leaver")
    world.settle(Routing(stable=world.one, candidate=leaver, previous=world.two, weight=50))
    with world.load() as load:
        world.route(world.both())
        eventually(lambda: leaver.name not in world.observe().ready, within=30)
    assert load.failed == 0
    assert load.answers[-1][3] == "loans-one"


def test_the_candidate_becomes_stable_without_failing_a_request(world):
    world.settle(world.both(weight=50))
    promoted = Routing(stable=world.two, previous=world.one)
    with world.load() as load:
        world.settle(world.both(weight=100))
        world.settle(promoted)
    assert load.failed == 0
    assert world.count(20) == {"loans-two": 20}


def test_an_unknown_deployment_has_nothing(world):
    assert world.engine.observe("nobody") == Serving(routes=Routes())
    answer = httpx.post(f"{world.url}/v2/models/nobody/infer", json={}, trust_env=False)
    assert answer.status_code == httpx.codes.NOT_FOUND


def test_deployments_do_not_disturb_each_other(world):
    other = world.another("fraud-one")
    world.engine.route("fraud", Routing(stable=other))
    eventually(
        lambda: world.engine.observe("fraud").routes == Routes(weights={"fraud-one": 100}),
        within=60,
    )
    url = f"{world.url}/v2/models/fraud/ready"
    assert httpx.get(url, trust_env=False).headers["x-sluice-route"] == "fraud-one"
    assert world.observe().routes == Routes(weights={"loans-one": 100})

    world.engine.route("fraud", Routing())

    eventually(lambda: world.engine.observe("fraud") == Serving(routes=Routes()), within=30)
    assert world.count(10) == {"loans-one": 10}


@pytest.mark.parametrize(
    ("routing", "words"),
    [
        (Routing(stable=Revision(name="Über Modell", uri="x")), "not a DNS label"),
        (Routing(stable=Revision(name="a/b", uri="x")), "not a DNS label"),
        (Routing(stable=Revision(name="a", uri="x"), weight=101), "weight: 101"),
        (Routing(stable=Revision(name="a", uri="x"), mirror=-1), "mirror: -1"),
    ],
)
def test_a_routing_that_no_router_can_carry_is_refused_and_changes_nothing(world, routing, words):
    with pytest.raises(UnsupportedRoutingError, match=words):
        world.engine.route(DEPLOYMENT, routing)
    assert world.is_settled(world.both())
