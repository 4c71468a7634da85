"""One route of Seldon Core 2, as its Envoy reports it. Pure.

Seldon matches the header `seldon-model` and names the answering model in `seldon-internal-model`
(`<model>_<version>`). Clusters are servers, not models, and say nothing. What has another shape
than Seldon gives it is an error: a wrong report is worse than none.

Source: scheduler/pkg/envoy/resources/resource.go at 2.6.0, xdscache/resource.go at 2.10.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.share import WHOLE, whole_percents

Json = Mapping[str, Any]

ASKED, ANSWERING, STICKY = "seldon-model", "seldon-internal-model", "x-seldon-route"
PREFIXES = frozenset({"/v2", "/inference.GRPCInferenceService"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where the requests go that meet a route."""

    asked: str
    """The model that a request asks for."""
    pinned: str = ""
    """The model to which those are bound that it has answered before; empty in a normal route."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """Percent per model of a normal route."""
    copies: tuple[int, ...] = ()
    """Percent of requests that are copied."""
    error: str = ""
    """Why it is no route that Seldon makes; empty if it is one."""


def rule_of(route: Json) -> Rule:
    """The route in our words.

    Raises:
        RouterError: It cannot be said whose requests it takes.
    """
    asked = _asked(route)
    try:
        internal = _sticky(route)
        if internal:
            return Rule(asked=asked, pinned=_pinned(route, internal))
        return Rule(asked=asked, weights=_shares(route), copies=_copies(route))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as odd:
        return Rule(asked=asked, error=repr(odd))


def _asked(route: Json) -> str:
    try:
        matchers = route["match"]["headers"]
        (asked,) = (str(one["string_match"]["exact"]) for one in matchers if one["name"] == ASKED)
    except (KeyError, TypeError, ValueError) as odd:
        name = route.get("name", "without name") if isinstance(route, dict) else route
        raise RouterError(
            f"Envoy has a route {name!r} that does not ask for one {ASKED}: {odd!r}"
        ) from odd
    return asked


def _sticky(route: Json) -> str:
    """The internal model whose users meet this route; empty for a route that all others meet."""
    match = route["match"]
    others = [one for one in match["headers"] if one["name"] != ASKED]
    if match["prefix"] not in PREFIXES or len(others) != 1 or others[0]["name"] != STICKY:
        raise ValueError(f"match {match} is unknown")
    if others[0].get("present_match") is False:
        return ""
    internal = str(others[0]["string_match"]["contains"])
    if not internal.strip(":"):
        raise ValueError(f"match {match} binds to nobody")
    return internal.strip(":")


def _pinned(route: Json, internal: str) -> str:
    """The model behind a sticky route."""
    if _answering(route) != internal or "cluster" not in route["route"]:
        raise ValueError(f"sticky route of {internal} leads elsewhere")
    return _model(internal)


def _shares(route: Json) -> dict[str, int]:
    """Percent per model; versions of one model are one."""
    shares: dict[str, int] = {}
    for cluster in route["route"]["weighted_clusters"]["clusters"]:
        model = _model(_answering(cluster))
        shares[model] = shares.get(model, 0) + int(cluster.get("weight", 0))
    return whole_percents(shares)


def _copies(route: Json) -> tuple[int, ...]:
    return tuple(_percent(policy) for policy in route["route"].get("request_mirror_policies") or ())


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
