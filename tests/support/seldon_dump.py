"""Route tables of Seldon Core 2 as Envoy's admin dumps them; pure.

Written after the source of both versions, independently of the double: one model version each, one
server, REST and gRPC.
"""

from collections.abc import Mapping
from typing import Any

Plain = dict[str, Any]
PREFIXES = {"http": "/v2", "grpc": "/inference.GRPCInferenceService"}


def dump(*configs: Plain, version: str = "1") -> Plain:
    """An answer to `/config_dump?resource=dynamic_route_configs`."""
    return {
        "configs": [
            {
                "@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump.DynamicRouteConfig",
                "version_info": version,
                "route_config": config,
                "last_updated": "2026-01-01T00:00:00.000Z",
            }
            for config in configs
        ]
    }


def route_config(name: str, host: str, routes: list[Plain]) -> Plain:
    """One route table with its one virtual host."""
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": name,
        "virtual_hosts": [{"name": host, "domains": ["*"], "routes": routes}],
    }


def data(*routes: list[Plain]) -> Plain:
    """What users meet."""
    return route_config("listener_0", "seldon_service", [one for some in routes for one in some])


def mirrors(*routes: list[Plain]) -> Plain:
    """Where copies are sent on."""
    return route_config("listener_1", "seldon_mirror", [one for some in routes for one in some])


def routes_for(
    asked: str, weights: Mapping[str, int], mirror: int | None = None, *, retries: bool = False
) -> list[Plain]:
    """The routes of one name: sticky ones where there is a choice, then the normal ones."""
    sticky = [
        _sticky(asked, protocol, internal)
        for internal in weights
        for protocol in PREFIXES
        if len(weights) > 1
    ]
    return [*sticky, *(_normal(asked, p, weights, mirror, retries) for p in PREFIXES)]


def mirror_for(asked: str, internal: str, percent: int) -> list[Plain]:
    """The routes on which copies go on."""
    routes = [_normal(asked, protocol, {internal: percent}, None) for protocol in PREFIXES]
    return [{**route, "name": f"{route['name']}_mirror"} for route in routes]


def _normal(
    asked: str,
    protocol: str,
    weights: Mapping[str, int],
    mirror: int | None,
    retries: bool = False,
) -> Plain:
    action: Plain = {
        "weighted_clusters": {
            "clusters": [
                {
                    "name": f"mlserver_8f14e45f_{protocol}",
                    "weight": weight,
                    "request_headers_to_remove": ["seldon-internal-model"],
                    "request_headers_to_add": [_header("seldon-internal-model", internal)],
                    "response_headers_to_add": [_header("x-seldon-route", f":{internal}:")],
                }
                for internal, weight in weights.items()
            ]
        },
        "timeout": "0s",
    }
    if mirror is not None:
        fraction = {"default_value": {"numerator": mirror} if mirror else {}}
        policy = {"cluster": f"mirror_{protocol}", "runtime_fraction": fraction}
        action["request_mirror_policies"] = [policy]
    if retries:
        action["retry_policy"] = {"retry_on": "5xx,connect-failure", "num_retries": 5}
    stickiness = {"name": "x-seldon-route", "present_match": False}
    return {
        "name": f"{asked}_{protocol}",
        "match": {"prefix": PREFIXES[protocol], "headers": [_asks(asked), stickiness]},
        "route": action,
    }


def _sticky(asked: str, protocol: str, internal: str) -> Plain:
    stickiness = {"name": "x-seldon-route", "string_match": {"contains": f":{internal}:"}}
    model = internal.rpartition("_")[0]
    return {
        "name": f"{asked}_{protocol}_experiment",
        "match": {"prefix": PREFIXES[protocol], "headers": [_asks(asked), stickiness]},
        "route": {"cluster": f"mlserver_8f14e45f_{protocol}", "timeout": "0s"},
        "request_headers_to_add": [
            _header("seldon-internal-model", internal),
            _header("seldon-model", model),
        ],
        "response_headers_to_add": [_header("x-seldon-route", f":{internal}:")],
    }


def _asks(asked: str) -> Plain:
    return {"name": "seldon-model", "string_match": {"exact": asked}}


def _header(key: str, value: str) -> Plain:
    return {"header": {"key": key, "value": value}}
