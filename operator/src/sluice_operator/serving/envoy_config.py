"""What Envoy is told: the fleet as the JSON of its own API. Pure; nothing here reads or writes.

Envoy watches two files, one with clusters (a revision each) and one with routes (a deployment
each). Everything that never changes stands in the bootstrap: the listener, the admin address and
where the two files are.

Source: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/api for every field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluice_operator.model import Routes

LOOPBACK = "127.0.0.1"
ROUTE_HEADER = "x-sluice-route"
"""Names the revision that answered; sent back by a client, it asks for that revision again."""
MIRROR_HEADER = "x-sluice-mirror"
"""Stands on copies of requests, so that a revision knows that no user sees its answer."""
TABLE = "sluice"
REQUEST_TIMEOUT = "15s"
CONNECT_TIMEOUT = "1s"
UPSTREAM_IDLE = "2s"
"""Less than the 5 s after which model servers hang up: who reuses a connection that the other
side is just closing loses a request."""
STATS_FLUSH = "1s"
"""How old the histograms are at most that gates on latency read; 5 s by default."""
PLENTY = 100_000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where Envoy listens and which files it watches."""

    port: int
    admin_port: int
    folder: Path

    @property
    def bootstrap(self) -> Path:
        """Read once, at the start."""
        return self.folder / "bootstrap.json"

    @property
    def clusters(self) -> Path:
        """In a folder of its own: a change wakes all watches of a folder."""
        return self.folder / "clusters" / "clusters.json"

    @property
    def routes(self) -> Path:
        """In a folder of its own, as above."""
        return self.folder / "routes" / "routes.json"


def bootstrap(layout: Layout) -> Json:
    """The configuration that Envoy starts with."""
    return {
        "node": {"id": "sluice", "cluster": "sluice"},
        "admin": {"address": _address(layout.admin_port)},
        "dynamic_resources": {"cds_config": _watched(layout.clusters)},
        "static_resources": {"listeners": [_listener(layout)]},
        "stats_flush_interval": STATS_FLUSH,
        "overload_manager": {"resource_monitors": [_connection_limit()]},
    }


def clusters(ports: Mapping[str, int]) -> Json:
    """One cluster for each revision name, at its port."""
    return _resources([_cluster(name, port) for name, port in sorted(ports.items())])


def routes(deployments: Mapping[str, Routes]) -> Json:
    """The route table: for each deployment name, who gets its requests."""
    rules = [rule for name in sorted(deployments) for rule in _rules(name, deployments[name])]
    host = {
        "name": TABLE,
        "domains": ["*"],
        "request_headers_to_remove": [MIRROR_HEADER],
        "routes": rules,
    }
    table = {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": TABLE,
        "virtual_hosts": [host],
    }
    return _resources([table])


def prefix_of(deployment: str) -> str:
    """The path below which a deployment answers."""
    return f"/v2/models/{deployment}/"


def _rules(deployment: str, wanted: Routes) -> list[Json]:
    """Sticky rules first, for revisions with weight alone; then the division by weight."""
    if not wanted.weights:
        return []
    sticky = [_sticky(deployment, name, wanted) for name in sorted(wanted.weights)]
    return [*sticky, _divided(deployment, wanted)]


def _sticky(deployment: str, revision: str, wanted: Routes) -> Json:
    header = {"name": ROUTE_HEADER, "string_match": {"exact": revision}}
    return {
        "match": {"prefix": prefix_of(deployment), "headers": [header]},
        "route": {"cluster": revision, **_conduct(wanted)},
        "response_headers_to_add": [_named(revision)],
    }


def _divided(deployment: str, wanted: Routes) -> Json:
    shares = [
        {"name": name, "weight": weight, "response_headers_to_add": [_named(name)]}
        for name, weight in sorted(wanted.weights.items())
    ]
    return {
        "match": {"prefix": prefix_of(deployment)},
        "route": {"weighted_clusters": {"clusters": shares}, **_conduct(wanted)},
    }


def _conduct(wanted: Routes) -> Json:
    """No retries: they would hide the errors by which a revision is judged."""
    copies = [_copy(name, percent) for name, percent in sorted(wanted.mirror.items())]
    return {"timeout": REQUEST_TIMEOUT, "request_mirror_policies": copies}


def _copy(revision: str, percent: int) -> Json:
    return {
        "cluster": revision,
        "runtime_fraction": {"default_value": {"numerator": percent, "denominator": "HUNDRED"}},
        "request_headers_mutations": [{"append": _header(MIRROR_HEADER, "1")}],
    }


def _named(revision: str) -> Json:
    return _header(ROUTE_HEADER, revision)


def _header(name: str, value: str) -> Json:
    return {
        "header": {"key": name, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _cluster(name: str, port: int) -> Json:
    endpoint = {"endpoint": {"address": _address(port)}}
    limits = ("max_connections", "max_pending_requests", "max_requests")
    http = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"idle_timeout": UPSTREAM_IDLE},
        "explicit_http_config": {"http_protocol_options": {}},
    }
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "type": "STATIC",
        "connect_timeout": CONNECT_TIMEOUT,
        "circuit_breakers": {"thresholds": [dict.fromkeys(limits, PLENTY)]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http
        },
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _listener(layout: Layout) -> Json:
    """Shares its port with nobody: two Envoys on one port would each get half of the requests."""
    chain = {"filters": [{"name": "http", "typed_config": _http(layout)}]}
    return {
        "name": TABLE,
        "address": _address(layout.port),
        "enable_reuse_port": False,
        "filter_chains": [chain],
    }


def _connection_limit() -> Json:
    """Without one Envoy warns at each start, and its log is where reasons are looked for."""
    kind = "envoy.extensions.resource_monitors.downstream_connections.v3"
    limit = {
        "@type": f"type.googleapis.com/{kind}.DownstreamConnectionsConfig",
        "max_active_downstream_connections": PLENTY,
    }
    name = "envoy.resource_monitors.global_downstream_max_connections"
    return {"name": name, "typed_config": limit}


def _http(layout: Layout) -> Json:
    """Request ids are the client's, or made here; they are the key that joins labels."""
    ids = {
        "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
        "pack_trace_reason": False,
    }
    router = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    return {
        "@type": f"type.googleapis.com/{manager}",
        "stat_prefix": TABLE,
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "request_id_extension": {"typed_config": ids},
        "rds": {"route_config_name": TABLE, "config_source": _watched(layout.routes)},
        "http_filters": [{"name": "router", "typed_config": router}],
    }


def _watched(file: Path) -> Json:
    path = {"path": str(file), "watched_directory": {"path": str(file.parent)}}
    return {"resource_api_version": "V3", "path_config_source": path}


def _address(port: int) -> Json:
    return {"socket_address": {"address": LOOPBACK, "port_value": port}}


def _resources(resources: list[Json]) -> Json:
    return {"resources": resources}
