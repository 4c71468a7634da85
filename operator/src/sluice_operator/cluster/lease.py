"""Leader election over a Lease: one operator acts, the others stand by.

Nobody compares clocks. A leader leads until DEADLINE after it *sent* its last renewal that was
confirmed. A standby takes over once it has *seen* the Lease unchanged for DURATION, which begins
later and lasts longer; so two never lead at once as long as no clock runs 1.5 times as fast as
another. Every write carries the copy it was decided on, so one of two takers loses.
Source: k8s.io/client-go tools/leaderelection (locally observed time; its three durations).

Sluice differs in three things. Time that passed unseen (a suspended machine, a jump of the clock)
counts LOOK_SECONDS at most. A standby misses a Lease that vanished for as long as one that is not
renewed; its leader makes it anew. And the name in the Lease is of this process alone, so that a
namesake does not lead in its place.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from sluice_operator.cluster.kind import LEASE, Object, version_of
from sluice_operator.cluster.port import Cluster, Plain
from sluice_operator.errors import ClusterError, ConflictError, ExistsError

LOG = logging.getLogger(__name__)
DURATION_SECONDS = 15.0
"""How long a Lease must be seen unchanged before another may take it."""
DEADLINE_SECONDS = 10.0
"""How long after it sent its last confirmed renewal a leader leads."""
RENEW_SECONDS = 5.0
"""How often a leader renews."""
LOOK_SECONDS = 2.0
"""Most time that counts between two looks; a standby looks each second."""


def machine_seconds() -> float:
    """Time since the machine started, that of its sleep included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen of the Lease, and for how long it has not changed."""

    lease: Object | None = None
    """None when there is none."""
    looked_at: float = 0.0
    unchanged_seconds: float = 0.0

    def again(self, lease: Object | None, asked_at: float, answered_at: float) -> "Sight":
        """The sight after another look; only time between two looks counts."""
        if _version(lease) != _version(self.lease):
            return Sight(lease=lease, looked_at=answered_at)
        passed = min(max(asked_at - self.looked_at, 0.0), LOOK_SECONDS)
        unchanged = self.unchanged_seconds + passed
        return replace(self, looked_at=answered_at, unchanged_seconds=unchanged)

    def may_be_taken(self) -> bool:
        """Whether its holder has let it go, or has had its time."""
        if self.lease is not None and not holder_of(self.lease):
            return True
        return self.unchanged_seconds >= self._duration()

    def _duration(self) -> float:
        """Its holder may have asked for longer."""
        spec = (self.lease or {}).get("spec") or {}
        return max(DURATION_SECONDS, float(spec.get("leaseDurationSeconds") or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Our time as a leader."""

    lease: Object
    """As we wrote it last."""
    renewed_at: float
    """When that write was sent."""

    def is_due(self, now: float) -> bool:
        """Whether to renew."""
        return now - self.renewed_at >= RENEW_SECONDS

    def is_over(self, now: float) -> bool:
        """Whether to act no more; another may lead soon."""
        return now - self.renewed_at >= DEADLINE_SECONDS


class Elector:
    """One candidate; `step` each second, and ask `is_leading` before each write."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        identity: str,
        clock: Callable[[], float] = machine_seconds,
    ) -> None:
        self.identity = f"{identity}_{uuid4().hex[:8]}"
        """The name in the Lease."""
        self._cluster = cluster
        self._metadata = {"namespace": namespace, "name": name}
        self._clock = clock
        self._term: Term | None = None
        self._sight: Sight | None = None
        self._released = False

    @property
    def is_leading(self) -> bool:
        """Whether we may act now; ends by itself. For any thread."""
        term = self._term
        return term is not None and not self._released and not term.is_over(self._clock())

    def step(self) -> bool:
        """Renew, look or take, if it is time to; whether we lead. For one thread."""
        try:
            self._step()
        except ClusterError as away:
            LOG.warning("The lease could not be seen or renewed: %s", away)
        return self.is_leading

    def release(self) -> None:
        """Stop leading for good, then let a standby take over at once."""
        self._released = True
        try:
            self._let_go()
        except ClusterError as away:
            LOG.warning("The lease was not released, and will run out: %s", away)

    def _step(self) -> None:
        if self._released:
            return
        if self._term is None:
            self._look()
        elif self._term.is_due(self._clock()):
            self._renew(self._term.lease)

    def _renew(self, lease: Object) -> None:
        try:
            self._write(lease, self.identity)
        except ConflictError:
            self._look()

    def _look(self) -> None:
        """See who holds the Lease; take it when it is free, renew it when it is ours."""
        asked_at = self._clock()
        lease = self._cluster.get(LEASE, self._metadata["namespace"], self._metadata["name"])
        answered_at = self._clock()
        if lease is not None and holder_of(lease) == self.identity:
            self._write(lease, self.identity)
            return
        may_make = lease is None and (self._sight is None or self.is_leading)
        self._sight = self._seen(lease, asked_at, answered_at)
        if may_make:
            self._create()
            return
        self._term = None
        if self._sight.may_be_taken():
            self._take(self._sight)

    def _seen(self, lease: Object | None, asked_at: float, answered_at: float) -> Sight:
        if self._sight is None:
            return Sight(lease=lease, looked_at=answered_at)
        return self._sight.again(lease, asked_at, answered_at)

    def _take(self, sight: Sight) -> None:
        """Take what may be taken; somebody else may be faster."""
        if sight.lease is None:
            self._create()
            return
        try:
            self._write(sight.lease, self.identity)
        except ConflictError:
            LOG.info("Another operator took the lease")

    def _create(self) -> None:
        sent_at = self._clock()
        spec = {"holderIdentity": self.identity, "leaseTransitions": 0, **_times(is_new=True)}
        try:
            made = self._cluster.create(LEASE, {"metadata": self._metadata, "spec": spec})
        except ExistsError:
            LOG.info("Another operator made the lease")
            self._term = None
        else:
            self._lead(made, sent_at)

    def _write(self, lease: Object, holder: str) -> None:
        """Write ourselves into the Lease, if it is still that copy."""
        sent_at = self._clock()
        written = self._cluster.replace(LEASE, held_by(lease, holder))
        if version_of(written) != version_of(lease):  # else nobody could see that we renewed it
            self._lead(written, sent_at)

    def _lead(self, lease: Object, sent_at: float) -> None:
        if self._term is None:
            LOG.info("Took the lease as %s", self.identity)
        self._term, self._sight = Term(lease=lease, renewed_at=sent_at), Sight(lease=lease)

    def _let_go(self) -> None:
        term, self._term = self._term, None
        if term is None:
            return
        try:
            self._cluster.replace(LEASE, held_by(term.lease, ""))
        except ConflictError:
            lease = self._cluster.get(LEASE, self._metadata["namespace"], self._metadata["name"])
            if lease is not None and holder_of(lease) == self.identity:
                self._cluster.replace(LEASE, held_by(lease, ""))


def holder_of(lease: Object) -> str:
    """Who holds the Lease; empty when it was let go."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def held_by(lease: Object, holder: str) -> Plain:
    """The Lease with another holder, or renewed by the one it has."""
    spec = dict(lease.get("spec") or {})
    is_new = spec.get("holderIdentity") != holder
    if is_new and holder:
        spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
    return {**lease, "spec": {**spec, "holderIdentity": holder, **_times(is_new=is_new)}}


def _times(*, is_new: bool) -> Plain:
    """For readers only: nobody decides by them."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    taken = {"acquireTime": now} if is_new else {}
    return {"leaseDurationSeconds": int(DURATION_SECONDS), "renewTime": now, **taken}


def _version(lease: Object | None) -> int:
    return 0 if lease is None else version_of(lease)
