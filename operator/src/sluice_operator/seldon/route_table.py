"""Routes of Seldon Core 2 as its Envoy reports them, in our words. Pure.

Seldon matches the header `seldon-model` and names the answering model in `seldon-internal-model`
(`<model>_<version>`). Clusters are servers, not models, and say nothing. What has another shape
than Seldon gives it is an error: a wrong report is worse than none.

Source: scheduler/pkg/envoy/resources/resource.go at 2.6.0, xdscache/resource.go at 2.10.2.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sluice_operator.model import Routes
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.share import whole_percents

Json = Mapping[str, Any]
Rules = Mapping[str, Sequence[Json]]
"""Routes by the model that they are asked for."""

DATA, MIRROR = "listener_0", "listener_1"
"""Route configurations: what users meet, and where copies are sent on."""
ASKED, ANSWERING, STICKY = "seldon-model", "seldon-internal-model", "x-seldon-route"
PREFIXES = frozenset({"/v2", "/inference.GRPCInferenceService"})
WHOLE = 100


class RouteTable:
    """One dump of one Envoy; what it says about a deployment is worked out when asked for."""

    def __init__(self, dump: Json) -> None:
        """Sort the dump of `dynamic_route_configs`.

        Raises:
            RouterError: There are route configurations or routes that Seldon does not make.
        """
        self._rules: dict[str, Rules] = {DATA: {}, MIRROR: {}}
        try:
            for config in dump.get("configs") or ():
                self._sort(config["route_config"])
        except (AttributeError, KeyError, TypeError) as odd:
            raise RouterError(f"not a dump of Envoy's routes: {odd!r}") from odd

    def routes(self, deployment: str) -> Routes:
        """The traffic of a deployment's entry Model.

        A model that only a sticky route leads to has weight 0; the entry Model itself is left out
        while it has no weight, since its sticky route leads to stable's package. Nothing else is
        asked by users: neither `<experiment>.experiment`, which Seldon 2.6.0 never clears, nor
        the routes of single models.

        Raises:
            RouterError: The routes have a shape that Seldon does not give them.
        """
        try:
            return self._routes(deployment)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as odd:
            raise RouterError(f"Envoy's routes for {deployment} are not Seldon's: {odd!r}") from odd

    def _sort(self, config: Json) -> None:
        if config["name"] not in self._rules:
            raise RouterError(f"Envoy has a route table {config['name']!r} unknown to us")
        self._rules[config["name"]] = _by_model(config)

    def _routes(self, deployment: str) -> Routes:
        rules = self._rules[DATA].get(deployment, ())
        normal = [rule for rule in rules if _sticky(rule) is None]
        weights = _agreed([_shares(rule) for rule in normal])
        for rule in rules:
            if _sticky(rule) is not None:
                weights.setdefault(_named_by(rule), 0)
        if not weights.get(deployment):
            weights.pop(deployment, None)
        copied = {percent for rule in normal for percent in _copies(rule)}
        return Routes(weights=weights, mirror=self._mirrored(deployment, copied))

    def _mirrored(self, deployment: str, copied: Collection[int]) -> dict[str, int]:
        """The mirror's route names the model, the policy of the data route says how much."""
        rules = self._rules[MIRROR].get(deployment, ())
        models = {model for rule in rules for model in _shares(rule)}
        if copied and not models:
            raise ValueError("requests are copied, but nothing says to whom")
        if len(models) > 1 or len(copied) > 1:
            raise ValueError(f"several mirrors: {sorted(models)}, {sorted(copied)} percent")
        return dict.fromkeys(models, max(copied, default=0))


def united(tables: Sequence[Routes]) -> Routes:
    """What several Envoys do together: whom any of them sends requests has traffic."""
    if all(table == tables[0] for table in tables):
        return tables[0]
    return Routes(
        weights=_largest(table.weights for table in tables),
        mirror=_largest(table.mirror for table in tables),
    )


def _largest(tables: Iterable[Mapping[str, int]]) -> dict[str, int]:
    most: dict[str, int] = {}
    for table in tables:
        for name, share in table.items():
            most[name] = max(share, most.get(name, 0))
    return most


def _by_model(config: Json) -> Rules:
    rules: dict[str, list[Json]] = defaultdict(list)
    for host in config.get("virtual_hosts") or ():
        for rule in host.get("routes") or ():
            rules[_asked(rule)].append(rule)
    return rules


def _asked(rule: Json) -> str:
    """The model that users must ask for to meet this route."""
    try:
        matchers = rule["match"]["headers"]
        return next(str(one["string_match"]["exact"]) for one in matchers if one["name"] == ASKED)
    except (KeyError, TypeError, StopIteration) as odd:
        name = rule.get("name", "without name")
        raise RouterError(
            f"Envoy has a route {name!r} that does not ask for one {ASKED}: {odd!r}"
        ) from odd


def _sticky(rule: Json) -> str | None:
    """The internal model whose users meet this route; None for a route that all others meet."""
    match = rule["match"]
    others = [one for one in match["headers"] if one["name"] != ASKED]
    if match["prefix"] not in PREFIXES or len(others) != 1 or others[0]["name"] != STICKY:
        raise ValueError(f"match {match} is unknown")
    if others[0].get("present_match") is False:
        return None
    return str(others[0]["string_match"]["contains"]).strip(":")


def _named_by(rule: Json) -> str:
    """The model behind a sticky route."""
    internal = _answering(rule)
    if internal != _sticky(rule) or "cluster" not in rule["route"]:
        raise ValueError(f"sticky route leads to {internal}")
    return _model(internal)


def _shares(rule: Json) -> dict[str, int]:
    """Percent per model of a normal route; versions of one model are one."""
    shares: dict[str, int] = {}
    for cluster in rule["route"]["weighted_clusters"]["clusters"]:
        model = _model(_answering(cluster))
        shares[model] = shares.get(model, 0) + int(cluster.get("weight", 0))
    return whole_percents(shares)


def _copies(rule: Json) -> list[int]:
    """Percent of requests copied, if any are."""
    return [_percent(policy) for policy in rule["route"].get("request_mirror_policies") or ()]


def _percent(policy: Json) -> int:
    """A policy without fraction copies everything; a fraction without numerator copies nothing."""
    fraction = policy.get("runtime_fraction", {}).get("default_value")
    if fraction is None:
        return WHOLE
    if fraction.get("denominator", "HUNDRED") != "HUNDRED":
        raise ValueError(f"mirror fraction {fraction} is no percentage")
    return int(fraction.get("numerator", 0))


def _answering(part: Json) -> str:
    headers = [one["header"] for one in part["request_headers_to_add"]]
    (internal,) = (str(one["value"]) for one in headers if one["key"] == ANSWERING)
    return internal


def _model(internal: str) -> str:
    """`<model>_<version>` without the version; a model's name has no underscore."""
    model, separator, version = internal.rpartition("_")
    if not separator or not version.isdecimal():
        raise ValueError(f"{internal!r} is not <model>_<version>")
    return model


def _agreed(tables: Sequence[dict[str, int]]) -> dict[str, int]:
    """What REST and gRPC have in common, which is everything."""
    if any(table != tables[0] for table in tables):
        raise ValueError(f"REST and gRPC differ: {tables}")
    return dict(tables[0]) if tables else {}
