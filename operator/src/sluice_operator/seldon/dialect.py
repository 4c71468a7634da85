"""What the engine needs to know of a generation of Seldon Core."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sluice_operator.api.v1alpha1 import BackendType
from sluice_operator.cluster.kind import Kind, Object
from sluice_operator.model import Routes, Routing
from sluice_operator.seldon import v1, v2
from sluice_operator.seldon.manifest import Manifest
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.seen import Objects, Readiness, Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one generation says things."""

    product: str
    other: BackendType
    """What `spec.backend.type` could be set to where this one is not installed."""
    kinds: tuple[Kind, ...]
    """Kinds that are written, in the order of writing."""
    traffic: Kind
    """The one among them that divides traffic."""
    reads: tuple[Kind, ...] = ()
    """Kinds that are only watched."""
    render: Callable[[Place, Routing, Seen, Objects], tuple[Manifest, ...]]
    readiness: Callable[[Place, Objects], Readiness]
    listed: Callable[[Place, Objects], Routes | None]
    uris: Callable[[Place, Objects], Mapping[str, str]]
    refuse_rivals: Callable[[Place, Iterable[Object]], None] | None = None
    """Raises `NameTakenError` if another traffic object claims the same route; None where none
    can."""


V2 = Dialect(
    product="Seldon Core 2",
    other=BackendType.SELDON_V1,
    kinds=v2.KINDS,
    traffic=v2.TRAFFIC,
    render=v2.render,
    readiness=v2.readiness,
    listed=v2.listed,
    uris=v2.uris,
    refuse_rivals=v2.refuse_rivals,
)
V1 = Dialect(
    product="Seldon Core 1",
    other=BackendType.SELDON_V2,
    kinds=v1.KINDS,
    traffic=v1.TRAFFIC,
    reads=v1.READS,
    render=v1.render,
    readiness=v1.readiness,
    listed=v1.listed,
    uris=v1.uris,
)


def dialect_of(backend: BackendType) -> Dialect:
    """The dialect that a spec asks for."""
    return V1 if backend is BackendType.SELDON_V1 else V2
