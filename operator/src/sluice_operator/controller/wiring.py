"""The one place where the operator's parts are put together."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sluice_ledger.url import open_ledger

from sluice_operator.api.v1alpha1 import BackendType, Spec
from sluice_operator.cluster.client import (
    LEASE_READ_SECONDS,
    READ_SECONDS,
    KubernetesCluster,
    login,
)
from sluice_operator.cluster.kind import Object, name_of, namespace_of
from sluice_operator.cluster.lease import Elector
from sluice_operator.cluster.port import Cluster
from sluice_operator.cluster.store import Store
from sluice_operator.controller.clock import SteadyClock
from sluice_operator.controller.log import configure_logging
from sluice_operator.controller.process import Operator
from sluice_operator.controller.settings import Settings, settings_of
from sluice_operator.controller.shelf import Shelf
from sluice_operator.controller.turn import World
from sluice_operator.errors import SluiceError
from sluice_operator.evidence.family import (
    RUNTIME,
    SELDON_V1,
    SELDON_V2,
    SELDON_V2_OWN_SERVERS,
    Dialect,
)
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.evidence.routed import RoutedEvidence
from sluice_operator.model import Routing
from sluice_operator.rollout.ports import EvidenceSource, Ports
from sluice_operator.seldon.dialect import dialect_of
from sluice_operator.seldon.engine import Resolve, SeldonEngine, SeldonPorts
from sluice_operator.seldon.envoy_routes import EnvoyRoutes
from sluice_operator.seldon.istio import VirtualServiceRoutes
from sluice_operator.seldon.place import place_of
from sluice_operator.seldon.router import RouterReport
from sluice_operator.seldon.storage import Storage

PROMETHEUS_SECONDS = 5.0
"""For one answer; a thousand rollouts make it a megabyte, and only one worker waits for it."""

_log = logging.getLogger(__name__)
NO_LABEL = "-"
SERVED = ("http://", "https://")
"""A ledger behind such an address can be reached from other machines; a file cannot."""
SERIES: Mapping[tuple[BackendType, str], Dialect] = {
    (BackendType.SELDON_V2, "Seldon"): SELDON_V2,
    (BackendType.SELDON_V2, "OwnServers"): SELDON_V2_OWN_SERVERS,
    (BackendType.SELDON_V2, "Runtime"): RUNTIME,
    (BackendType.SELDON_V1, ""): SELDON_V1,
}
"""Where counts come from, by backend and by `SLUICE_PROMETHEUS_SERIES`, if that says anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything that deployments share: connections, caches, clocks."""

    cluster: Cluster
    store: Store
    reports: Mapping[BackendType, RouterReport]
    resolve: Resolve
    prometheus: Prometheus | None
    namespace_label: str
    series: str
    ledger: EvidenceSource | None
    ledger_url: str
    """Of the same ledger, for model servers; empty if they cannot reach it."""
    clock: Callable[[], datetime]

    def ports(self, body: Object, spec: Spec) -> Ports:
        """The ports of one deployment."""
        return Ports(
            serving=self.engine(body, spec),
            evidence=RoutedEvidence(self._sources(body, spec)),
            clock=self.clock,
        )

    def unsettled(self, body: Object, spec: Spec, routing: Routing) -> str:
        """What the engine of one deployment still waits for."""
        return self.engine(body, spec).unsettled(routing)

    def engine(self, body: Object, spec: Spec) -> SeldonEngine:
        """The engine of one deployment."""
        uid = body["metadata"]["uid"]
        ports = SeldonPorts(
            cluster=self.cluster,
            store=self.store,
            report=self.reports[spec.backend.type],
            resolve=self.resolve,
            clock=self.clock,
        )
        place = place_of(namespace_of(body), name_of(body), uid, spec, self.ledger_url)
        return SeldonEngine(place, dialect_of(spec.backend.type), ports)

    def _sources(self, body: Object, spec: Spec) -> dict[str, EvidenceSource]:
        sources: dict[str, EvidenceSource] = {}
        if self.prometheus is not None:
            label = self.namespace_label
            labels = {} if label == NO_LABEL else {label: namespace_of(body)}
            counted = PrometheusEvidence(self.prometheus, self._series(spec), labels)
            sources |= dict.fromkeys(PrometheusEvidence.METRICS, counted)
        if self.ledger is not None:
            sources |= dict.fromkeys(LedgerEvidence.METRICS, self.ledger)
        return sources

    def _series(self, spec: Spec) -> Dialect:
        backend = spec.backend.type
        return SERIES[backend, self.series if backend is BackendType.SELDON_V2 else ""]


def world_of(settings: Settings) -> Callable[[Cluster, Store, Shelf], World]:
    """Makes what the turns of one process act on."""
    clock = SteadyClock()
    prometheus = None
    if settings.prometheus_url:
        refresh = min(1.0, settings.poll_seconds / 2)
        access = Access(url=settings.prometheus_url, timeout_seconds=PROMETHEUS_SECONDS)
        prometheus = Prometheus(PrometheusApi(access), refresh)
    ledger = LedgerEvidence(lambda: open_ledger(settings.ledger)) if settings.ledger else None

    def made(cluster: Cluster, store: Store, shelf: Shelf) -> World:
        surroundings = Surroundings(
            cluster=cluster,
            store=store,
            reports={
                BackendType.SELDON_V2: EnvoyRoutes(settings.envoy_admin_urls),
                BackendType.SELDON_V1: VirtualServiceRoutes(store),
            },
            resolve=Storage(settings.mlflow_url).resolve,
            prometheus=prometheus,
            namespace_label=settings.prometheus_namespace_label,
            series=settings.prometheus_series,
            ledger=ledger,
            ledger_url=settings.ledger if settings.ledger.startswith(SERVED) else "",
            clock=clock,
        )
        return World(
            cluster=cluster,
            store=store,
            shelf=shelf,
            ports=surroundings.ports,
            unsettled=surroundings.unsettled,
            news=prometheus.news if prometheus else tuple,
            clock=clock,
        )

    return made


def operator_of(settings: Settings) -> Operator:
    """One replica, not yet running.

    Raises:
        SluiceError: There is no way to log in to a cluster.
    """
    turns, records, lease = (
        KubernetesCluster(
            login(settings.kubeconfig),
            user_agent=f"sluice-operator/{lane}",
            read_seconds=read_seconds,
        )
        for lane, read_seconds in (
            ("turns", READ_SECONDS),
            ("records", READ_SECONDS),
            ("lease", LEASE_READ_SECONDS),
        )
    )
    elector = Elector(lease, settings.lease_namespace, settings.lease_name, settings.identity)
    return Operator(
        settings=settings,
        cluster=turns,
        scribes_cluster=records,
        leadership=elector,
        world=world_of(settings),
    )


def main() -> int:
    """The program `sluice-operator`."""
    try:
        settings = settings_of(os.environ)
        configure_logging(settings.log_format, settings.log_level)
        operator = operator_of(settings)
    except SluiceError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: operator.stop())
    operator.run()
    return 0
