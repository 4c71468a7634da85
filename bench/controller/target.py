"""What must hold, beside what was measured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One promise about one workload."""

    workload: str
    figure: str
    limit: float
    sentence: str


TARGETS = (
    Target(
        workload="W1",
        figure="p99_beyond_poll_seconds",
        limit=1.0,
        sentence="evidence against one to its traffic object: p99 beyond the poll, s",
    ),
    Target(
        workload="W1 all",
        figure="p99_beyond_poll_seconds",
        limit=5.0,
        sentence="evidence against all to their traffic objects: p99 beyond the poll, s",
    ),
    Target(workload="W2", figure="cores", limit=1.0, sentence="holding all: cores"),
    Target(workload="W2", figure="rss_mib", limit=512, sentence="holding all: MiB"),
    Target(
        workload="W2",
        figure="requests_per_second",
        limit=40,
        sentence="holding all: requests to the API server per second",
    ),
    Target(
        workload="W3",
        figure="requests_per_second",
        limit=1.0,
        sentence="idle: requests to the API server per second",
    ),
    Target(workload="W3", figure="cores", limit=0.02, sentence="idle: cores"),
    Target(
        workload="W4", figure="writes_per_step", limit=3.0, sentence="one rollout: writes per step"
    ),
    Target(workload="W4", figure="live_reads", limit=0, sentence="one rollout: live reads"),
    Target(
        workload="W5 kill",
        figure="first_write_seconds",
        limit=20,
        sentence="leader killed: seconds to the first right write",
    ),
    Target(
        workload="W5 kill", figure="wrong_writes", limit=0, sentence="leader killed: wrong writes"
    ),
    Target(
        workload="W5 stop",
        figure="first_write_seconds",
        limit=2.0,
        sentence="leader stopped: seconds to the first right write",
    ),
    Target(
        workload="W5 stop", figure="wrong_writes", limit=0, sentence="leader stopped: wrong writes"
    ),
    Target(
        workload="edit",
        figure="p99_seconds",
        limit=1.0,
        sentence="an edit to the first status that was written for it: p99, s",
    ),
    Target(
        workload="W6", figure="false_rollbacks", limit=0, sentence="metrics away: false rollbacks"
    ),
    Target(
        workload="W6", figure="false_promotions", limit=0, sentence="metrics away: false promotions"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A target with what was measured."""

    target: Target
    objects: int
    value: float

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return self.value <= self.target.limit

    @property
    def claim(self) -> str:
        """The sentence, with the size."""
        return f"{self.target.sentence}, {self.objects} objects"

    def row(self) -> dict[str, object]:
        """For the record."""
        return {
            "claim": self.claim,
            "value": self.value,
            "limit": self.target.limit,
            "holds": self.holds,
        }


def judged(rows: Iterable[Row]) -> list[Judged]:
    """Every target that something was measured for."""
    known = list(rows)
    return [
        Judged(
            target=target,
            objects=int(row.get("objects", 1)),
            value=float(row[target.figure]),
        )
        for target in TARGETS
        for row in known
        if row["workload"] == target.workload and row[target.figure] is not None
    ]
