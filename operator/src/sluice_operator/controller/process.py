"""The operator's process: one replica that watches, stands by, and acts while it leads."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from sluice_operator.cluster.permission import missing_permissions
from sluice_operator.cluster.port import Cluster
from sluice_operator.cluster.store import Store
from sluice_operator.controller.crew import Crew
from sluice_operator.controller.feed import Feed
from sluice_operator.controller.fence import FencedCluster
from sluice_operator.controller.gauge import Gauges
from sluice_operator.controller.health import HealthServer, MetricsServer
from sluice_operator.controller.queue import WorkQueue
from sluice_operator.controller.scribe import Scribe
from sluice_operator.controller.settings import Settings
from sluice_operator.controller.shelf import Shelf
from sluice_operator.controller.turn import Pace, Turns, World, is_active
from sluice_operator.controller.watch import WATCHED_KINDS, watch
from sluice_operator.errors import ClusterError

LEAD_SECONDS = 0.5
"""Between two looks at the lease; a standby takes over within this time after a release."""
STUCK_SECONDS = 60.0
"""A deployment that waits longer for a worker means that the workers hang."""
CHECKPOINTS_PER_SECOND = 15.0
FLUSH_SECONDS = 0.3
"""For records that are still to be written when the process is asked to end."""

_log = logging.getLogger(__name__)


class Leadership(Protocol):
    """The lease, as this process sees it."""

    @property
    def is_leading(self) -> bool:
        """Whether we may write now; ends by itself when nobody could renew in time."""
        ...

    def step(self) -> bool:
        """Renew or try to take the lease, if it is time to; whether we lead."""
        ...

    def release(self) -> None:
        """Let a standby take over at once."""
        ...


@dataclass(slots=True, kw_only=True)
class Operator:
    """One replica."""

    settings: Settings
    cluster: Cluster
    """The workers' lane to the API server."""
    scribes_cluster: Cluster
    """The scribes' lane, so that no retreat waits for a record."""
    leadership: Leadership
    world: Callable[[Cluster, Store, Shelf], World]
    """What the turns act on, given a cluster that refuses writes while somebody else leads."""
    store: Store = field(default_factory=Store)
    shelf: Shelf = field(default_factory=Shelf)
    queue: WorkQueue = field(default_factory=WorkQueue)
    pages: WorkQueue = field(default_factory=WorkQueue)
    feed: Feed = field(init=False)
    turns: Turns = field(init=False)
    gauges: Gauges = field(init=False)
    scribe: Scribe = field(init=False)
    _acting: bool = False
    _prepared: bool = False
    """Whether everything has been read once; since then the watch tells what changes."""
    _active: int = 0
    """Rollouts under way, as of the last look at the lease."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _stepped: threading.Event = field(default_factory=threading.Event)
    """Set after each look at the lease."""

    def __post_init__(self) -> None:
        """Wire the parts; nothing runs yet."""
        self.feed = Feed(store=self.store, shelf=self.shelf, queue=self.queue)
        self.gauges = Gauges(self.settings)
        fenced = FencedCluster(self.cluster, self.may_write)
        pace = Pace(poll_seconds=self.settings.poll_seconds, checkpoint=self._checkpoint)
        self.turns = Turns(self.world(fenced, self.store, self.shelf), pace)
        fenced_record = FencedCluster(self.scribes_cluster, self.may_write)
        identity = self.settings.identity
        self.scribe = Scribe(fenced_record, self.store, self.turns.memory, identity)

    def may_write(self) -> bool:
        """Whether this replica leads and has begun to."""
        return self._acting and self.leadership.is_leading

    def run(self) -> None:
        """Until somebody says `stop`, or the watch breaks down."""
        crew = Crew(
            turns=self.turns,
            scribe=self.scribe,
            queue=self.queue,
            pages=self.pages,
            gauges=self.gauges,
            is_leading=self.may_write,
            is_acting=lambda: self._acting,
        )
        probes = {"/healthz": self.sickness, "/readyz": self.unreadiness}
        health = HealthServer((self.settings.bind, self.settings.health_port), probes)
        metrics = MetricsServer(
            (self.settings.bind, self.settings.metrics_port), self.gauges.registry
        )
        threads = crew.start(self.settings.workers)
        lanes = {"lease": self._hold_lease, "leader": self._lead, "watcher": self._watch}
        lease, leader, watcher = (
            threading.Thread(target=run, name=name, daemon=True) for name, run in lanes.items()
        )
        for thread in (lease, leader, watcher):
            thread.start()
        _log.info("Started %s", self.settings.identity)
        self._stop.wait()
        self._end((lease, leader), threads)
        health.close()
        metrics.close()
        watcher.join(timeout=FLUSH_SECONDS)
        _log.info("Stopped %s", self.settings.identity)

    def stop(self) -> None:
        """Have `run` come to its end; may be called by a signal handler."""
        self._stop.set()

    def _watch(self) -> None:
        """Where kopf runs: in a thread of its own, so that nothing has to wait for its end."""
        settings = self.settings
        try:
            asyncio.run(watch(self.feed, settings.namespaces, settings.kubeconfig, self._stop))
        except Exception:  # noqa: BLE001 - whatever it was: blind, this process must not go on
            _log.exception("The watch has ended")
        self.stop()

    def _end(
        self, leaders: tuple[threading.Thread, ...], threads: tuple[threading.Thread, ...]
    ) -> None:
        """Finish what is in hand, write down what is noted, let a standby take over."""
        self.queue.close()
        self._stepped.set()
        for leader in leaders:
            leader.join(timeout=LEAD_SECONDS)
        deadline = time.monotonic() + FLUSH_SECONDS
        self.pages.rush()
        while time.monotonic() < deadline and len(self.pages):
            time.sleep(0.02)
        self.pages.close()
        for thread in threads:
            thread.join(timeout=max(deadline - time.monotonic(), 0.05))
        self._acting = False
        self.leadership.release()

    def _hold_lease(self) -> None:
        """Renew in time, however long it takes to begin."""
        while not self._stop.is_set():
            try:
                self.leadership.step()
            except Exception:  # noqa: BLE001 - the lease ends by itself, but may be had again
                _log.exception("Bug while renewing the lease")
            self._stepped.set()
            self._stop.wait(LEAD_SECONDS)

    def _lead(self) -> None:
        """Begin and rest as the lease says."""
        while not self._stop.is_set():
            self._stepped.wait(LEAD_SECONDS)
            self._stepped.clear()
            self._prepared = self._prepared or self._prepare()
            leads = self.leadership.is_leading
            if leads and self._prepared and not self._acting:
                self._begin()
            elif not leads and self._acting:
                self._rest()
            self._tell_gauges(leads=leads)

    def _prepare(self) -> bool:
        """Read everything as it is while standing by, so that a new leader need not read first."""
        try:
            self.feed.read_all(self.cluster, WATCHED_KINDS, self.settings.namespaces)
        except ClusterError as away:
            _log.warning("Cannot read yet, and cannot lead before: %s", away)
            return False
        self._name_missing_rights()
        return True

    def _begin(self) -> None:
        """Forget what was known, then act on what the watch has told until now.

        It may lag: every write is bound to the copy it was decided on, so what is too old meets a
        conflict, and is read again.
        """
        self.turns.forget_all()
        self.queue.clear()
        self._acting = True
        for key in self.feed.deployments():
            self.queue.add(key)
        _log.info("Leading as %s", self.settings.identity)

    def _name_missing_rights(self) -> None:
        """Before somebody's rollout meets them."""
        where = self.settings.namespaces, self.settings.lease_namespace
        try:
            for missing in missing_permissions(self.scribes_cluster, *where):
                _log.error("RBAC is too small: %s", missing)
        except ClusterError as away:
            _log.warning("Rights could not be reviewed: %s", away)

    def _rest(self) -> None:
        self._acting = False
        self.queue.clear()
        self.pages.clear()
        self.turns.forget_all()
        _log.warning("Lost the lease; standing by")

    def _checkpoint(self) -> timedelta:
        """So many active rollouts, so long between two records of each."""
        least = self.settings.checkpoint_seconds
        return timedelta(seconds=max(least, self._active / CHECKPOINTS_PER_SECOND))

    def _tell_gauges(self, *, leads: bool) -> None:
        self.gauges.leading.set(1 if leads and self._acting else 0)
        self.gauges.waiting.set(len(self.queue))
        self.gauges.overdue.set(self.queue.oldest_seconds if self._acting else 0)
        memories = self.turns.memories
        self._active = sum(is_active(memory) for memory in memories)
        self.gauges.count(memories)

    def sickness(self) -> str:
        """Why this process should be ended and started anew."""
        if self._acting and self.queue.oldest_seconds > STUCK_SECONDS:
            return f"no worker has been free for {self.queue.oldest_seconds:.0f} s"
        return ""

    def unreadiness(self) -> str:
        """Why this replica could not lead now."""
        return "" if self._prepared else "the API server could not be read yet"
