"""The two generations of Seldon in a storm: what is written, what users meet, how one meddles."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from memory_cluster import MemoryCluster
from seldon_painter import SeldonPainter
from sluice_operator.cluster.kind import (
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    VIRTUAL_SERVICE,
    Kind,
    name_of,
)
from sluice_operator.cluster.store import Store
from sluice_operator.model import Routes
from sluice_operator.seldon.dialect import V1, V2, Dialect
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.istio import VirtualServiceRoutes
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.router import RouterReport

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What a storm must know of one generation."""

    dialect: Dialect
    backend: str
    """As `spec.backend.type` says it."""
    kinds: tuple[Kind, ...]
    """Watched, apart from our own."""
    traffic: Kind
    has_entry: bool
    """Whether a Model bears the deployment's own name."""
    uris: Callable[[MemoryCluster], dict[str, str]]
    """What is asked to run, with the place of each model."""
    report: Callable[[SeldonPainter, Store], RouterReport]
    """How the operator learns of routes."""
    meddled: Callable[[Plain, str], None]
    """Somebody gives all traffic to whom it pleases him, in the spec of the traffic object."""

    def left(self, memory: MemoryCluster) -> set[str]:
        """Names of all that there is of it."""
        kinds = (*self.dialect.kinds, *self.dialect.reads)
        return {name_of(body) for kind in kinds for body in memory.list(kind)}


class PaintedIstio(VirtualServiceRoutes):
    """VirtualServices as the operator's store has them; sometimes nobody understands them."""

    def __init__(self, painter: SeldonPainter, store: Store) -> None:
        super().__init__(store)
        self._painter = painter

    def routes(self, place: Place) -> Routes | None:
        """See `RouterReport.routes`."""
        if self._painter.unreadable:
            raise RouterError(self._painter.unreadable)
        return super().routes(place)


def _models(memory: MemoryCluster) -> dict[str, str]:
    return {name_of(one): one["spec"]["storageUri"] for one in memory.list(SELDON_MODEL)}


def _predictors(memory: MemoryCluster) -> dict[str, str]:
    bodies = memory.list(SELDON_DEPLOYMENT)
    every = [one for body in bodies for one in body["spec"]["predictors"]]
    return {one["name"]: one["graph"]["modelUri"] for one in every}


def _entry_alone(spec: Plain, entry: str) -> None:
    spec["candidates"] = [{"name": entry, "weight": 100}]


def _last_alone(spec: Plain, entry: str) -> None:
    """The candidate, if there is one."""
    for one in spec["predictors"]:
        one["traffic"] = 0
    spec["predictors"][-1]["traffic"] = 100


CORE_2 = Generation(
    dialect=V2,
    backend="SeldonV2",
    kinds=(SELDON_MODEL, SELDON_EXPERIMENT, SELDON_SERVER),
    traffic=SELDON_EXPERIMENT,
    has_entry=True,
    uris=_models,
    report=lambda painter, store: painter,
    meddled=_entry_alone,
)
CORE_1 = Generation(
    dialect=V1,
    backend="SeldonV1",
    kinds=(SELDON_DEPLOYMENT, VIRTUAL_SERVICE),
    traffic=SELDON_DEPLOYMENT,
    has_entry=False,
    uris=_predictors,
    report=PaintedIstio,
    meddled=_last_alone,
)
GENERATIONS = {"1.17.1": CORE_1, "2.6.0": CORE_2, "2.10.2": CORE_2}
"""By the version of Seldon."""
