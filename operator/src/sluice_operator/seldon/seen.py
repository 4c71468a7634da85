"""What is known of one deployment's objects when its next picture is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sluice_operator.cluster.kind import Kind, Object
from sluice_operator.model import Routes

Objects = Mapping[Kind, tuple[Object, ...]]
"""The copies held of a deployment's objects, by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Who answers, who never will, and what the others wait for."""

    ready: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Readiness and traffic, asked for and reported."""

    readiness: Readiness = field(default_factory=Readiness)
    listed: Routes | None = None
    """The traffic that the present object asks for; None if there is no object."""
    routes: Routes | None = None
    """The traffic that the router reports; None if that is not known."""
    uris: Mapping[str, str] = field(default_factory=dict)
    """Where the model of each revision lies, as far as that is known."""

    @property
    def ready(self) -> frozenset[str]:
        """Names of the revisions that answer."""
        return self.readiness.ready
