"""Routes of the double as the JSON of Envoy's API, in the shape of Seldon's. Pure.

Only REST requests are answered. The routes for gRPC are there because who reads Envoy's report must
cope with them; they lead to the same agents, which do not speak it.

Source: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/api; scheduler/pkg/envoy of Seldon.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seldon_double.release import Release
from seldon_double.scheduler import Route, Split

DATA, MIRROR, ADMIN = "listener_0", "listener_1", "admin"
MODEL_HEADER = "seldon-model"
INTERNAL_HEADER = "seldon-internal-model"
ROUTE_HEADER = "x-seldon-route"
PATHS = {"http": "/v2", "grpc": "/inference.GRPCInferenceService"}
PLENTY = 100_000
UPSTREAM_IDLE = "10s"
"""Less than an agent's patience with a silent connection."""
NAME_FROM_PATH = """
function envoy_on_request(handle)
  local headers = handle:headers()
  local asked = headers:get("seldon-model") or ""
  local sticky = headers:get("x-seldon-route") or ""
  if asked ~= "" or sticky ~= "" then return end
  local name = string.match(headers:get(":path"), "^/v2/models/([^/]*)")
  if name then headers:add("seldon-model", name) end
end
"""

Json = dict[str, Any]
Address = tuple[str, int]
"""Host, as a number, and port."""


def data_table(routes: Iterable[Route], release: Release) -> Json:
    """What is done with the requests of users."""
    found = [rule for route in routes for rule in _data_rules(route, release)]
    return _table(DATA, "seldon_service", found)


def mirror_table(routes: Iterable[Route], release: Release) -> Json:
    """What is done with the copies that Envoy sends to itself."""
    copied = [route for route in routes if route.mirrors]
    rules = [
        _weighted(route, (f"{route.name}_{protocol}_mirror", protocol), release, mirror=True)
        for route in copied
        for protocol in PATHS
    ]
    return _table(MIRROR, "seldon_mirror", rules)


def cluster_table(
    routes: Iterable[Route], release: Release, servers: Mapping[str, Address]
) -> Json:
    """Where each cluster of the routes listens; Envoy's own listener for copies is one of them."""
    splits = [split for route in routes for split in (*route.clusters, *route.mirrors)]
    named = {
        cluster_name(split, protocol, release): servers[split.server]
        for split in splits
        for protocol in PATHS
        if split.server in servers
    }
    own = {f"mirror_{protocol}": servers[MIRROR] for protocol in PATHS}
    return {"resources": [_cluster(name, where) for name, where in sorted((named | own).items())]}


def cluster_name(split: Split, protocol: str, release: Release) -> str:
    """By Model and version, or by Server and the replicas that it stands for."""
    owner = split.internal if release.cluster_per_model else f"{split.server}_0"
    return f"{owner}_{protocol}"


def bootstrap(folder: Path, listening: Mapping[str, Address]) -> Json:
    """What Envoy starts with: two listeners, and where its tables are."""
    listeners = [_listener(folder, name, listening[name]) for name in (DATA, MIRROR)]
    return {
        "node": {"id": "double", "cluster": "double"},
        "admin": {"address": _address(listening[ADMIN])},
        "dynamic_resources": {"cds_config": _watched(folder / "clusters" / "clusters.json")},
        "static_resources": {"listeners": listeners},
        "overload_manager": {"resource_monitors": [_connection_limit()]},
    }


def table_file(folder: Path, name: str) -> Path:
    """A folder for each: a change wakes all watches of a folder."""
    return folder / name / f"{name}.json"


def _data_rules(route: Route, release: Release) -> list[Json]:
    sticky: list[Json] = []
    if len(route.clusters) > 1:
        sticky = [_sticky(route, s, p, release) for s in route.clusters for p in PATHS]
    names = ((f"{route.name}_{protocol}", protocol) for protocol in PATHS)
    return [*sticky, *(_weighted(route, name, release, mirror=False) for name in names)]


def _sticky(route: Route, split: Split, protocol: str, release: Release) -> Json:
    """Whatever its weight, who was answered by a version once may ask for it again."""
    asked = {"name": ROUTE_HEADER, "string_match": {"contains": f":{split.internal}:"}}
    return {
        "name": f"{route.name}_{protocol}_experiment",
        "match": {"prefix": PATHS[protocol], "headers": [_for(route), asked]},
        "route": {
            "cluster": cluster_name(split, protocol, release),
            "timeout": release.route_timeout,
        },
        "request_headers_to_add": [
            _header(INTERNAL_HEADER, split.internal),
            _header(MODEL_HEADER, split.model),
        ],
        "response_headers_to_add": [_header(ROUTE_HEADER, f":{split.internal}:")],
    }


def _weighted(route: Route, named: tuple[str, str], release: Release, *, mirror: bool) -> Json:
    name, protocol = named
    splits = route.mirrors if mirror else route.clusters
    action: Json = {
        "weighted_clusters": {"clusters": [_share(s, protocol, release) for s in splits]},
        "timeout": release.route_timeout,
    }
    if route.mirrors and not mirror:
        action["request_mirror_policies"] = [_copy(route.mirrors[0], protocol)]
    if release.retries:
        action["retry_policy"] = {
            "retry_on": "5xx,connect-failure",
            "num_retries": release.retries,
            "retry_back_off": {"base_interval": "0.5s"},
        }
    unpinned = {"name": ROUTE_HEADER, "present_match": False}
    match = {"prefix": PATHS[protocol], "headers": [_for(route), unpinned]}
    return {"name": name, "match": match, "route": action}


def _share(split: Split, protocol: str, release: Release) -> Json:
    return {
        "name": cluster_name(split, protocol, release),
        "weight": split.weight,
        "request_headers_to_remove": [INTERNAL_HEADER],
        "request_headers_to_add": [_header(INTERNAL_HEADER, split.internal)],
        "response_headers_to_add": [_header(ROUTE_HEADER, f":{split.internal}:")],
    }


def _copy(split: Split, protocol: str) -> Json:
    fraction = {"numerator": split.weight, "denominator": "HUNDRED"}
    return {"cluster": f"mirror_{protocol}", "runtime_fraction": {"default_value": fraction}}


def _for(route: Route) -> Json:
    return {"name": MODEL_HEADER, "string_match": {"exact": route.name}}


def _header(key: str, value: str) -> Json:
    return {"header": {"key": key, "value": value}}


def _table(name: str, host: str, rules: list[Json]) -> Json:
    table = {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": name,
        "virtual_hosts": [{"name": host, "domains": ["*"], "routes": rules}],
    }
    return {"resources": [table]}


def _cluster(name: str, where: Address) -> Json:
    endpoint = {"endpoint": {"address": _address(where)}}
    limits = ("max_connections", "max_pending_requests", "max_requests")
    kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    http = {
        "@type": f"type.googleapis.com/{kind}",
        "common_http_protocol_options": {"idle_timeout": UPSTREAM_IDLE},
        "explicit_http_config": {"http_protocol_options": {}},
    }
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [dict.fromkeys(limits, PLENTY)]},
        "typed_extension_protocol_options": {kind: http},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _listener(folder: Path, table: str, where: Address) -> Json:
    """As Seldon's, Envoy makes no request ids: a request has one only if its user gave it one."""
    lua = {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        "default_source_code": {"inline_string": NAME_FROM_PATH},
    }
    router = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    filters = (("envoy.filters.http.lua", lua), ("envoy.filters.http.router", router))
    http = {
        "@type": f"type.googleapis.com/{manager}",
        "stat_prefix": table,
        "generate_request_id": False,
        "rds": {
            "route_config_name": table,
            "config_source": _watched(table_file(folder, table)),
        },
        "http_filters": [{"name": name, "typed_config": config} for name, config in filters],
    }
    return {
        "name": table,
        "address": _address(where),
        "enable_reuse_port": False,
        "filter_chains": [{"filters": [{"name": "http", "typed_config": http}]}],
    }


def _connection_limit() -> Json:
    kind = "envoy.extensions.resource_monitors.downstream_connections.v3"
    limit = {
        "@type": f"type.googleapis.com/{kind}.DownstreamConnectionsConfig",
        "max_active_downstream_connections": PLENTY,
    }
    name = "envoy.resource_monitors.global_downstream_max_connections"
    return {"name": name, "typed_config": limit}


def _watched(file: Path) -> Json:
    path = {"path": str(file), "watched_directory": {"path": str(file.parent)}}
    return {"resource_api_version": "V3", "path_config_source": path}


def _address(where: Address) -> Json:
    host, port = where
    return {"socket_address": {"address": host, "port_value": port}}
