"""Error rates from the counters that Envoy keeps for each revision.

A request counts when Envoy has an answer for its sender: `total` are completed requests, `bad` are
those that ended with 5xx. Answers that Envoy made itself count too, because the user got them: 503
for a server that is dead, 504 for one that is too slow. Mirrored requests count for the revision
that got the copy.

Source: Envoy 1.40 documentation, `configuration/upstream/cluster_manager/cluster_stats`
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from sluice_operator.model import Arm, Question, Window

TIMEOUT_SECONDS = 2.0
LAUNCH = "cluster_manager.cds.version_text"
"""The version of Envoy's cluster list, which the engine sets to another value at each launch."""
EXISTS, TOTAL, BAD = "upstream_rq_total", "upstream_rq_completed", "upstream_rq_5xx"
NOTHING = Arm(total=0, bad=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What one Envoy process has counted since it was launched."""

    launch: str
    arms: Mapping[str, Arm]
    """Counts by revision, for those that this Envoy knows."""


class EnvoyEvidence:
    """An `EvidenceSource` for gates on the error rate."""

    def __init__(self, admin_url: str) -> None:
        self._client = httpx.Client(base_url=admin_url, timeout=TIMEOUT_SECONDS, trust_env=False)

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        """See `EvidenceSource.windows`; a question without cursor starts to count now."""
        if not questions:
            return ()
        revisions = {revision for q in questions for revision in (q.stable, q.candidate)}
        try:
            now = counters_of(self._stats(), revisions)
        except (httpx.HTTPError, ValueError) as broken:
            error = f"Envoy at {self._client.base_url} does not answer: {broken!r}"
            return tuple(Window(gate=q.gate, cursor=q.cursor, error=error) for q in questions)
        return tuple(window_of(question, now) for question in questions)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _stats(self) -> Mapping[str, Any]:
        wanted = rf"^{LAUNCH}$|^cluster\..*\.({EXISTS}|{TOTAL}|{BAD})$"
        answer = self._client.get("/stats", params={"filter": wanted, "format": "json"})
        answer.raise_for_status()
        return {stat["name"]: stat["value"] for stat in answer.json()["stats"] if "name" in stat}


def counters_of(stats: Mapping[str, Any], revisions: Iterable[str]) -> Counters:
    """The counts of some revisions, of the values of all counters by name."""
    arms = {
        revision: Arm(
            total=stats.get(f"cluster.{revision}.{TOTAL}", 0),
            bad=stats.get(f"cluster.{revision}.{BAD}", 0),
        )
        for revision in revisions
        if f"cluster.{revision}.{EXISTS}" in stats
    }
    return Counters(launch=str(stats.get(LAUNCH, "")), arms=arms)


def window_of(question: Question, now: Counters) -> Window:
    """What was counted since the cursor of a question, and the next cursor."""
    missing = [name for name in (question.stable, question.candidate) if name not in now.arms]
    if missing or not now.launch:
        lacking = ", ".join(missing) or "any revision yet"
        error = f"Envoy has no counters for {lacking}; is its server running?"
        return Window(gate=question.gate, cursor=question.cursor, error=error)
    before = _counters_at(question.cursor) or now
    stable = _since(question.stable, before, now)
    candidate = _since(question.candidate, before, now)
    counted = {
        question.stable: _counted(question.stable, before, now, stable),
        question.candidate: _counted(question.candidate, before, now, candidate),
    }
    cursor = _cursor_at(Counters(launch=now.launch, arms=counted))
    return Window(gate=question.gate, cursor=cursor, stable=stable, candidate=candidate)


def _start(revision: str, before: Counters, now: Counters) -> Arm:
    """Where counting goes on: at nothing if Envoy, or its entry for the revision, began anew."""
    last, current = before.arms.get(revision), now.arms[revision]
    if before.launch != now.launch or last is None:
        return NOTHING
    return NOTHING if current.total < last.total or current.bad < last.bad else last


def _since(revision: str, before: Counters, now: Counters) -> Arm:
    """Counters are read one after the other; a bad answer is never counted before its request."""
    start, current = _start(revision, before, now), now.arms[revision]
    total = current.total - start.total
    return Arm(total=total, bad=min(total, current.bad - start.bad))


def _counted(revision: str, before: Counters, now: Counters, window: Arm) -> Arm:
    start = _start(revision, before, now)
    return Arm(total=start.total + window.total, bad=start.bad + window.bad)


def _cursor_at(counters: Counters) -> str:
    arms = {name: [arm.total, arm.bad] for name, arm in sorted(counters.arms.items())}
    return json.dumps({"launch": counters.launch, "counted": arms}, separators=(",", ":"))


def _counters_at(cursor: str) -> Counters | None:
    """None for a cursor that is empty or not ours: then counting starts now."""
    try:
        plain = json.loads(cursor)
        arms = {name: Arm(total=total, bad=bad) for name, (total, bad) in plain["counted"].items()}
        return Counters(launch=plain["launch"], arms=arms)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
