"""Errors, latencies and requests from what Envoy counts for each revision.

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
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import httpx

from sluice_operator.api.v1alpha1 import Metric
from sluice_operator.errors import SpecError, WorldError
from sluice_operator.evidence.edge import edges_near_p99
from sluice_operator.evidence.meter import no_edge, seconds_of
from sluice_operator.model import Arm, Question, Table, Window

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
    edges: tuple[float, ...] = ()
    """Edges of buckets beside that of the arms, which is the first, in seconds; none where a gate
    names its own."""
    slow: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Slow answers by revision, at each of these edges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """One answer of Envoy."""

    values: Mapping[str, Any]
    """Counters, by their full name."""
    buckets: Mapping[str, Mapping[float, int]]
    """Histograms, by their full name: how many values are not above each edge."""


class EnvoyEvidence:
    """An `EvidenceSource` for gates on errors, latency and the division of requests."""

    METRICS: ClassVar = (Metric.ERROR_RATE, Metric.LATENCY_EXCEEDANCE, Metric.SAMPLE_RATIO)
    """What Envoy can answer."""

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
            return tuple(question.unanswered(error, away=True) for question in questions)
        return tuple(window_in(question, stats) for question in questions)

    def query_of(self, question: Question) -> str:
        """The path at Envoy's admin address that shows the numbers; empty for other metrics."""
        shown: dict[str, str] = {
            Metric.ERROR_RATE: rf"({TOTAL}|{BAD})",
            Metric.SAMPLE_RATIO: TOTAL,
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


def window_in(question: Question, stats: Stats) -> Window:
    """What one answer of Envoy tells one gate; an error where that cannot be said."""
    revisions = dict.fromkeys((question.stable, question.candidate))
    try:
        if question.metric == Metric.LATENCY_EXCEEDANCE:
            now = slowness_of(stats, revisions, *_edges_for(question, stats))
        elif question.metric in EnvoyEvidence.METRICS:
            now = counters_of(stats.values, revisions)
        else:
            raise SpecError(f"Envoy does not know {question.metric}")  # noqa: TRY301
    except (SpecError, WorldError) as broken:
        return question.unanswered(str(broken))
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


def _edges_for(question: Question, stats: Stats) -> tuple[float, ...]:
    """The edge that the gate names, or those chosen when counting began: near stable's p99.

    Raises:
        WorldError: There is nothing yet by which to choose.
    """
    if question.threshold is not None:
        return (seconds_of(question),)
    before = _counters_at(question.cursor)
    if before is not None and before.edges:
        return before.edges
    buckets = stats.buckets.get(f"cluster.{question.stable}.{TIME}", {})
    fast = {edge / 1000: float(count) for edge, count in buckets.items()}
    return edges_near_p99({**fast, math.inf: max(fast.values(), default=0.0)})


def slowness_of(stats: Stats, revisions: Iterable[str], *edges_seconds: float) -> Counters:
    """Answers, and those of them that took longer than each edge; the first is that of the arms.

    Raises:
        WorldError: Envoy has no bucket with such an edge.
    """
    edges = [round(seconds * 1000, 3) for seconds in edges_seconds]
    for buckets in stats.buckets.values():
        for edge, seconds in zip(edges, edges_seconds, strict=True):
            if edge not in buckets:
                raise WorldError(no_edge(TIME, seconds, [known / 1000 for known in buckets]))

    def slow(revision: str) -> tuple[int, tuple[int, ...]]:
        buckets = stats.buckets.get(f"cluster.{revision}.{TIME}", dict.fromkeys(edges, 0))
        total = max(buckets.values())
        return total, tuple(total - buckets[edge] for edge in edges)

    known = {name: slow(name) for name in revisions}
    found = _counters(
        stats.values, known, lambda name: Arm(total=known[name][0], bad=known[name][1][0])
    )
    if len(edges) == 1:
        return found
    return replace(
        found,
        edges=edges_seconds,
        slow={name: known[name][1] for name in found.arms},
    )


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
        return question.unanswered(f"Envoy has no counters for {lacking}; is its server running?")
    before = _counters_at(question.cursor) or now
    if before.edges != now.edges:
        before = now
    names = (question.stable, question.candidate)
    windows = {name: _since(name, before, now) for name in names}
    slow = {name: _slow_since(name, before, now) for name in names} if now.edges else {}
    counted = Counters(
        launch=now.launch,
        arms={name: _counted(name, before, now, windows[name]) for name in names},
        edges=now.edges,
        slow={name: now.slow[name] for name in slow},
    )
    return Window(
        gate=question.gate,
        cursor=_cursor_at(counted),
        stable=windows[question.stable],
        candidate=windows[question.candidate],
        table=_table(question, now.edges, slow) if slow else None,
    )


def _table(
    question: Question, edges: Iterable[float], slow: Mapping[str, tuple[int, ...]]
) -> Table:
    return Table(
        names=tuple(f"{edge:g}" for edge in edges),
        stable=slow[question.stable],
        candidate=slow[question.candidate],
    )


def _is_anew(revision: str, before: Counters, now: Counters) -> bool:
    """Whether Envoy, or its entry for the revision, began anew since."""
    last, current = before.arms.get(revision), now.arms[revision]
    if before.launch != now.launch or last is None:
        return True
    return current.total < last.total or current.bad < last.bad


def _start(revision: str, before: Counters, now: Counters) -> Arm:
    """Where counting goes on: at nothing after a new beginning."""
    return NOTHING if _is_anew(revision, before, now) else before.arms[revision]


def _since(revision: str, before: Counters, now: Counters) -> Arm:
    """Counters are read one after the other; a bad answer is never counted before its request."""
    start, current = _start(revision, before, now), now.arms[revision]
    total = current.total - start.total
    return Arm(total=total, bad=min(total, current.bad - start.bad))


def _slow_since(revision: str, before: Counters, now: Counters) -> tuple[int, ...]:
    """A histogram is read whole, so that its counts never contradict each other."""
    if _is_anew(revision, before, now):
        return now.slow[revision]
    steps = zip(now.slow[revision], before.slow[revision], strict=True)
    return tuple(current - last for current, last in steps)


def _counted(revision: str, before: Counters, now: Counters, window: Arm) -> Arm:
    start = _start(revision, before, now)
    return Arm(total=start.total + window.total, bad=start.bad + window.bad)


def _cursor_at(counters: Counters) -> str:
    arms = {
        name: [arm.total, arm.bad, *counters.slow.get(name, ())[1:]]
        for name, arm in sorted(counters.arms.items())
    }
    said: dict[str, object] = {"launch": counters.launch, "counted": arms}
    if counters.edges:
        said["edges"] = counters.edges
    return json.dumps(said, separators=(",", ":"))


def _counters_at(cursor: str) -> Counters | None:
    """None for a cursor that is empty or not ours: then counting starts now."""
    try:
        plain = json.loads(cursor)
        edges = tuple(map(float, plain.get("edges", ())))
        counts = {name: tuple(map(int, found)) for name, found in plain["counted"].items()}
        if any(len(found) != max(len(edges), 1) + 1 for found in counts.values()):
            return None
        return Counters(
            launch=plain["launch"],
            arms={name: Arm(total=found[0], bad=found[1]) for name, found in counts.items()},
            edges=edges,
            slow={name: found[1:] for name, found in counts.items()} if edges else {},
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
