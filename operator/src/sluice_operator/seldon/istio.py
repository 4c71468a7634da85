"""What Seldon Core 1 has told Istio: the VirtualService that it keeps. Pure reading.

Source: createIstioResources in operator/controllers/seldondeployment_controller.go at 1.17.1.
"""

from collections.abc import Mapping
from typing import Any

from sluice_operator.cluster.kind import VIRTUAL_SERVICE, Object
from sluice_operator.cluster.store import Store
from sluice_operator.model import Routes
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.share import whole_percents
from sluice_operator.seldon.v1_names import service_of

WHOLE = 100


class VirtualServiceRoutes:
    """A `RouterReport` for Seldon Core 1; reads the store, asks nobody."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self, place: Place) -> Routes | None:
        """The routes of a deployment; none at all before Seldon has written any.

        Raises:
            RouterError: The VirtualService is not one that Seldon writes.
        """
        body = self._store.get(VIRTUAL_SERVICE, place.namespace, place.deployment)
        return Routes() if body is None else routes_of(body, place.deployment)

    def expire(self, place: Place) -> None:
        """Nothing is kept here."""


def routes_of(body: Object, deployment: str) -> Routes:
    """Weights and mirror of a VirtualService; REST and gRPC must agree.

    Raises:
        RouterError: It is not one that Seldon writes.
    """
    rules = (body.get("spec") or {}).get("http") or ()
    try:
        tables = [_table(rule, deployment) for rule in rules]
    except (AttributeError, KeyError, TypeError, ValueError) as odd:
        raise RouterError(f"VirtualService {deployment} is not Seldon's: {odd!r}") from odd
    if not tables:
        return Routes()
    if any(table != tables[0] for table in tables):
        raise RouterError(f"VirtualService {deployment}: REST and gRPC have different routes")
    return tables[0]


def _table(rule: Mapping[str, Any], deployment: str) -> Routes:
    destinations = rule.get("route") or ()
    alone = len(destinations) == 1
    shares = {
        _predictor(one["destination"], deployment): WHOLE if alone else int(one.get("weight") or 0)
        for one in destinations
    }
    mirror = rule.get("mirror")
    copied = {_predictor(mirror, deployment): _percent(rule)} if mirror else {}
    return Routes(
        weights=whole_percents({name: share for name, share in shares.items() if share}),
        mirror=copied,
    )


def _percent(rule: Mapping[str, Any]) -> int:
    """A mirror without percentage copies everything."""
    value = float((rule.get("mirrorPercentage") or {}).get("value", WHOLE))
    if not value.is_integer():
        raise ValueError(f"mirrorPercentage {value} is not whole")
    return int(value)


def _predictor(destination: Mapping[str, Any], deployment: str) -> str:
    """The subset names the predictor; the host must be its Service."""
    name, host = str(destination["subset"]), str(destination["host"])
    if host.partition(".")[0] != service_of(deployment, name):
        raise ValueError(f"host {host} is not that of predictor {name}")
    return name
