"""Seldon Core 2's routes as its Envoy would report them, one deployment at a time. Pure.

Source: scheduler/pkg/envoy/resources/resource.go at 2.6.0 (names, matches, headers, order).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
Clusters = Sequence[tuple[str, int]]
"""Models with their weights, in the order of the Experiment."""
PREFIXES = {"http": "/v2", "grpc": "/inference.GRPCInferenceService"}
SERVER = "mlserver_77d1f4_"


def data_routes(asked: str, clusters: Clusters, mirror: Mapping[str, int]) -> str:
    """Routes of one name in `listener_0`, as JSON text without brackets."""
    sticky = [_sticky(asked, model, how) for model, _ in clusters for how in PREFIXES]
    normal = [_normal(asked, clusters, sum(mirror.values()), how) for how in PREFIXES]
    return _text([*(sticky if len(clusters) > 1 else []), *normal])


def mirror_routes(asked: str, mirror: Mapping[str, int]) -> str:
    """Routes of one name in `listener_1`; empty without a mirror."""
    if not mirror:
        return ""
    copies = [_normal(asked, tuple(mirror.items()), 0, how) for how in PREFIXES]
    return _text([{**one, "name": f"{one['name']}_mirror"} for one in copies])


def dump(versions: tuple[int, int], data: str, mirrors: str, stamps: tuple[str, str]) -> str:
    """The whole answer to `/config_dump?resource=dynamic_route_configs`."""
    hosts = (("listener_0", "seldon_service", data), ("listener_1", "seldon_mirror", mirrors))
    configs = [
        f'{{"version_info":"{version}","last_updated":"{stamp}","route_config":{{"name":"{name}",'
        f'"virtual_hosts":[{{"name":"{host}","domains":["*"],"routes":[{routes}]}}]}}}}'
        for (name, host, routes), version, stamp in zip(hosts, versions, stamps, strict=True)
    ]
    return f'{{"configs":[{",".join(configs)}]}}'


def masked(versions: tuple[int, int], stamps: tuple[str, str]) -> str:
    """The same with `mask=version_info,last_updated`."""
    pairs = zip(versions, stamps, strict=True)
    configs = [f'{{"version_info":"{v}","last_updated":"{stamp}"}}' for v, stamp in pairs]
    return f'{{"configs":[{",".join(configs)}]}}'


def _text(routes: Sequence[Json]) -> str:
    return json.dumps(routes, separators=(",", ":"))[1:-1]


def _header(key: str, value: str) -> Json:
    return {"header": {"key": key, "value": value}}


def _match(asked: str, how: str, other: Json) -> Json:
    exact = {"name": "seldon-model", "string_match": {"exact": asked}}
    return {"prefix": PREFIXES[how], "headers": [exact, {"name": "x-seldon-route", **other}]}


def _sticky(asked: str, model: str, how: str) -> Json:
    internal = f"{model}_1"
    return {
        "name": f"{asked}_{how}_experiment",
        "match": _match(asked, how, {"string_match": {"contains": f":{internal}:"}}),
        "route": {"cluster": f"{SERVER}{how}", "timeout": "0s"},
        "request_headers_to_add": [
            _header("seldon-internal-model", internal),
            _header("seldon-model", model),
        ],
        "response_headers_to_add": [_header("x-seldon-route", f":{internal}:")],
    }


def _normal(asked: str, clusters: Clusters, copied: int, how: str) -> Json:
    route: Json = {
        "weighted_clusters": {"clusters": [_cluster(model, w, how) for model, w in clusters]},
        "timeout": "0s",
    }
    if copied:
        fraction = {"default_value": {"numerator": copied}}
        route["request_mirror_policies"] = [
            {"cluster": f"mirror_{how}", "runtime_fraction": fraction}
        ]
    return {
        "name": f"{asked}_{how}",
        "match": _match(asked, how, {"present_match": False}),
        "route": route,
    }


def _cluster(model: str, weight: int, how: str) -> Json:
    internal = f"{model}_1"
    return {
        "name": f"{SERVER}{how}",
        "weight": weight,
        "request_headers_to_remove": ["seldon-internal-model"],
        "request_headers_to_add": [_header("seldon-internal-model", internal)],
        "response_headers_to_add": [_header("x-seldon-route", f":{internal}:")],
    }
