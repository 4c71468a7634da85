"""One look at one deployment in a cluster: look, decide, remember, act; in this order.

What was decided is remembered before traffic is touched, and only if nobody else has written in
between: an operator that was deposed meanwhile gets a conflict, and writes no traffic at all. The
one exception is a retreat while the API server refuses to remember it: taking traffic away needs
nobody's consent.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.cluster.kind import (
    FINALIZER,
    MODEL_DEPLOYMENT,
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    Object,
    name_of,
    namespace_of,
)
from sluice_operator.cluster.port import Cluster, Plain
from sluice_operator.cluster.store import Store
from sluice_operator.controller.log import about
from sluice_operator.controller.memory import (
    Memory,
    Page,
    spread_of,
    structure_of,
    trouble_of,
    with_trouble,
)
from sluice_operator.controller.page import Look, is_new, looked, page_of, unanswered
from sluice_operator.controller.queue import Key
from sluice_operator.controller.recall import recalled
from sluice_operator.controller.shelf import Shelf, action_of
from sluice_operator.controller.view import headline_of, status_shown
from sluice_operator.controller.wanted import is_borrowing, wanted_of
from sluice_operator.controller.wish import generation_of, metadata_of
from sluice_operator.errors import (
    ClusterError,
    ConflictError,
    MissingError,
    SluiceError,
    SpecError,
    UnavailableError,
)
from sluice_operator.model import Routing
from sluice_operator.rollout.decide import Decision, decide
from sluice_operator.rollout.ports import Ports
from sluice_operator.rollout.reconcile import Wish, look
from sluice_operator.rollout.status import RESTING, Phase

RESYNC_SECONDS = 300.0
"""Between two looks at a deployment with nothing under way; changes are watched."""
WATCHFUL_SECONDS = 1.0
"""Between two looks while the router or a model server is waited for."""
UNSETTLED_SECONDS = 3.0
"""Between two looks while the engine still cleans up behind a rollout."""
PASSING = timedelta(seconds=3)
"""A condition that comes and goes within this time, as each change of traffic makes one, is not
worth a write of its own."""
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 0.05, 10.0
TRAFFIC_KINDS = (SELDON_EXPERIMENT, SELDON_MODEL, SELDON_SERVER, SELDON_DEPLOYMENT)

_log = logging.getLogger(__name__)


def _nothing(body: Object, spec: Spec, routing: Routing) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the turns of one process act on."""

    cluster: Cluster
    store: Store
    shelf: Shelf
    ports: Callable[[Object, Spec], Ports]
    """The ports of one deployment."""
    clock: Callable[[], datetime]
    unsettled: Callable[[Object, Spec, Routing], str] = _nothing
    """What the engine of a deployment still waits for; empty when nothing is left to do."""
    news: Callable[[], Sequence[str]] = tuple
    """Revisions whose failures stood out in what was counted since it was last asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things are done that nobody waits for."""

    poll_seconds: float = 5.0
    checkpoint: Callable[[], timedelta] = lambda: timedelta(seconds=30)


class Turns:
    """The looks of one process; one worker at a time for each deployment."""

    def __init__(self, world: World, pace: Pace) -> None:
        self._world = world
        self._pace = pace
        self._memories: dict[Key, Memory] = {}

    def memory(self, key: Key) -> Memory | None:
        """What is known of a deployment; None before its first look."""
        return self._memories.get(key)

    @property
    def memories(self) -> tuple[Memory, ...]:
        """What is known of all deployments."""
        return tuple(self._memories.values())

    def forget_all(self) -> None:
        """Somebody else leads now; what he writes is read when we lead again."""
        self._memories.clear()

    def urgent(self) -> tuple[Key, ...]:
        """Deployments to look at out of turn: the failures of their candidates stand out."""
        if not (names := self._world.news()):
            return ()
        judged = ((key, memory.status.candidate) for key, memory in tuple(self._memories.items()))
        return tuple(key for key, candidate in judged if candidate and candidate.name in names)

    def turn(self, key: Key) -> float | None:
        """One look; seconds until the next one, None when nothing is left to look at."""
        body = self._world.store.get(MODEL_DEPLOYMENT, *key)
        if body is None:
            self._memories.pop(key, None)
            return None
        try:
            wait = self._look_at(key, body)
        except (ConflictError, MissingError) as faster:
            _log.info("%s/%s: looking again: %s", *key, faster, extra=about(key))
            self._read_again(key)
            return self._failed(key)
        except SluiceError as wrong:
            _log.warning("%s/%s: could not finish the look: %s", *key, wrong, extra=about(key))
            return self._failed(key)
        return wait

    def _look_at(self, key: Key, body: Object) -> float | None:
        memory = self._remembered(key, body)
        memory.wanted = wanted_of(
            body, self._world.store, memory.status, memory.wanted, memory.kept
        )
        spec = memory.wanted.spec
        if not memory.sure:
            body = self._fence(memory, body, spec)
        deleted = is_deleted(body) or memory.status.phase is Phase.TERMINATING
        body = body if deleted else self._claimed(body)
        ports = self._world.ports(body, spec)
        done = self._decided(key, memory, spec, ports, deleted=deleted)
        due = self._is_due(memory, done.decision, done.seen.now)
        self._keep(memory, body, done)
        basis = self._basis(key, memory, done)
        if basis == memory.settled:
            _note(memory, done, due=due)
            return self._wait(memory, done.decision)
        known = memory.trouble
        refused = _act(memory, ports, done.decision)
        if memory.trouble.text and memory.trouble != known:
            said = memory.trouble.text
            _log.warning("%s/%s: the engine could not act: %s", *key, said, extra=about(key))
        _note(memory, done, due=due)
        if self._is_gone(key, done):
            self._let_go(body)
            return None
        if refused:
            return self._backoff(key)
        unsettled = self._world.unsettled(body, spec, done.decision.routing)
        unchanged = self._basis(key, memory, done) == basis
        memory.settled = basis if unchanged and not unsettled and not deleted else None
        return min(self._wait(memory, done.decision), UNSETTLED_SECONDS if unsettled else inf)

    def _basis(self, key: Key, memory: Memory, done: Look) -> tuple[object, ...]:
        """All that the engine acts on: while it is as it was, so is what the engine would do."""
        owned = (body for kind in TRAFFIC_KINDS for body in self._world.store.owned(kind, *key))
        versions = tuple(body["metadata"]["resourceVersion"] for body in owned)
        basis = memory.wanted.basis if memory.wanted else None
        return done.decision.routing, done.seen.serving, versions, basis

    def _decided(
        self, key: Key, memory: Memory, spec: Spec, ports: Ports, *, deleted: bool
    ) -> Look:
        """What is seen, and what follows from it."""
        waiting, before = self._world.shelf.waiting(key), memory.status
        actions = tuple(action_of(action) for action in waiting if is_new(action, memory))
        seen = look(Wish(spec=spec, actions=actions, deleted=deleted), before, ports)
        seen = replace(seen, serving=with_trouble(seen.serving, memory.trouble))
        return Look(
            spec=spec,
            before=before,
            seen=seen,
            decision=decide(spec, before, seen),
            waiting=waiting,
            query=ports.evidence.query_of,
        )

    def _remembered(self, key: Key, body: Object) -> Memory:
        """The memory, read anew when somebody else wrote the status or made the object again."""
        memory = self._memories.get(key)
        known = body.get("status") or {}
        uid = body["metadata"]["uid"]
        if memory is not None and memory.uid == uid and memory.known == known:
            return memory
        recall = recalled(self._world.cluster, body)
        status = recall.status
        book = memory.book if memory is not None and memory.uid == uid else None
        memory = Memory(uid=uid, status=status, saved=status, known=known)
        memory.kept = recall.spec if is_borrowing(body) else None
        memory.sure = not known or not is_active(memory)
        memory.book = book or memory.book
        self._memories[key] = memory
        return memory

    def _fence(self, memory: Memory, body: Object, spec: Spec) -> Object:
        """Make sure that no traffic write of the past can arrive any more, before deciding anew.

        The same picture gets the next number and is written once more: whatever is still under way
        was based on an older copy of the traffic object, and will conflict.

        Raises:
            ClusterError: It could not be made sure; nothing may be decided yet.
        """
        status = replace(memory.status, epoch=memory.status.epoch + 1)
        shown = dict(body.get("status") or {})
        shown["traffic"] = {**shown.get("traffic", {}), "epoch": status.epoch}
        written = self._write(memory, body, shown)
        memory.status, memory.saved = status, replace(memory.saved, epoch=status.epoch)
        try:
            self._world.ports(written, spec).serving.route(status.deployment, status.routing)
        except SpecError as refused:  # it cannot be carried at all, so none is under way
            key = namespace_of(body), name_of(body)
            _log.info("%s/%s: nothing to fence: %s", *key, refused, extra=about(key))
        memory.sure = True
        return written

    def _claimed(self, body: Object) -> Object:
        """With our finalizer, so that no route outlives its deployment."""
        if FINALIZER in body["metadata"].get("finalizers", ()):
            return body
        claimed = self._world.cluster.apply(MODEL_DEPLOYMENT, metadata_of(body, [FINALIZER]))
        self._world.store.put(MODEL_DEPLOYMENT, claimed)
        return claimed

    def _keep(self, memory: Memory, body: Object, done: Look) -> None:
        """Remember, in the object if it matters; traffic may be touched afterwards.

        Raises:
            ClusterError: It matters and could not be written; nothing has been decided then.
        """
        status, now = done.after, done.seen.now
        matters = structure_of(status) != structure_of(memory.saved)
        headline = headline_of(done.spec, status, done.seen, memory.ailment)
        if headline != memory.headline_seen:
            memory.headline_seen, memory.headline_since = headline, now
        lasts = memory.headline_since is not None and now - memory.headline_since >= PASSING
        told = headline == memory.headline or not lasts
        unread = memory.known.get("observedGeneration") != generation_of(body)
        if matters or unread or not told or self._is_due(memory, done.decision, now):
            shown = status_shown(done.spec, done.decision, done.seen, body, memory.ailment)
            try:
                self._write(memory, body, shown)
            except (ConflictError, MissingError):
                raise
            except ClusterError as refused:
                if matters and status.phase not in {Phase.ROLLING_BACK, Phase.TERMINATING}:
                    raise
                key = namespace_of(body), name_of(body)
                _log.warning("%s/%s: status not written: %s", *key, refused, extra=about(key))
                memory.headline = ()  # so that the next look is soon, and tries again
            else:
                memory.saved, memory.headline, memory.shown_at = status, headline, now
        memory.status = status

    def _is_due(self, memory: Memory, decision: Decision, now: datetime) -> bool:
        """Counts and sentences are shown now and then."""
        if decision.status == memory.saved:
            return False
        interval = self._pace.checkpoint() * spread_of(memory.uid)
        return memory.shown_at is None or now - memory.shown_at >= interval

    def _write(self, memory: Memory, body: Object, shown: Plain) -> Object:
        written = self._world.cluster.replace_status(MODEL_DEPLOYMENT, {**body, "status": shown})
        self._world.store.put(MODEL_DEPLOYMENT, written)
        memory.known = dict(written.get("status") or {})
        return written

    def _is_gone(self, key: Key, done: Look) -> bool:
        """Nothing of a deleted deployment is left: no route, and no object that could make one."""
        status, routes = done.after, done.seen.serving.routes
        if status.phase is not Phase.TERMINATING:
            return False
        left = [body for kind in TRAFFIC_KINDS for body in self._world.store.owned(kind, *key)]
        waited = done.seen.now - (status.since or done.seen.now)
        if waited > done.spec.progress_deadline:  # Seldon is away: its finalizers keep what is left
            return all(is_deleted(body) for body in left)
        return not left and routes is not None and not routes.weights

    def _let_go(self, body: Object) -> None:
        newest = self._world.store.get(
            MODEL_DEPLOYMENT, body["metadata"]["namespace"], body["metadata"]["name"]
        )
        if newest is not None and FINALIZER in newest["metadata"].get("finalizers", ()):
            self._world.cluster.apply(MODEL_DEPLOYMENT, metadata_of(newest, []))

    def _read_again(self, key: Key) -> None:
        """After a conflict: the object as it is now, whatever the watch has told so far."""
        try:
            body = self._world.cluster.get(MODEL_DEPLOYMENT, *key)
        except ClusterError as away:
            _log.info("%s/%s: cannot be read: %s", *key, away, extra=about(key))
            return
        held = self._world.store.get(MODEL_DEPLOYMENT, *key)
        if body is not None:
            self._world.store.put(MODEL_DEPLOYMENT, body)
        elif held is not None:
            self._world.store.drop(MODEL_DEPLOYMENT, held)

    def _wait(self, memory: Memory, decision: Decision) -> float:
        if decision.requeue_after == timedelta(0):
            return 0.0
        status = decision.status
        if memory.headline != memory.headline_seen:
            return WATCHFUL_SECONDS
        if decision.requeue_after is None and status.drift_since is None:
            return RESYNC_SECONDS
        steady = status.drift_since is None and status.unready_since is None
        judging = steady and status.phase in {Phase.SHADOWING, Phase.PROGRESSING, Phase.BAKING}
        return self._pace.poll_seconds if judging else WATCHFUL_SECONDS

    def _backoff(self, key: Key) -> float:
        memory = self._memories.get(key)
        failures = memory.failures if memory is not None else 5
        return min(FIRST_BACKOFF_SECONDS * 2.0 ** min(failures, 10), LONGEST_BACKOFF_SECONDS)

    def _failed(self, key: Key) -> float:
        """One more look that was not finished; seconds until the next try."""
        if (memory := self._memories.get(key)) is not None:
            memory.failures += 1
        return self._backoff(key)


def is_deleted(body: Object) -> bool:
    """Whether the object only waits for its finalizers."""
    return bool(body["metadata"].get("deletionTimestamp"))


def is_active(memory: Memory) -> bool:
    """Whether a deployment has something under way."""
    return memory.status.phase not in RESTING


def _act(memory: Memory, ports: Ports, decision: Decision) -> SluiceError | None:
    """Tell the engine; why it could not be told."""
    refused = None
    try:
        ports.serving.route(decision.status.deployment, decision.routing)
    except SluiceError as error:
        refused = error
    memory.sure = not isinstance(refused, UnavailableError)
    memory.trouble = trouble_of(refused)
    memory.failures = memory.failures + 1 if refused else 0
    return refused


def _note(memory: Memory, done: Look, *, due: bool) -> None:
    """What is to be written down, apart from the status."""
    page = page_of(done)
    memory.answered |= {action["metadata"]["uid"] for action, _ in page.actions}
    memory.book.note(page)
    memory.book.note(Page(checkpoint=due and bool(done.after.gates)))
    memory.book.note(looked(memory, done))
    memory.book.note(unanswered(memory, done))
