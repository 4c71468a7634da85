"""Writes what nobody waits for: RolloutRuns, events, results of actions.

It has a lane of its own, so that no retreat stands behind the record of another. What could not be
written stays in the book; a crash takes the last seconds of a record away, never a decision.
"""

import contextlib
import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from sluice_operator.cluster.kind import (
    DEPLOYMENT_LABEL,
    EVENT,
    MANAGED_BY,
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    ROLLOUT_RUN,
    Object,
)
from sluice_operator.cluster.port import Cluster, Plain
from sluice_operator.cluster.store import Store
from sluice_operator.controller.journal import (
    MOST_PAGES,
    Line,
    block_of,
    mark_of,
    parted,
    unwritten,
)
from sluice_operator.controller.journal import joined as added
from sluice_operator.controller.log import about
from sluice_operator.controller.memory import PROOF, Memory, Page
from sluice_operator.controller.queue import Key
from sluice_operator.controller.recall import checkpoint_of, run_name
from sluice_operator.controller.wanted import is_borrowing
from sluice_operator.errors import ClusterError, ConflictError, ExistsError, MissingError
from sluice_operator.model import Event
from sluice_operator.rollout.status import Status

MOST_DECISIONS = 200
"""Entries that a RolloutRun keeps; of a longer record the middle is left out."""
MOST_CHARACTERS = 524_288
"""Of these entries as JSON: with many gates fewer of them fit into an object."""
FIRST_DECISIONS = 20
RETRY_SECONDS = 2.0
PAGE_LABEL = "sluice.dev/page"
"""Tells pages from records, for those who list RolloutRuns."""
STEP = "StepStarted"
"""Event of a step that has begun."""

_log = logging.getLogger(__name__)


class Scribe:
    """Writes the pages of all deployments of one process."""

    def __init__(
        self,
        cluster: Cluster,
        store: Store,
        memory_of: Callable[[Key], Memory | None],
        identity: str = "sluice-operator",
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._memory_of = memory_of
        self._identity = identity

    def write(self, key: Key) -> float | None:
        """What is in the book of a deployment; seconds until the next try, None when it is done."""
        memory = self._memory_of(key)
        body = self._store.get(MODEL_DEPLOYMENT, *key)
        if memory is None or body is None:
            return None
        page = memory.book.torn_out()
        try:
            self._write_runs(memory, body, page)
            while page.actions:
                self._close(*page.actions[0])
                del page.actions[0]
            while page.events:
                alike = alike_of(page.events)
                self._tell(body, joined(alike))
                del page.events[: len(alike)]
        except ClusterError as away:
            memory.book.put_back(page)
            _log.info("%s/%s: record waits: %s", *key, away, extra=about(key))
            return RETRY_SECONDS
        return None

    def _write_runs(self, memory: Memory, body: Object, page: Page) -> None:
        """Each RolloutRun that the page has something for."""
        status = memory.status
        attempts = {attempt for attempt, _ in page.decisions} | page.outcomes.keys()
        if page.checkpoint and status.judged is not None:
            attempts.add(status.attempt)
        for attempt in sorted(attempts - {0}):
            self._write_run(memory, body, page, attempt)
            page.decisions = [entry for entry in page.decisions if entry[0] != attempt]
            page.outcomes.pop(attempt, None)
            page.looks = [line for line in page.looks if line.attempt != attempt]
        page.checkpoint = False
        memory.book.put_back(Page(looks=page.looks))  # they wait for something worth a write
        page.looks = []

    def _write_run(self, memory: Memory, body: Object, page: Page, attempt: int) -> None:
        status = memory.status
        run = memory.runs.get(attempt) or self._run(memory, body, attempt)
        shown = _merged(run.get("status") or {}, page, attempt)
        if attempt == status.attempt:
            kept = memory.spec if is_borrowing(body) else None
            shown |= {"checkpoint": checkpoint_of(status, kept)}
        lines = [line for line in page.looks if line.attempt == attempt]
        lines = unwritten(lines, shown.get("journalEnd", ""))
        ink, memory.ink = memory.ink if attempt in memory.runs else b"", b""
        try:
            shown = self._journalled(run, shown, lines, ink) if lines else shown
            written = self._cluster.replace_status(ROLLOUT_RUN, {**run, "status": shown})
        except (ConflictError, MissingError):
            memory.runs.pop(attempt, None)
            raise
        memory.runs = {attempt: written}
        memory.ink = lines[-1].text if lines else ink
        memory.pen.size = len(shown.get("journal", ""))

    def _journalled(self, run: Object, shown: Plain, lines: Sequence[Line], ink: bytes) -> Plain:
        """The record with some looks more; a journal that is full is put aside first."""
        journal = shown.get("journal", "")
        last, first = parted(journal, lines)
        if last:
            journal = added(journal, block_of([line.text for line in last], ink))
            ink = last[-1].text
        if first:
            shown = self._put_aside(run, shown, journal)
            journal = block_of([line.text for line in first])
        since = first[0].at if first else shown.get("journalSince", lines[0].at)
        return shown | {
            "journal": journal,
            "journalSince": since,
            "journalUntil": lines[-1].at,
            "journalEnd": mark_of(lines[-1]),
        }

    def _put_aside(self, run: Object, shown: Plain, journal: str) -> Plain:
        """A journal on a page of its own; the oldest page makes room."""
        pages = list(shown.get("pages", ()))
        number = pages[-1]["number"] + 1 if pages else 1
        since, until = shown["journalSince"], shown["journalUntil"]
        namespace, name = run["metadata"]["namespace"], run["metadata"]["name"]
        try:
            page = self._cluster.create(ROLLOUT_RUN, page_of_run(run, number))
        except ExistsError as taken:  # made before, but the answer was lost, or what came after it
            found = self._cluster.get(ROLLOUT_RUN, namespace, page_name(name, number))
            if found is None:
                raise ConflictError(str(taken)) from taken
            page = found
        status = {"journal": journal, "journalSince": since, "journalUntil": until}
        self._cluster.replace_status(ROLLOUT_RUN, {**page, "status": status})
        pages.append({"number": number, "since": since})
        for old in pages[:-MOST_PAGES]:
            self._cluster.delete(ROLLOUT_RUN, namespace, page_name(name, old["number"]))
        return shown | {"pages": pages[-MOST_PAGES:]}

    def _run(self, memory: Memory, body: Object, attempt: int) -> Object:
        """The RolloutRun of an attempt, made when there is none; the oldest one makes room."""
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        try:
            made = self._cluster.create(ROLLOUT_RUN, run_of(body, memory.status, attempt))
        except ExistsError:
            found = self._cluster.get(ROLLOUT_RUN, namespace, run_name(name, attempt))
            if found is None:
                raise
            return found
        limit = memory.spec.revision_history_limit if memory.spec else 10
        if attempt > limit:
            self._cluster.delete(ROLLOUT_RUN, namespace, run_name(name, attempt - limit))
        return made

    def _tell(self, body: Object, event: Event) -> None:
        with contextlib.suppress(ExistsError):  # told before, but the answer was lost
            self._cluster.create(EVENT, event_of(body, event, self._identity))

    def _close(self, action: Object, result: Plain) -> None:
        """Say on the action what came of it; one that is gone needs no result."""
        try:
            self._cluster.replace_status(ROLLOUT_ACTION, {**action, "status": result})
        except MissingError:
            return
        except ConflictError:
            metadata = action["metadata"]
            newest = self._cluster.get(ROLLOUT_ACTION, metadata["namespace"], metadata["name"])
            if newest is not None and newest["metadata"]["uid"] == metadata["uid"]:
                self._cluster.replace_status(ROLLOUT_ACTION, {**newest, "status": result})


def _merged(before: Plain, page: Page, attempt: int) -> Plain:
    """The record with what the page adds; a long one says what it leaves out of its middle."""
    entries = [
        *before.get("decisions", ()),
        *(e for number, e in page.decisions if number == attempt),
    ]
    shown = dict(before)
    if (more := _excess(entries)) > 0:
        shown["omitted"] = before.get("omitted", 0) + more
        entries = entries[:FIRST_DECISIONS] + entries[FIRST_DECISIONS + more :]
    shown["decisions"] = entries
    if entries:
        shown["startedAt"] = entries[0]["at"]
    return shown | page.outcomes.get(attempt, {})


def _excess(entries: Sequence[Plain]) -> int:
    """How many of the middle must be left out, counted from the end of the first ones."""
    more = max(len(entries) - MOST_DECISIONS, 0)
    lengths = [len(json.dumps(entry)) for entry in entries]
    rest = sum(lengths) - sum(lengths[FIRST_DECISIONS : FIRST_DECISIONS + more])
    while rest > MOST_CHARACTERS and FIRST_DECISIONS + more < len(entries) - 1:
        rest -= lengths[FIRST_DECISIONS + more]
        more += 1
    return more


def alike_of(events: Sequence[Event]) -> list[Event]:
    """The first event, and those that follow it and are told with it.

    Those are the same again, and a step with the proofs that opened it.
    """
    first = events[0]
    return list(takewhile(lambda event: _is_told_with(first, event), events))


def _is_told_with(first: Event, other: Event) -> bool:
    reasons = {first.reason, other.reason}
    return first.warning == other.warning and (len(reasons) == 1 or reasons == {PROOF, STEP})


def joined(events: Sequence[Event]) -> Event:
    """One event for all; with a step among them it is about the step."""
    step = next((event for event in events if event.reason == STEP), events[0])
    told = "; ".join(event.message for event in events)
    return replace(events[0], reason=step.reason, message=told)


def owner_of(body: Object) -> Plain:
    """The reference by which Kubernetes removes what outlives its deployment."""
    return {
        "apiVersion": MODEL_DEPLOYMENT.api_version,
        "kind": MODEL_DEPLOYMENT.kind,
        "name": body["metadata"]["name"],
        "uid": body["metadata"]["uid"],
        "controller": True,
    }


def run_of(body: Object, status: Status, attempt: int) -> Plain:
    """A RolloutRun without a status."""
    judged = status.judged if attempt == status.attempt else None
    past = next((a.revision for a in status.history if a.number == attempt), None)
    revision = judged or past or status.stable
    metadata = body["metadata"]
    spec: Plain = {"deployment": metadata["name"], "attempt": attempt}
    if revision is not None:
        spec |= {"revision": revision.name, "uri": revision.uri, "digest": revision.digest}
    if status.stable is not None and status.stable != revision:
        spec["stable"] = status.stable.name
    return {
        "apiVersion": ROLLOUT_RUN.api_version,
        "kind": ROLLOUT_RUN.kind,
        "metadata": {
            "name": run_name(metadata["name"], attempt),
            "namespace": metadata["namespace"],
            "labels": MANAGED_BY | {DEPLOYMENT_LABEL: metadata["name"]},
            "ownerReferences": [owner_of(body)],
        },
        "spec": spec,
    }


def page_name(run: str, number: int) -> str:
    """Name of a page of a RolloutRun."""
    return f"{run}-page-{number}"


def page_of_run(run: Object, number: int) -> Plain:
    """A page without a status; Kubernetes removes it with its RolloutRun."""
    metadata = run["metadata"]
    return {
        "apiVersion": ROLLOUT_RUN.api_version,
        "kind": ROLLOUT_RUN.kind,
        "metadata": {
            "name": page_name(metadata["name"], number),
            "namespace": metadata["namespace"],
            "labels": {**metadata["labels"], PAGE_LABEL: str(number)},
            "ownerReferences": [
                {
                    "apiVersion": ROLLOUT_RUN.api_version,
                    "kind": ROLLOUT_RUN.kind,
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                }
            ],
        },
        "spec": {**run["spec"], "page": number},
    }


def event_of(body: Object, event: Event, identity: str) -> Plain:
    """An Event of `events.k8s.io/v1` about the deployment; `kubectl describe` shows it."""
    metadata = body["metadata"]
    moment = _micro(event.at)
    told = f"{metadata['uid']}{moment}{event.reason}{event.message}"
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.kind,
        "metadata": {
            "name": f"{metadata['name']}.{hashlib.sha256(told.encode()).hexdigest()[:16]}",
            "namespace": metadata["namespace"],
        },
        "eventTime": moment,
        "reportingController": "sluice.dev/operator",
        "reportingInstance": identity[:128],
        "action": event.reason,
        "reason": event.reason,
        "type": "Warning" if event.warning else "Normal",
        "note": event.message[:1024],
        "regarding": {
            "apiVersion": MODEL_DEPLOYMENT.api_version,
            "kind": MODEL_DEPLOYMENT.kind,
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
    }


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
