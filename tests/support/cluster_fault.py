"""A cluster that fails as real ones do, by a plan and a seed.

Each fault strikes before the effect of a call, after it, or lets the effect come late, when its
caller has long given up: requests are not undone by their timeouts. A process that was killed makes
no more calls, but what it had sent may still arrive (`land`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import TypeVar

from sluice_operator.cluster.kind import Kind, Object
from sluice_operator.cluster.port import Cluster, Listing
from sluice_operator.errors import ClusterError, ConflictError, UnavailableError

T = TypeVar("T")


class Killed(BaseException):
    """SIGKILL: nothing may catch it."""


class Strike(StrEnum):
    """When a fault strikes."""

    BEFORE = "before"
    """The call has no effect."""
    AFTER = "after"
    """The call has its effect, and the caller is not told."""
    LATE = "late"
    """The caller gives up first; the effect comes some calls later, or at `land`."""


FAULTS: tuple[Callable[[str], ClusterError], ...] = (
    lambda what: ConflictError(f"{what}: conflict; look again"),
    lambda what: UnavailableError(f"{what}: too many requests (429)", retry_after_seconds=1.0),
    lambda what: UnavailableError(f"{what}: internal error (500)"),
    lambda what: UnavailableError(f"{what}: no answer within 10 s"),
)
TIMEOUT = FAULTS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """What goes wrong; calls are counted from 1."""

    seed: int = 0
    before: float = 0.0
    """Share of calls that fail without an effect."""
    after: float = 0.0
    """Share of writes that fail although they had their effect."""
    late: float = 0.0
    """Share of writes that time out and have their effect later."""
    late_by: int = 5
    """Most calls that a late effect waits for."""
    outages: tuple[range, ...] = ()
    """Calls during which nobody answers."""
    kill_at: int = 0
    """The call that is the last of its process; 0 for none."""
    kill: Strike = Strike.BEFORE


@dataclass(slots=True)
class Late:
    """A request that is still under way."""

    due: int
    carry_out: Callable[[], object]


class FaultyCluster:
    """Any cluster, seen through faults; one for each process that is to be killed."""

    def __init__(self, cluster: Cluster, plan: FaultPlan) -> None:
        self.calls = 0
        """Calls begun so far; a first run without faults says how many there are to kill at."""
        self.dead = False
        self._cluster = cluster
        self._plan = plan
        self._random = Random(plan.seed)
        self._under_way: list[Late] = []

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        return self._read(f"get {name}", lambda: self._cluster.get(kind, namespace, name))

    def list(self, kind: Kind, namespace: str = "", *, selector: str = "") -> Listing:
        return self._read(
            f"list {kind.plural}", lambda: self._cluster.list(kind, namespace, selector=selector)
        )

    def create(self, kind: Kind, body: Object) -> Object:
        return self._write("create", kind, lambda: self._cluster.create(kind, body))

    def apply(self, kind: Kind, body: Object) -> Object:
        return self._write("apply", kind, lambda: self._cluster.apply(kind, body))

    def replace(self, kind: Kind, body: Object) -> Object:
        return self._write("replace", kind, lambda: self._cluster.replace(kind, body))

    def replace_status(self, kind: Kind, body: Object) -> Object:
        return self._write("replace status", kind, lambda: self._cluster.replace_status(kind, body))

    def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", resource_version: str = ""
    ) -> None:
        def carry_out() -> None:
            self._cluster.delete(kind, namespace, name, uid=uid, resource_version=resource_version)

        self._write("delete", kind, carry_out)

    def allowed(self, verb: str, kind: Kind, namespace: str = "", subresource: str = "") -> bool:
        return self._read(
            f"review {verb} {kind.plural}",
            lambda: self._cluster.allowed(verb, kind, namespace, subresource),
        )

    def interrupt(self, calls: int, carry_out: Callable[[], object]) -> None:
        """Let somebody else's request arrive some calls from now."""
        self._under_way.append(Late(self.calls + calls, carry_out))

    def be_away(self, calls: int) -> None:
        """Nobody answers the next calls."""
        outage = range(self.calls + 1, self.calls + 1 + calls)
        self._plan = replace(self._plan, outages=(*self._plan.outages, outage))

    def land(self) -> None:
        """Let everything arrive that is still under way."""
        arriving, self._under_way = self._under_way, []
        for late in arriving:
            _unheard(late.carry_out)

    def _read(self, what: str, do: Callable[[], T]) -> T:
        self._begin(what)
        if self.calls == self._plan.kill_at:
            self._die()
        self._fail_before(what)
        return do()

    def _write(self, verb: str, kind: Kind, do: Callable[[], T]) -> T:
        what = f"{verb} {kind.plural}"
        self._begin(what)
        if self.calls == self._plan.kill_at:
            self._strike(self._plan.kill, do)
            self._die()
        self._fail_before(what)
        if self._happens(self._plan.late):
            self._strike(Strike.LATE, do)
            raise TIMEOUT(what)
        answer = do()
        if self._happens(self._plan.after):
            raise self._fault(what)
        return answer

    def _begin(self, what: str) -> None:
        if self.dead:
            raise Killed
        self.calls += 1
        if self._under_way:
            self._arrive()
        if any(self.calls in outage for outage in self._plan.outages):
            raise UnavailableError(f"{what}: connection refused")

    def _arrive(self) -> None:
        arriving = [late for late in self._under_way if late.due <= self.calls]
        self._under_way = [late for late in self._under_way if late.due > self.calls]
        for late in arriving:
            _unheard(late.carry_out)

    def _strike(self, strike: Strike, do: Callable[[], object]) -> None:
        if strike is Strike.AFTER:
            _unheard(do)
        elif strike is Strike.LATE:
            due = self.calls + self._random.randint(1, self._plan.late_by)
            self._under_way.append(Late(due, do))

    def _fail_before(self, what: str) -> None:
        if self._happens(self._plan.before):
            raise self._fault(what)

    def _die(self) -> None:
        self.dead = True
        raise Killed

    def _happens(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    def _fault(self, what: str) -> ClusterError:
        return self._random.choice(FAULTS)(what)


def _unheard(carry_out: Callable[[], object]) -> None:
    """Carry a request out whose answer nobody hears."""
    try:
        carry_out()
    except ClusterError:
        return
