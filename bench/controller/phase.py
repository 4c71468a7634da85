"""One span of a measurement: what the controller and its world have cost in it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from account import Usage, by_resource, by_verb
from rig import REPLICAS, Rig


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Accounts of one span."""

    seconds: float
    cores: float
    """CPU of the controller per second."""
    rss_mib: float
    """Most memory that was seen at the end of the span."""
    reads: int
    writes: int
    verbs: dict[str, int]
    resources: dict[str, int]
    """Requests by verb and resource."""
    queries_per_second: float
    """Of the fake Prometheus."""
    others: dict[str, float]
    """Cores of everybody else."""

    @property
    def requests_per_second(self) -> float:
        """All requests to the API server but watches."""
        return (self.reads + self.writes) / self.seconds

    def row(self) -> dict[str, object]:
        """For the table and the record."""
        return {
            "seconds": round(self.seconds, 1),
            "cores": round(self.cores, 4),
            "rss_mib": round(self.rss_mib),
            "requests_per_second": round(self.requests_per_second, 2),
            "reads_per_second": round(self.reads / self.seconds, 3),
            "writes_per_second": round(self.writes / self.seconds, 2),
            "queries_per_second": round(self.queries_per_second, 2),
            "verbs": self.verbs,
            "resources": self.resources,
            "cores_of_others": {name: round(cores, 3) for name, cores in self.others.items()},
        }


def measured(rig: Rig, during: Callable[[], None]) -> Phase:
    """What the newest replica, which leads, costs while something happens, or nothing does."""
    number = max(rig.replicas)
    began, queries = time.time(), rig.seen()["queries"]
    before, others = rig.usage(number), rig.others()
    during()
    ended = time.time()
    after, seconds = rig.usage(number), ended - began
    asked = rig.requests.between(began, ended, REPLICAS[number])
    return Phase(
        seconds=seconds,
        cores=_cores(before, after, seconds),
        rss_mib=max(before.rss_mib, after.rss_mib),
        reads=sum(one.is_read for one in asked),
        writes=sum(one.is_write for one in asked),
        verbs=by_verb(asked),
        resources=by_resource(asked),
        queries_per_second=(rig.seen()["queries"] - queries) / seconds,
        others={name: _cores(others[name], usage, seconds) for name, usage in rig.others().items()},
    )


def quiet(rig: Rig, seconds: float) -> None:
    """Time passes; whoever must run goes on running."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        rig.check()
        time.sleep(min(left, 1.0))


def _cores(before: Usage, after: Usage, seconds: float) -> float:
    return (after.cpu_seconds - before.cpu_seconds) / seconds
