"""The fake Envoy of the benchmarks, as the operator reads it."""

from route_text import data_routes, dump, mirror_routes
from sluice_operator.model import Routes
from sluice_operator.seldon.route_table import RouteTable

STABLE, CANDIDATE = "churn-0000000a", "churn-0000000b"
STAMPS = ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z")


def read(data: str, mirrors: str) -> Routes:
    return RouteTable(dump((1, 1), data, mirrors, STAMPS)).routes("churn")


def test_weights_are_read_back():
    data = data_routes("churn", [("churn", 0), (STABLE, 90), (CANDIDATE, 10)], {})
    assert read(data, "") == Routes(weights={STABLE: 90, CANDIDATE: 10})


def test_a_mirror_is_read_back():
    mirror = {CANDIDATE: 20}
    data = data_routes("churn", [("churn", 0), (STABLE, 100)], mirror)
    routes = read(data, mirror_routes("churn", mirror))
    assert routes == Routes(weights={STABLE: 100}, mirror=mirror)
