"""Models of the double: their versions, where each is loaded, and what state each is in. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """What Seldon's status says of a Model."""

    PROGRESSING = "ModelProgressing"
    AVAILABLE = "ModelAvailable"
    FAILED = "ModelFailed"
    UNSCHEDULED = "ScheduleFailed"
    TERMINATING = "ModelTerminating"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What a Model resource asks for; another spec is another version."""

    uri: str
    requirements: tuple[str, ...] = ()
    server: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    secret: str = ""
    """Secret with the credentials for the URI; its agent looks for it when it loads."""


@dataclass(slots=True, kw_only=True)
class Version:
    """One version of a Model."""

    model: str
    number: int
    spec: ModelSpec
    server: str = ""
    """Where it was sent to; empty while no server takes it."""
    state: State = State.PROGRESSING
    reason: str = ""
    loaded: bool = False

    @property
    def internal(self) -> str:
        """Its name on the model server, in headers and in metrics."""
        return f"{self.model}_{self.number}"


@dataclass(slots=True, kw_only=True)
class Model:
    """One Model and its versions, the newest last."""

    name: str
    versions: list[Version] = field(default_factory=list)
    deleting: bool = False

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    @property
    def live(self) -> list[Version]:
        """Versions that take requests: the last available one, and a newer one once loaded."""
        if self.deleting:
            return []
        loaded = [version for version in self.versions if version.loaded]
        available = [version for version in loaded if version.state is State.AVAILABLE]
        newest = [self.latest] if self.latest.loaded else []
        last = available[-1:] or loaded[-1:]
        return last if last == newest else [*last, *newest]

    def share(self, weight: int) -> list[tuple[Version, int]]:
        """The weight divided among live versions by replicas, of which each has one."""
        live = self.live
        if len(live) == 1:
            return [(live[0], weight)]
        older = weight // 2
        return [(live[0], older), (live[1], weight - older)]


def choose_server(spec: ModelSpec, servers: Mapping[str, Collection[str]]) -> tuple[str, str]:
    """The server for a model, or the reason why none takes it; servers with their capabilities."""
    trail = []
    for name, capabilities in sorted(servers.items()):
        if spec.server and spec.server != name:
            trail.append(f"requested server {spec.server} == {name}")
        elif not set(spec.requirements) <= set(capabilities):
            trail.append(
                f"model requirements {list(spec.requirements)} capabilities {sorted(capabilities)}"
            )
        else:
            return name, ""
    return "", f"no server takes it: {'; '.join(trail) or 'there are no servers'}"
