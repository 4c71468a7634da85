"""What a controller under test must say of itself, so that all are measured alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sluice_operator.cluster.kind import Kind
from sluice_operator.serving.process import Process

NAMESPACE = "bench"
HELD_PERCENT = 10
"""Weight of each candidate while its rollout is held."""
BAD_SHARE = 0.5
BURST = 2_000
"""Failed requests of a breach at once. The longer a candidate was healthy, the more failures its
gates need; so many prove harm to any of them in the scrape that shows them, and what is measured is
the controller alone."""
Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where subjects and their worlds find what they need."""

    folder: Path
    """For logs."""
    kubeconfigs: tuple[Path, ...]
    """Of the replicas of the subject."""
    world_kubeconfig: Path
    """Of those who paint the world."""
    metrics_url: str
    world_port: int
    """Free for the subject's world."""


class Subject(Protocol):
    """One controller, its objects, and the world that it needs beside Prometheus."""

    @property
    def name(self) -> str:
        """How tables call it."""
        ...

    @property
    def own(self) -> Kind:
        """What users write."""
        ...

    @property
    def traffic(self) -> Kind:
        """What divides the traffic."""
        ...

    @property
    def poll_seconds(self) -> float:
        """Between two looks at the evidence of one rollout."""
        ...

    def definitions(self) -> Sequence[Path]:
        """Files and folders with the CRDs that it needs."""
        ...

    def surroundings(self, ground: Ground) -> Sequence[tuple[Kind, Body]]:
        """Objects that are there before it starts."""
        ...

    def worlds(self, ground: Ground) -> Sequence[Process]:
        """Whoever plays the rest of the cluster."""
        ...

    def controller(self, ground: Ground, number: int) -> Process:
        """One replica, starting."""
        ...

    def objects(self, name: str) -> Sequence[tuple[Kind, Body]]:
        """What a user applies for one deployment, in order."""
        ...

    def revision(self, name: str, version: int) -> Body:
        """A merge patch of the own kind that starts a rollout; stable is version 1."""
        ...

    def edit(self, number: int) -> Body:
        """A merge patch of the own kind that moves nothing; another one for each number."""
        ...

    def counters(self, name: str, version: int) -> Sequence[Body]:
        """Orders that have the fake Prometheus count requests of a healthy version."""
        ...

    def breach(self, name: str, version: int) -> Body:
        """The order that makes a candidate bad."""
        ...

    def is_at_rest(self, body: Body) -> bool:
        """Whether an own object says that nothing is under way."""
        ...

    def is_holding(self, body: Body) -> bool:
        """Whether an own object says that its candidate is being analysed at the held weight."""
        ...

    def weight(self, body: Body) -> int | None:
        """Percent that the candidate gets by a traffic object; None if it is none of ours."""
        ...
