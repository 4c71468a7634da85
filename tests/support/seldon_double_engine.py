"""Sluice's own engine at work on a Seldon, told its picture again and again as by the operator."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from eventually import eventually
from seldon_double_world import CAPABILITY, SETTLE_SECONDS, SeldonWorld
from sluice_operator.api.v1alpha1 import Backend
from sluice_operator.cluster.kind import SELDON_EXPERIMENT, SELDON_MODEL
from sluice_operator.cluster.store import Store
from sluice_operator.errors import WorldError
from sluice_operator.model import Revision, Routing, Serving
from sluice_operator.seldon.dialect import V2
from sluice_operator.seldon.engine import SeldonEngine, SeldonPorts
from sluice_operator.seldon.envoy_routes import EnvoyRoutes
from sluice_operator.seldon.place import Place

KINDS = V2.kinds
HURRY = 5


@dataclass(kw_only=True)
class Driven:
    """One deployment, its engine, and the picture that it is told."""

    world: SeldonWorld
    backend: Backend = field(default_factory=Backend)

    def __post_init__(self) -> None:
        self.name = f"{self.world.prefix}churn"
        self._began = datetime.now(UTC)
        self.store = Store()
        self.report = EnvoyRoutes([self.world.admin_url], max_age=0.1)
        self.place = Place(
            namespace=self.world.namespace, deployment=self.name, backend=self.backend
        )
        ports = SeldonPorts(
            cluster=self.world.cluster,
            store=self.store,
            report=self.report,
            resolve=lambda revision: revision.uri,
            clock=self._clock,
        )
        self.engine = SeldonEngine(self.place, V2, ports)
        self.epoch = 0

    def revision(self, letter: str, **behaviour: object) -> Revision:
        """A revision whose model behaves as told."""
        name = f"{self.name}-{letter * 8}"
        uri = self.world.package(name.removeprefix(self.world.prefix), **behaviour)
        return Revision(name=name, uri=uri, requirements=(CAPABILITY,))

    def settle(self, routing: Routing, within: float = SETTLE_SECONDS) -> None:
        """Tell a new picture until the router reports it and every revision answers."""
        self.epoch += 1
        wanted = replace(routing, epoch=self.epoch)
        eventually(lambda: self._is_settled(wanted), within, every=0.1)

    def tell(self, routing: Routing) -> Serving:
        """Tell the picture once, and look."""
        self.watch()
        try:
            self.engine.route(self.name, replace(routing, epoch=routing.epoch or self.epoch))
        except WorldError:
            self.watch()  # a race with Seldon's own writes: the next turn decides anew
        return self.engine.observe(self.name)

    def watch(self) -> None:
        """The store learns how everything is."""
        for kind in KINDS:
            listing = self.world.cluster.list(kind, self.world.namespace)
            self.store.replace_all(kind, self.world.namespace, listing)

    def models(self) -> set[str]:
        """Names of this deployment's Models."""
        found = self.world.cluster.list(SELDON_MODEL, self.world.namespace)
        names = {body["metadata"]["name"] for body in found}
        return {name for name in names if name.startswith(self.name)}

    def experiment(self) -> dict[str, int]:
        """What the Experiment asks for, by name."""
        body = self.world.cluster.get(SELDON_EXPERIMENT, self.world.namespace, self.name)
        candidates = body["spec"]["candidates"] if body else ()
        return {one["name"]: one["weight"] for one in candidates}

    def _clock(self) -> datetime:
        """The engine gives requests seconds to end, and the double's are over in no time."""
        passed = datetime.now(UTC) - self._began
        return self._began + passed * (HURRY if self.world.double else 1)

    def _is_settled(self, wanted: Routing) -> bool:
        seen = self.tell(wanted)
        ready = {revision.name for revision in wanted.revisions} <= seen.ready
        assert ready, f"ready are {set(seen.ready)}, failed {dict(seen.failed)}, {seen.error}"
        assert seen.routes == wanted.routes, f"routes are {seen.routes}, not {wanted.routes}"
        return True
