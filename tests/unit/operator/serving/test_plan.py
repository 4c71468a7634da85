from dataclasses import replace

import pytest
from sluice_operator.model import Revision, Routes, Routing
from sluice_operator.serving.plan import (
    Departure,
    blocked,
    is_routed,
    may_stop,
    meanwhile,
    newcomers,
    wanted_revisions,
)

ONE, TWO = Revision(name="one", uri="/m/1"), Revision(name="two", uri="/m/2")
BOTH = Routing(stable=ONE, candidate=TWO)
ALL_TO_ONE = Routes(weights={"one": 100})
DIVIDED = Routes(weights={"one": 90, "two": 10})
GONE = Departure(routed=False, active=0, unrouted_seconds=1)


@pytest.mark.parametrize(
    ("wanted", "present", "able", "held_back"),
    [
        (replace(BOTH, weight=10), ALL_TO_ONE, {"one", "two"}, ()),
        (replace(BOTH, weight=10), ALL_TO_ONE, {"one"}, ("two",)),
        (replace(BOTH, weight=10), ALL_TO_ONE, {"two"}, ()),
        (replace(BOTH, mirror=50), ALL_TO_ONE, {"one"}, ("two",)),
        (replace(BOTH, mirror=50), replace(ALL_TO_ONE, mirror={"two": 60}), {"one"}, ()),
        (replace(BOTH, weight=10), DIVIDED, set(), ()),
        (replace(BOTH, weight=20), DIVIDED, {"one"}, ("two",)),
        (replace(BOTH, weight=5), DIVIDED, set(), ()),
        (Routing(stable=ONE), DIVIDED, set(), ()),
        (Routing(stable=ONE), Routes(), set(), ("one",)),
        (Routing(stable=TWO), ALL_TO_ONE, {"one"}, ("two",)),
        (Routing(), DIVIDED, set(), ()),
    ],
)
def test_who_gains_traffic_must_be_able_to_answer(wanted, present, able, held_back):
    assert blocked(wanted, present, able) == held_back


def test_newcomers_are_those_who_had_neither_weight_nor_mirror():
    mirrored = Routes(weights={"one": 100}, mirror={"two": 10})
    assert newcomers(DIVIDED, ALL_TO_ONE) == {"two"}
    assert newcomers(DIVIDED, mirrored) == frozenset()
    assert newcomers(mirrored, ALL_TO_ONE) == {"two"}


def test_every_revision_of_every_deployment_must_run():
    wanted = {"churn": replace(BOTH, previous=Revision(name="old", uri="/m/0"))}
    assert wanted_revisions(wanted).keys() == {"one", "two", "old"}


def test_a_mirror_and_a_sticky_rule_are_routes():
    assert is_routed("two", [Routes(weights={"one": 100}, mirror={"two": 1})])
    assert is_routed("two", [ALL_TO_ONE, Routes(weights={"two": 0})])
    assert not is_routed("two", [ALL_TO_ONE])


@pytest.mark.parametrize(
    ("departure", "may"),
    [
        (GONE, True),
        (replace(GONE, routed=True), False),
        (replace(GONE, unrouted_seconds=0.1), False),
        (replace(GONE, active=3), False),
        (replace(GONE, active=3, unrouted_seconds=21), True),
    ],
)
def test_a_revision_stops_when_no_route_and_no_request_needs_it(departure, may):
    assert may_stop(departure) is may


@pytest.mark.parametrize(
    ("wanted", "present", "able", "in_force"),
    [
        (replace(BOTH, weight=10), ALL_TO_ONE, {"one"}, ALL_TO_ONE),
        (replace(BOTH, weight=20), DIVIDED, {"one"}, DIVIDED),
        (replace(BOTH, weight=50), Routes(), {"one"}, ALL_TO_ONE),
        (replace(BOTH, weight=50), Routes(), {"two"}, Routes()),
        (replace(BOTH, weight=50), Routes(), set(), Routes()),
        (Routing(), Routes(), {"one"}, Routes()),
    ],
)
def test_users_do_not_wait_for_a_candidate_where_nobody_serves_them(
    wanted, present, able, in_force
):
    assert meanwhile(wanted, present, able) == in_force
