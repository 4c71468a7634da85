"""Error rates and latencies from what Envoy counts for each revision.

A request counts when Envoy has an answer for its sender. For errors, `total` are completed
requests, `bad` are those that ended with 5xx; answers that Envoy made itself count too, because the
user got them: 503 for a server that is dead, 504 for one that is too slow. For latency, `total` are
answers of the server, `bad` are those that took longer than the threshold, which must be the edge
of a bucket; an answer that never came is an error, and has no time. Mirrored requests count for the
revision that got the copy. Envoy does not retry here, so each request counts once.

Source: Envoy 1.40 documentation, `configuration/upstream/cluster_manager/cluster_stats` and
`operations/admin`
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from sluice_operator.api.v1alpha1 import Metric
from sluice_operator.errors import SpecError, WorldError
from sluice_operator.evidence.meter import no_edge, seconds_of
from sluice_operator.model import Arm, Question, Window

TIMEOUT_SECONDS = 2.0
LAUNCH = "cluster_manager.cds.version_text"
"""The version of Envoy's cluster list, which the engine sets to another value at each launch."""
EXISTS, TOTAL, BAD = "upstream_rq_total", "upstream_rq_completed", "upstream_rq_5xx"
TIME = "upstream_rq_time"
NOTHING = Arm(total=0, bad=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What one Envoy process has counted since it was launched."""

    launch: str
    arms: Mapping[str, Arm]
    """Counts by revision, for those that this Envoy knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """One answer of Envoy."""

    values: Mapping[str, Any]
    """Counters, by their full name."""
    buckets: Mapping[str, Mapping[float, int]]
    """Histograms, by their full name: how many values are not above each edge."""


class EnvoyEvidence:
    """An `EvidenceSource` for gates on errors and latency."""

    def __init__(self, admin_url: str) -> None:
        self._client = httpx.Client(base_url=admin_url, timeout=TIMEOUT_SECONDS, trust_env=False)

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        """See `EvidenceSource.windows`; a question without cursor starts to count now."""
        if not questions:
            return ()
        try:
            stats = self._stats()
        except (httpx.HTTPError, ValueError, TypeError, KeyError, AttributeError) as broken:
            error = f"Envoy at {self._client.base_url} does not answer: {broken!r}"
            return tuple(Window(gate=q.gate, cursor=q.cursor, error=error) for q in questions)
        return tuple(_answer(question, stats) for question in questions)

    def query_of(self, question: Question) -> str:
        """The path at Envoy's admin address that shows the numbers; empty for other metrics."""
        shown: dict[str, str] = {
            Metric.ERROR_RATE: rf"({TOTAL}|{BAD})",
            Metric.LATENCY_EXCEEDANCE: TIME,
        }
        counters = shown.get(question.metric)
        if counters is None:
            return ""
        revisions = "|".join(dict.fromkeys((question.stable, question.candidate)))
        return rf"/stats?histogram_buckets=cumulative&filter=^cluster\.({revisions})\.{counters}$"

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _stats(self) -> Stats:
        wanted = rf"^{LAUNCH}$|^cluster\.[^.]+\.({EXISTS}|{TOTAL}|{BAD}|{TIME})$"
        form = {"filter": wanted, "format": "json", "histogram_buckets": "cumulative"}
        answer = self._client.get("/stats", params=form)
        answer.raise_for_status()
        return stats_of(answer.json())


def stats_of(answer: Mapping[str, Any]) -> Stats:
    """The JSON that Envoy answers, as values by name."""
    stats = answer["stats"]
    histograms = [one for stat in stats for one in stat.get("histograms", ())]
    return Stats(
        values={stat["name"]: stat["value"] for stat in stats if "name" in stat},
        buckets={
            one["name"]: {float(b["upper_bound"]): int(b["cumulative"]) for b in one["buckets"]}
            for one in histograms
        },
    )


def _answer(question: Question, stats: Stats) -> Window:
    revisions = dict.fromkeys((question.stable, question.candidate))
    try:
        if question.metric == Metric.LATENCY_EXCEEDANCE:
            now = slowness_of(stats, revisions, seconds_of(question))
        else:
            now = counters_of(stats.values, revisions)
    except (SpecError, WorldError) as broken:
        return Window(gate=question.gate, cursor=question.cursor, error=str(broken))
    return window_of(question, now)


def counters_of(stats: Mapping[str, Any], revisions: Iterable[str]) -> Counters:
    """Answers and failures of some revisions, of the values of all counters by name."""
    return _counters(
        stats,
        revisions,
        lambda revision: Arm(
            total=stats.get(f"cluster.{revision}.{TOTAL}", 0),
            bad=stats.get(f"cluster.{revision}.{BAD}", 0),
        ),
    )


def slowness_of(stats: Stats, revisions: Iterable[str], edge_seconds: float) -> Counters:
    """Answers, and those of them that took longer than an edge.

    Raises:
        WorldError: Envoy has no bucket with that edge.
    """
    edge = round(edge_seconds * 1000, 3)
    for buckets in stats.buckets.values():
        if edge not in buckets:
            raise WorldError(no_edge(TIME, edge_seconds, [known / 1000 for known in buckets]))

    def arm(revision: str) -> Arm:
        buckets = stats.buckets.get(f"cluster.{revision}.{TIME}", {edge: 0})
        total = max(buckets.values())
        return Arm(total=total, bad=total - buckets[edge])

    return _counters(stats.values, revisions, arm)


def _counters(
    stats: Mapping[str, Any], revisions: Iterable[str], arm: Callable[[str], Arm]
) -> Counters:
    known = (name for name in revisions if f"cluster.{name}.{EXISTS}" in stats)
    return Counters(launch=str(stats.get(LAUNCH, "")), arms={name: arm(name) for name in known})


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
