"""Counters of many revisions, scraped now and then, and answers to what controllers ask of them.

Two worlds in one: raw samples of Seldon's and our runtime's counters, as Sluice reads them, and one
ready share of failures per object, as rivals read it. Both turn bad at a recorded instant. Pure:
who calls says what time it is.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

REQUESTS, SECONDS = "seldon_model_infer_total", "sluice_request_seconds_bucket"
RIVALS = "bench_failure_share"
"""What rivals ask for: `bench_failure_share{object="NAME"}`."""
EDGE, EVERYTHING = "0.25", "+Inf"
KEPT_MS = 420_000
PAST_SECONDS = 240.0
UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
SELECTOR = r"(?P<metric>\w+)\{(?P<matchers>(?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*)\}"
RANGE = re.compile(rf"{SELECTOR}\[(?P<span>\w+)\]")
LAST = re.compile(rf"last_over_time\({SELECTOR}\[(?P<span>\w+)\]\)")
COUNT = re.compile(rf"count\(last_over_time\({SELECTOR}\[(?P<span>\w+)\]\)\)")
INSTANT = re.compile(SELECTOR)
MATCHER = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"')
Form = Mapping[str, str]


class QueryError(Exception):
    """Nobody has taught this Prometheus such a query."""


@dataclass
class Revision:
    """One revision that answers requests."""

    name: str
    owner: str
    """The deployment that it belongs to."""
    rate: float
    """Requests per second."""
    bad_share: float
    slow_share: float = 0.005
    _total: float = 0.0
    _bad: float = 0.0
    _slow: float = 0.0

    def serve(self, seconds: float) -> None:
        """Time passes; fractions of requests wait for the next time."""
        fresh = self.rate * seconds
        self._total += fresh
        self._bad += fresh * self.bad_share
        self._slow += fresh * self.slow_share

    def fail(self, requests: int) -> None:
        """So many requests at once, and all of them fail."""
        self._total += requests
        self._bad += requests

    def counted(self, outcome: str) -> int:
        """How many requests ended so."""
        total, bad, slow = int(self._total), int(self._bad), int(self._slow)
        return {"200": total - bad, "500": bad, EDGE: total - slow, EVERYTHING: total}[outcome]


@dataclass
class Counter:
    """One series: its labels, and its samples as text."""

    labels: Mapping[str, str]
    revision: Revision
    outcome: str
    first: int
    """Index of its first sample among the scrapes of its agent."""
    text: str = ""
    values: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = json.dumps(dict(self.labels))


@dataclass
class Agent:
    """One pod with many models: all of its series are scraped together."""

    name: str
    times: list[int] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    counters: list[Counter] = field(default_factory=list)
    scraped_at: float | None = None

    def scrape(self, now: float) -> None:
        """One sample of each series."""
        seconds = 0.0 if self.scraped_at is None else now - self.scraped_at
        self.scraped_at = now
        for revision in {id(c.revision): c.revision for c in self.counters}.values():
            revision.serve(seconds)
        self.times.append(round(now * 1000))
        stamp = f"[{now:.3f},"
        for counter in self.counters:
            counter.values.append(f'{stamp}"{counter.revision.counted(counter.outcome)}"]')
        self._forget()

    def _forget(self) -> None:
        """Old samples go, many at a time."""
        cut = bisect_right(self.times, self.times[-1] - KEPT_MS)
        if cut < 64:
            return
        del self.times[:cut]
        for counter in self.counters:
            gone = max(cut - counter.first, 0)
            counter.first = max(counter.first - cut, 0)
            del counter.values[:gone]


@dataclass
class Store:
    """Everything that is counted."""

    agents: Sequence[Agent]
    revisions: dict[str, Revision] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    """Share of failures by object, for rivals."""
    turned: dict[str, float] = field(default_factory=dict)
    """Since when evidence of a breach can be had, by deployment."""
    _pending: dict[str, str] = field(default_factory=dict)
    _series: dict[str, list[tuple[Agent, Counter]]] = field(default_factory=dict)
    _found: dict[str, list[tuple[Agent, Counter]]] = field(default_factory=dict)

    def live(self, until: float, interval: float) -> None:
        """A past with scrapes of somebody else, for a young Prometheus is trusted by nobody."""
        for number, agent in enumerate(self.agents):
            other = Revision(name=f"other-{number:08x}", owner="other", rate=1, bad_share=0)
            self._place("elsewhere", other, agent)
            for back in range(int(PAST_SECONDS / interval), 0, -1):
                agent.scrape(until - back * interval)

    def add(self, namespace: str, revision: Revision) -> None:
        """One more revision answers; on the agent of its deployment."""
        if revision.name in self.revisions:
            self.revisions[revision.name].bad_share = revision.bad_share
            self.revisions[revision.name].rate = revision.rate
            return
        agent = self.agents[sum(revision.owner.encode()) % len(self.agents)]
        self._place(namespace, revision, agent)

    def _place(self, namespace: str, revision: Revision, agent: Agent) -> None:
        self.revisions[revision.name] = revision
        self.shares.setdefault(revision.owner, 0.0)
        place = {"namespace": namespace, "pod": agent.name, "job": "seldon"}
        for metric, labels in _series_of(revision):
            first = len(agent.times)
            outcome = labels.get("code") or labels["le"]
            whole = {"__name__": metric, **labels, **place}
            counter = Counter(labels=whole, revision=revision, outcome=outcome, first=first)
            agent.counters.append(counter)
            self._series.setdefault(metric, []).append((agent, counter))
        self._found.clear()

    def breach(self, revision: str, share: float, burst: int) -> None:
        """A burst of requests fails, and a share of all later ones; a scrape must show it first."""
        found = self.revisions.get(revision)
        if found is not None:
            found.bad_share = share
            found.fail(burst)
            self._pending[revision] = found.owner

    def breach_object(self, name: str, share: float, now: float) -> None:
        """The same for rivals, who are told at once."""
        self.shares[name] = share
        self.turned[name] = now

    def scrape(self, agent: Agent, now: float) -> None:
        """One agent is scraped; what it shows for the first time is evidence from now on."""
        agent.scrape(now)
        shown = {counter.revision.name for counter in agent.counters} & self._pending.keys()
        for revision in shown:
            self.turned[self._pending.pop(revision)] = now

    def answer(self, form: Form, now: float) -> str:
        """The data of one answer, as JSON text.

        Raises:
            QueryError: The query is unknown here.
        """
        query = form["query"].strip()
        if query == "time()":
            return f'{{"resultType":"scalar","result":[{now:.3f},"{now:.3f}"]}}'
        if query == "vector(1)":
            return _vector([f'{{"metric":{{}},"value":[{now:.3f},"1"]}}'])
        at = round(float(form.get("time") or now) * 1000)
        if found := RANGE.fullmatch(query):
            return f'{{"resultType":"matrix","result":[{",".join(self._matrix(found, at))}]}}'
        if found := LAST.fullmatch(query):
            return _vector(self._latest(found, at))
        if found := COUNT.fullmatch(query):
            return self._count(found, at)
        if (found := INSTANT.fullmatch(query)) and found["metric"] == RIVALS:
            return self._share(found, now)
        raise QueryError(f"unknown query: {query}")

    def _matrix(self, found: re.Match[str], at: int) -> Iterator[str]:
        for counter, low, high in self._windows(found, at):
            yield f'{{"metric":{counter.text},"values":[{",".join(counter.values[low:high])}]}}'

    def _latest(self, found: re.Match[str], at: int) -> Iterator[str]:
        for counter, _, high in self._windows(found, at):
            yield f'{{"metric":{counter.text},"value":{counter.values[high - 1]}}}'

    def _count(self, found: re.Match[str], at: int) -> str:
        count = sum(1 for _ in self._windows(found, at))
        one = f'{{"metric":{{}},"value":[{at / 1000:.3f},"{count}"]}}'
        return _vector([one] if count else [])

    def _share(self, found: re.Match[str], now: float) -> str:
        wanted = {name: text for name, _, text in MATCHER.findall(found["matchers"])}
        share = self.shares.get(wanted["object"])
        one = f'{{"metric":{{}},"value":[{now:.3f},"{share}"]}}'
        return _vector([] if share is None else [one])

    def _windows(self, found: re.Match[str], at: int) -> Iterator[tuple[Counter, int, int]]:
        """Series with the first and the last index of their samples in the range of a query.

        Source: Prometheus 3.0, ranges are open on the left.
        """
        begin = at - _span(found["span"])
        bounds = {
            agent.name: (bisect_right(agent.times, begin), bisect_right(agent.times, at))
            for agent in self.agents
        }
        for agent, counter in self._matching(found["metric"], found["matchers"]):
            low, high = (max(bound - counter.first, 0) for bound in bounds[agent.name])
            if high > low:
                yield counter, low, high

    def _matching(self, metric: str, matchers: str) -> list[tuple[Agent, Counter]]:
        key = f"{metric}{{{matchers}}}"
        if key not in self._found:
            if len(self._found) > 64:
                self._found.clear()
            tests = [
                (name, re.compile(text if how == "=~" else re.escape(_plain(text))))
                for name, how, text in ((n, h, _plain(t)) for n, h, t in MATCHER.findall(matchers))
            ]
            self._found[key] = [
                pair
                for pair in self._series.get(metric, ())
                if all(test.fullmatch(pair[1].labels.get(name, "")) for name, test in tests)
            ]
        return self._found[key]


def _series_of(revision: Revision) -> Iterator[tuple[str, dict[str, str]]]:
    internal = f"{revision.name}_1"
    for code in ("200", "500"):
        yield REQUESTS, {"model_internal": internal, "model": revision.owner, "code": code}
    for edge in (EDGE, EVERYTHING):
        yield SECONDS, {"revision": revision.name, "deployment": revision.owner, "le": edge}


def _vector(items: Sequence[str] | Iterator[str]) -> str:
    return f'{{"resultType":"vector","result":[{",".join(items)}]}}'


def _span(text: str) -> int:
    found = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    if found is None:
        raise QueryError(f"unknown duration: {text}")
    return int(found[1]) * UNITS[found[2]]


def _plain(text: str) -> str:
    """A string of PromQL without its escapes."""
    return re.sub(r"\\(.)", r"\1", text)
