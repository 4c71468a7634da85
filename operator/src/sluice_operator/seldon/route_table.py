"""The routes of every deployment, worked out from one dump of one Envoy. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sluice_operator.model import Routes
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.route_rule import Rule
from sluice_operator.seldon.route_scan import scanned

DATA, MIRROR = "listener_0", "listener_1"
"""Route tables: what users meet, and where copies are sent on."""
Rules = Mapping[str, Sequence[Rule]]
"""Routes by the model that they are asked for."""


class RouteTable:
    """What one Envoy does with the requests for each model."""

    def __init__(self, text: str) -> None:
        """Read a dump of `dynamic_route_configs`.

        Raises:
            RouterError: It is none, or there are tables or routes that Seldon does not make.
        """
        self._routes: dict[str, Routes] = {}
        self._errors: dict[str, str] = {}
        tables: dict[str, Rules] = {DATA: {}, MIRROR: {}}
        try:
            for name, rules in scanned(text):
                if name not in tables:
                    raise RouterError(f"Envoy has a route table {name!r} unknown to us")
                tables[name] = _by_model(rules)
        except (AttributeError, KeyError, StopIteration, TypeError, ValueError) as odd:
            raise RouterError(f"not a dump of Envoy's routes: {odd!r}") from odd
        for model in {*tables[DATA], *tables[MIRROR]}:
            self._note(model, tables[DATA].get(model, ()), tables[MIRROR].get(model, ()))

    def routes(self, deployment: str) -> Routes:
        """The traffic of a deployment's entry Model.

        A model that only a sticky route leads to has weight 0; the entry Model itself is left out
        while it has no weight, since its sticky route leads to stable's package. Nothing else is
        asked by users: neither `<experiment>.experiment`, which Seldon 2.6.0 never clears, nor
        the routes of single models.

        Raises:
            RouterError: The routes have a shape that Seldon does not give them.
        """
        if deployment in self._errors:
            said = self._errors[deployment]
            raise RouterError(f"Envoy's routes for {deployment} are not Seldon's: {said}")
        return self._routes.get(deployment, Routes())

    def _note(self, model: str, data: Sequence[Rule], mirror: Sequence[Rule]) -> None:
        error = next((rule.error for rule in (*data, *mirror) if rule.error), "")
        try:
            self._routes[model] = Routes() if error else _routes(model, data, mirror)
        except ValueError as odd:
            error = str(odd)
        if error:
            self._errors[model] = error


def united(tables: Sequence[Routes]) -> Routes:
    """What several Envoys do together: whom any of them sends requests has traffic."""
    if all(table == tables[0] for table in tables):
        return tables[0]
    return Routes(
        weights=_largest(table.weights for table in tables),
        mirror=_largest(table.mirror for table in tables),
    )


def _routes(model: str, data: Sequence[Rule], mirror: Sequence[Rule]) -> Routes:
    normal = [rule for rule in data if not rule.pinned]
    weights = _agreed([rule.weights for rule in normal])
    for rule in data:
        if rule.pinned:
            weights.setdefault(rule.pinned, 0)
    if not weights.get(model):
        weights.pop(model, None)
    return Routes(weights=weights, mirror=_mirrored(normal, mirror))


def _mirrored(normal: Sequence[Rule], mirror: Sequence[Rule]) -> dict[str, int]:
    """The mirror's route names the model, the policy of the data route says how much."""
    copied = {percent for rule in normal for percent in rule.copies}
    models = {model for rule in mirror for model in rule.weights}
    if copied and not models:
        raise ValueError("requests are copied, but nothing says to whom")
    if len(models) > 1 or len(copied) > 1:
        raise ValueError(f"several mirrors: {sorted(models)}, {sorted(copied)} percent")
    return dict.fromkeys(models, max(copied, default=0))


def _agreed(tables: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """What REST and gRPC have in common, which is everything."""
    if any(table != tables[0] for table in tables):
        raise ValueError(f"REST and gRPC differ: {tables}")
    return dict(tables[0]) if tables else {}


def _largest(tables: Iterable[Mapping[str, int]]) -> dict[str, int]:
    most: dict[str, int] = {}
    for table in tables:
        for name, share in table.items():
            most[name] = max(share, most.get(name, 0))
    return most


def _by_model(rules: Iterable[Rule]) -> Rules:
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        found[rule.asked].append(rule)
    return found
