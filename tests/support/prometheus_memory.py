"""A Prometheus in memory for histories that no real one could be made to live through quickly.

It answers the queries that Sluice asks, and refuses every other: raw samples of a selector, the
last value before a time, whether anything is there, the values of a label, and its own time. A
sample has the time at which its scrape began and becomes visible at the end of it.
"""

import json
import re
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

import httpx

Labels = tuple[tuple[str, str], ...]
MATCHER = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"')
SELECTOR = r"(?P<metric>\w+)\{(?P<matchers>(?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*)\}"
RANGE = re.compile(rf"{SELECTOR}\[(?P<span>\w+)\]")
LAST = re.compile(rf"last_over_time\({SELECTOR}\[(?P<span>\w+)\]\)")
COUNT = re.compile(rf"count\(last_over_time\({SELECTOR}\[(?P<span>\w+)\]\)\)")
GROUP = re.compile(
    rf"group by \((?P<label>\w+)\) \(last_over_time\({SELECTOR}\[(?P<span>\w+)\]\)\)"
)
UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "d": 86_400_000}


@dataclass(order=True)
class Sample:
    """One number of one scrape."""

    time: int
    value: float = field(compare=False)
    visible: int = field(compare=False)


@dataclass
class MemoryPrometheus(httpx.BaseTransport):
    """Answers requests for the present `now`, which tests move."""

    now: int = 1_800_000_000_000
    """Milliseconds."""
    away: bool = False
    series: dict[str, dict[Labels, list[Sample]]] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)

    def add(
        self, metric: str, labels: Mapping[str, str], time: int, value: float, took: int = 0
    ) -> None:
        """One number of a scrape that began at a time and took some milliseconds."""
        samples = self.series.setdefault(metric, {}).setdefault(tuple(sorted(labels.items())), [])
        insort(samples, Sample(time, value, time + took))

    def monotonic(self) -> float:
        """Seconds of a clock that goes as this Prometheus' own."""
        return self.now / 1000

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("nobody listens", request=request)
        form = {name: value[0] for name, value in parse_qs(request.read().decode()).items()}
        self.queries.append(form["query"])
        date = formatdate(self.now // 1000, usegmt=True)
        answer = {"status": "success", "data": self.answer(form)}
        return httpx.Response(200, content=json.dumps(answer).encode(), headers={"date": date})

    def answer(self, form: Mapping[str, str]) -> dict[str, Any]:
        query = form["query"]
        if query == "time()":
            return {"resultType": "scalar", "result": [self.now / 1000, str(self.now / 1000)]}
        at = round(float(form["time"]) * 1000)
        if found := RANGE.fullmatch(query):
            return {"resultType": "matrix", "result": list(self._matrix(found, at))}
        if found := LAST.fullmatch(query):
            return {"resultType": "vector", "result": list(self._vector(found, at))}
        if found := COUNT.fullmatch(query):
            count = len(list(self._vector(found, at)))
            one = {"metric": {}, "value": [at / 1000, str(count)]}
            return {"resultType": "vector", "result": [one] if count else []}
        found = GROUP.fullmatch(query)
        assert found, f"no real query of Sluice: {query}"
        label = found["label"]
        values = {one["metric"].get(label, "") for one in self._vector(found, at)}
        groups = [{"metric": {label: v}, "value": [at / 1000, "1"]} for v in sorted(values)]
        return {"resultType": "vector", "result": groups}

    def _matrix(self, found: re.Match[str], at: int) -> Iterable[dict[str, Any]]:
        for labels, samples in self._seen(found, at):
            values = [[s.time / 1000, f"{s.value:.17g}"] for s in samples]
            yield {"metric": {"__name__": found["metric"], **dict(labels)}, "values": values}

    def _vector(self, found: re.Match[str], at: int) -> Iterable[dict[str, Any]]:
        for labels, samples in self._seen(found, at):
            yield {"metric": dict(labels), "value": [at / 1000, f"{samples[-1].value:.17g}"]}

    def _seen(self, found: re.Match[str], at: int) -> Iterable[tuple[Labels, list[Sample]]]:
        """Samples after the begin of the range, as Prometheus 3 has it, and visible by now."""
        matchers = MATCHER.findall(found["matchers"])
        begin = at - duration(found["span"])
        for labels, samples in self.series.get(found["metric"], {}).items():
            if all(matches(dict(labels).get(name, ""), how, text) for name, how, text in matchers):
                first, end = (bisect_right(samples, t, key=_time) for t in (begin, at))
                seen = [s for s in samples[first:end] if s.visible <= self.now]
                if seen:
                    yield labels, seen


def _time(sample: Sample) -> int:
    return sample.time


def matches(value: str, how: str, text: str) -> bool:
    wanted = re.sub(r"\\(.)", r"\1", text)
    return value == wanted if how == "=" else re.fullmatch(wanted, value) is not None


def duration(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|d)", text).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]
