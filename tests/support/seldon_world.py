"""A Seldon painted on an API server in memory, and an engine that speaks to it; time by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from memory_cluster import MemoryCluster
from seldon_painter import V1_KINDS, V2_KINDS, SeldonPainter
from seldon_states import Manner
from sluice_operator.api.v1alpha1 import Backend
from sluice_operator.cluster.kind import Kind, Object
from sluice_operator.cluster.store import Store
from sluice_operator.errors import SluiceError
from sluice_operator.model import Revision, Routes, Routing, Serving
from sluice_operator.seldon.dialect import V2, Dialect
from sluice_operator.seldon.engine import SeldonEngine, SeldonPorts
from sluice_operator.seldon.place import Place

NAMESPACE, DEPLOYMENT = "shop", "churn"
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
WRITES = frozenset({"create", "update", "patch", "delete"})


def revision(letter: str, *requirements: str) -> Revision:
    """One revision of the deployment."""
    name = f"{DEPLOYMENT}-{letter * 8}"
    return Revision(name=name, uri=f"s3://models/{letter}", requirements=requirements)


def uri_of(revision: Revision) -> str:
    """A storage that needs no registry."""
    return revision.uri


ONE, TWO, THREE = revision("a"), revision("b"), revision("c")


@dataclass
class SeldonWorld:
    """One deployment, one Seldon, one operator."""

    dialect: Dialect = V2
    manner: Manner = field(default_factory=lambda: Manner(load_seconds=2.0))
    backend: Backend = field(default_factory=Backend)
    resolve: Callable[[Revision], str] = uri_of
    cluster: MemoryCluster = field(default_factory=MemoryCluster)

    def __post_init__(self) -> None:
        self.seconds = 0.0
        self.store = Store()
        self.painter = SeldonPainter(self.cluster, lambda: self.seconds, self.manner)
        self.place = Place(
            namespace=NAMESPACE, deployment=DEPLOYMENT, owner_uid="uid-1", backend=self.backend
        )

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What is painted and watched."""
        return V2_KINDS if self.dialect is V2 else V1_KINDS

    def engine(self, place: Place | None = None, store: Store | None = None) -> SeldonEngine:
        """An engine, as the operator makes one for each look."""
        ports = SeldonPorts(
            cluster=self.cluster,
            store=store or self.store,
            report=self.painter,
            resolve=self.resolve,
            clock=lambda: BEGINNING + timedelta(seconds=self.seconds),
        )
        return SeldonEngine(place or self.place, self.dialect, ports)

    def route(self, routing: Routing) -> str:
        """Tell the engine once; what went wrong, in words."""
        try:
            self.engine().route(DEPLOYMENT, routing)
        except SluiceError as refused:
            return f"{type(refused).__name__}: {refused}"
        return ""

    def paint(self, seconds: float = 1.0) -> None:
        """Time passes, Seldon works, the watch delivers."""
        self.seconds += seconds
        for _ in range(2):  # finalizers first, then what they allow
            self.painter.look(kinds=self.kinds)
            self.painter.advance()
        self.watch()

    def watch(self) -> None:
        """The store learns how everything is."""
        for kind in self.kinds:
            self.store.replace_all(kind, "", self.cluster.list(kind))

    def run(self, routing: Routing, turns: int = 8) -> Serving:
        """The same picture, told again and again."""
        for _ in range(turns):
            self.route(routing)
            self.paint()
        return self.observe()

    def observe(self) -> Serving:
        """What the engine reports."""
        return self.engine().observe(DEPLOYMENT)

    def writes(self) -> int:
        """Writes so far, those of Seldon included."""
        return sum(n for (verb, _), n in self.cluster.requests.items() if verb in WRITES)

    def writes_of(self, routing: Routing) -> int:
        """Writes that telling the engine once costs."""
        before = self.writes()
        self.route(routing)
        return self.writes() - before

    def names(self, kind: Kind) -> list[str]:
        """Names of the objects that there are."""
        return [body["metadata"]["name"] for body in self.cluster.list(kind)]

    def body(self, kind: Kind, name: str = DEPLOYMENT) -> Object:
        """One object that must exist."""
        body = self.cluster.get(kind, NAMESPACE, name)
        assert body is not None
        return body


def only(name: str) -> Routes:
    """All traffic to one."""
    return Routes(weights={name: 100})
