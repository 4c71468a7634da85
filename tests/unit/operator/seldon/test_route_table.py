"""Envoy's dump of Seldon's routes, read in our words."""

import copy
import json

import pytest
from seldon_dump import data, dump, mirror_for, mirrors, routes_for
from seldon_world import DEPLOYMENT, ONE, TWO, only
from sluice_operator.model import Routes
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.route_table import RouteTable, united

ENTRY, FIRST, SECOND = f"{DEPLOYMENT}_1", f"{ONE.name}_1", f"{TWO.name}_1"


def table(*configs):
    return RouteTable(json.dumps(dump(*configs))).routes(DEPLOYMENT)


def split(**kwargs):
    return routes_for(DEPLOYMENT, {ENTRY: 0, FIRST: 90, SECOND: 10}, **kwargs)


@pytest.mark.parametrize("retries", [False, True], ids=["2.6.0", "2.10.2"])
def test_weights_are_told_by_model_and_the_entry_without_weight_is_nobody(retries):
    seen = table(data(split(retries=retries)), mirrors())
    assert seen == Routes(weights={ONE.name: 90, TWO.name: 10})


def test_a_deployment_without_routes_has_none():
    assert table() == Routes()
    assert table(data(routes_for("other", {"other_1": 100}))) == Routes()


def test_a_fallback_is_told_by_the_entrys_name():
    assert table(data(routes_for(DEPLOYMENT, {ENTRY: 100}))) == only(DEPLOYMENT)


def test_a_model_that_only_a_sticky_route_leads_to_has_a_route():
    routes = routes_for(DEPLOYMENT, {ENTRY: 0, FIRST: 100, SECOND: 0})
    assert table(data(routes)).weights == {ONE.name: 100, TWO.name: 0}


def test_versions_of_one_model_are_one():
    routes = routes_for(
        DEPLOYMENT, {ENTRY: 0, f"{DEPLOYMENT}_2": 0, FIRST: 60, f"{ONE.name}_2": 40}
    )
    assert table(data(routes)) == only(ONE.name)


def test_weights_are_shares_of_their_sum():
    assert table(data(routes_for(DEPLOYMENT, {FIRST: 9, SECOND: 1}))).weights == {
        ONE.name: 90,
        TWO.name: 10,
    }


def test_a_mirror_is_named_by_one_table_and_measured_by_the_other():
    routes = routes_for(DEPLOYMENT, {ENTRY: 0, FIRST: 100}, mirror=20)
    seen = table(data(routes), mirrors(mirror_for(DEPLOYMENT, SECOND, 20)))
    assert seen == Routes(weights={ONE.name: 100}, mirror={TWO.name: 20})


def test_a_mirror_that_gets_nothing_still_has_a_route():
    routes = routes_for(DEPLOYMENT, {ENTRY: 0, FIRST: 100})
    seen = table(data(routes), mirrors(mirror_for(DEPLOYMENT, SECOND, 20)))
    assert seen.mirror == {TWO.name: 0}


def test_routes_that_users_do_not_call_say_nothing():
    others = [
        routes_for(f"{DEPLOYMENT}.experiment", {FIRST: 10, SECOND: 90}),
        routes_for(TWO.name, {SECOND: 100}),
    ]
    assert table(data(routes_for(DEPLOYMENT, {ENTRY: 0, FIRST: 100}), *others)) == only(ONE.name)


def first(routes):
    return next(route for route in routes if route["name"] == f"{DEPLOYMENT}_http")


@pytest.mark.parametrize(
    "change",
    [
        lambda routes: first(routes)["match"].update(prefix="/"),
        lambda routes: first(routes)["match"]["headers"][1].update(name="x-other"),
        lambda routes: first(routes)["match"]["headers"].append({"name": "x-third"}),
        lambda routes: first(routes).pop("route"),
        lambda routes: first(routes).update(route={"cluster": "somewhere"}),
        lambda routes: first(routes)["route"]["weighted_clusters"]["clusters"].pop(),
        lambda routes: first(routes)["route"]["weighted_clusters"]["clusters"][1].update(weight=7),
        lambda routes: [
            one.update(weight=0) for one in first(routes)["route"]["weighted_clusters"]["clusters"]
        ],
        lambda routes: first(routes)["route"].update(
            request_mirror_policies=[{"cluster": "mirror_http"}]
        ),
        lambda routes: routes[0].update(request_headers_to_add=[]),
        lambda routes: routes[0]["route"].pop("cluster"),
        lambda routes: routes[0]["request_headers_to_add"][0]["header"].update(value="strange"),
    ],
)
def test_what_seldon_does_not_make_is_no_report(change):
    routes = copy.deepcopy(split())
    change(routes)
    with pytest.raises(RouterError, match="Envoy's routes for churn are not Seldon's"):
        table(data(routes))


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update(name="listener_9"),
        lambda config: config["virtual_hosts"][0]["routes"].insert(0, {"match": {"prefix": "/"}}),
        lambda config: config["virtual_hosts"][0]["routes"][0]["match"].update(headers=[]),
    ],
)
def test_a_table_that_could_send_anybody_anywhere_is_no_report_for_anybody(change):
    config = copy.deepcopy(data(split()))
    change(config)
    with pytest.raises(RouterError, match="Envoy has a route"):
        RouteTable(json.dumps(dump(config)))


def test_one_odd_deployment_leaves_the_others_readable():
    odd = routes_for("odd", {"odd": 100})
    both = RouteTable(json.dumps(dump(data(split(), odd)), indent=1))
    assert both.routes(DEPLOYMENT).weights[TWO.name] == 10
    with pytest.raises(RouterError, match="'odd' is not <model>_<version>"):
        both.routes("odd")


def test_whom_any_envoy_routes_has_traffic():
    early, late = Routes(weights={ONE.name: 90, TWO.name: 10}), only(ONE.name)
    assert united([late, late]) == late
    assert united([early, late]) == Routes(weights={ONE.name: 100, TWO.name: 10})
