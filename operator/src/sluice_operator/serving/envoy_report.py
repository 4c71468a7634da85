"""What Envoy says about itself, in our words. Pure; the counterpart of `envoy_config`."""

from collections.abc import Iterable, Mapping
from typing import Any

from sluice_operator.model import Routes

PREFIX = "/v2/models/"

Json = Mapping[str, Any]


def routes_of(dump: Json) -> dict[str, Routes]:
    """Routes per deployment, of a dump of `dynamic_route_configs`.

    A revision that only a sticky rule leads to is reported with weight 0: it has a route.
    """
    rules: dict[str, list[Json]] = {}
    for rule in _rules(dump):
        rules.setdefault(deployment_of(rule["match"].get("prefix", "")), []).append(rule["route"])
    return {name: _routes(actions) for name, actions in rules.items() if name}


def clusters_of(dump: Json) -> frozenset[str]:
    """Names of the clusters, of a dump of `dynamic_active_clusters`."""
    return frozenset(config["cluster"]["name"] for config in dump.get("configs", ()))


def stats_of(answer: Json) -> dict[str, int | str]:
    """Value per name, of `/stats?format=json`; histograms have no one value and are left out."""
    return {stat["name"]: stat["value"] for stat in answer.get("stats", ()) if "value" in stat}


def deployment_of(prefix: str) -> str:
    """The deployment that answers below a path; empty if it is none of ours."""
    if not prefix.startswith(PREFIX):
        return ""
    return prefix.removeprefix(PREFIX).strip("/")


def _rules(dump: Json) -> Iterable[Json]:
    for config in dump.get("configs", ()):
        for host in config["route_config"].get("virtual_hosts", ()):
            yield from host.get("routes", ())


def _routes(actions: Iterable[Json]) -> Routes:
    weights: dict[str, int] = {}
    mirror: dict[str, int] = {}
    for action in actions:
        if "cluster" in action:
            weights.setdefault(action["cluster"], 0)
        for share in action.get("weighted_clusters", {}).get("clusters", ()):
            weights[share["name"]] = share.get("weight", 0)
        for policy in action.get("request_mirror_policies", ()):
            mirror[policy["cluster"]] = _percent(policy)
    return Routes(weights=weights, mirror=mirror)


def _percent(policy: Json) -> int:
    """A policy without fraction copies everything; a fraction without numerator copies nothing."""
    fraction = policy.get("runtime_fraction", {}).get("default_value")
    return 100 if fraction is None else int(fraction.get("numerator", 0))
