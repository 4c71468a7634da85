"""One question of a gate as a selector of series, and counters as counts of a revision. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sluice_operator.api.v1alpha1 import Metric
from sluice_operator.errors import SpecError
from sluice_operator.evidence.family import (
    BUCKET,
    EVERYTHING,
    PART,
    RUNTIME_BINS,
    Dialect,
    Family,
    pattern_of,
)
from sluice_operator.evidence.series import Group
from sluice_operator.model import Arm, Question

Gained = Mapping[str, int]
"""What counters gained, by outcome."""


class Meter(Protocol):
    """Reads one family of counters for one kind of question; equal meters read the same series."""

    @property
    def family(self) -> Family:
        """The counters."""
        ...

    def selector(self, revisions: Iterable[str], more: Mapping[str, str]) -> str:
        """The series to read; of all revisions, without any."""
        ...

    def problem(self, group: Group) -> str:
        """Why the counters of one process cannot answer; empty when they can."""
        ...

    def arm(self, gained: Gained) -> Arm:
        """How many requests, and how many bad ones."""
        ...


@dataclass(frozen=True, slots=True)
class FailureMeter:
    """Counts requests by how they ended."""

    family: Family

    def selector(self, revisions: Iterable[str], more: Mapping[str, str]) -> str:
        """See `Meter`."""
        return self.family.selector(revisions, more)

    def problem(self, group: Group) -> str:
        """A counter without the label says nothing about failures."""
        if "" in group.members:
            return f"{self.family.metric} lacks the label {self.family.outcome}"
        return ""

    def arm(self, gained: Gained) -> Arm:
        """Every outcome counts, those that look like failures as bad."""
        failed = re.compile(self.family.failed)
        bad = sum(count for outcome, count in gained.items() if failed.fullmatch(outcome))
        return Arm(total=sum(gained.values()), bad=bad)


@dataclass(frozen=True, slots=True)
class SlownessMeter:
    """Counts requests that took longer than the edges of buckets."""

    family: Family
    edges: tuple[float, ...]
    """In seconds; the first is that of the arms."""

    def selector(self, revisions: Iterable[str], more: Mapping[str, str]) -> str:
        """See `Meter`; an edge of 1 s is written 1 or 1.0, by the library that exports it."""
        written = (text for edge in self.edges for text in spellings(edge))
        edges = "|".join(pattern_of(text) for text in (*written, EVERYTHING))
        return self.family.selector(revisions, more, f'{BUCKET}=~"{edges}"')

    def problem(self, group: Group) -> str:
        """Every bucket must be there, each once."""
        for edge in self.edges:
            found = sum(text in group.members for text in spellings(edge))
            if found != 1:
                return f"{self.family.metric} has {found} buckets with the edge {edge:g} s"
        whole = EVERYTHING in group.members
        return "" if whole else f"{self.family.metric} has no bucket {EVERYTHING}"

    def arm(self, gained: Gained) -> Arm:
        """What is in the last bucket and not in the one with the first edge was slow."""
        return Arm(total=gained.get(EVERYTHING, 0), bad=self.slow(gained)[0])

    def slow(self, gained: Gained) -> tuple[int, ...]:
        """Slow requests by edge."""
        total = gained.get(EVERYTHING, 0)
        fast = (sum(gained.get(text, 0) for text in spellings(edge)) for edge in self.edges)
        return tuple(total - count for count in fast)


@dataclass(frozen=True, slots=True)
class EventMeter:
    """Counts events of a counter of the user's own, whatever labels it has."""

    family: Family

    def selector(self, revisions: Iterable[str], more: Mapping[str, str]) -> str:
        """See `Meter`; labels of the cluster's own series are nothing that users must export."""
        return self.family.selector(revisions, {})

    def problem(self, group: Group) -> str:
        """Any counter will do."""
        return ""

    def arm(self, gained: Gained) -> Arm:
        """All of them; which are bad is said by another counter."""
        return Arm(total=sum(gained.values()), bad=0)


@dataclass(frozen=True, slots=True)
class BinMeter:
    """Counts rows by field and by bin of the profile, of one revision.

    A revision has hundreds of these series, so each is fetched by itself.
    """

    family: Family
    revision: str

    def selector(self, revisions: Iterable[str], more: Mapping[str, str]) -> str:
        """See `Meter`."""
        return self.family.selector((self.revision,), more)

    def problem(self, group: Group) -> str:
        """A counter without the label says nothing about the input."""
        if "" in group.members or not dict(group.labels).get(self.family.part):
            return f"{self.family.metric} lacks the label {self.family.outcome} or a field"
        return ""

    def arm(self, gained: Gained) -> Arm:
        """Rows: each has one bin in each field."""
        rows: Counter[str] = Counter()
        for name, count in gained.items():
            rows[name.partition(PART)[0]] += count
        return Arm(total=max(rows.values(), default=0), bad=0)


def meter_of(question: Question, dialect: Dialect) -> Meter:
    """How to read what a question asks for.

    Raises:
        SpecError: There is no way; the message says what is missing.
    """
    if question.metric in {Metric.ERROR_RATE, Metric.SAMPLE_RATIO}:
        return FailureMeter(dialect.requests)
    if question.metric == Metric.LATENCY_EXCEEDANCE:
        return SlownessMeter(dialect.seconds, (seconds_of(question),))
    if question.metric == Metric.FEATURE_DRIFT:
        return BinMeter(RUNTIME_BINS, question.candidate)
    raise SpecError(f"Prometheus does not know {question.metric}; ask another source")


def seconds_of(question: Question) -> float:
    """The threshold of a question about latency.

    Raises:
        SpecError: It has none.
    """
    if question.threshold is None:
        raise SpecError(f"gate {question.gate} has no threshold; give one, for example 250ms")
    return question.threshold / timedelta(seconds=1)


def no_edge(metric: str, edge: float, edges: Iterable[float]) -> str:
    """That a threshold is no edge of a bucket, with those on either side."""
    known = sorted(set(edges))
    near = [*[e for e in known if e < edge][-1:], *[e for e in known if e > edge][:1]]
    nearest = " and ".join(f"{e:g} s" for e in near) or "none"
    return (
        f"a threshold of {edge:g} s is no edge of the buckets of {metric}; nearest are {nearest}:"
        " set the gate's threshold to one of them"
    )


def spellings(edge: float) -> tuple[str, ...]:
    """How the edge of a bucket may be written in the label."""
    return tuple(dict.fromkeys((f"{edge:.12g}", repr(edge))))
