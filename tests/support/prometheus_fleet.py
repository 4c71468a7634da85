"""Pods that count requests and are scraped: what their scrapes showed is known."""

import random
from dataclasses import dataclass, field

from prometheus_memory import MemoryPrometheus

METRIC = "seldon_model_infer_total"
STABLE, CANDIDATE = "churn-0000000a", "churn-0000000b"


@dataclass
class Scrape:
    """One scrape that succeeded, and what its pod had counted in all of its lives by then."""

    time: int
    visible: int
    total: int
    bad: int


@dataclass
class Pod:
    """One replica of a revision; its counters begin anew when it is started again."""

    revision: str
    name: str
    interval: int
    steady: bool
    """Never restarts, but may go unscraped for long."""
    scrapes: list[Scrape] = field(default_factory=list)
    life: dict[str, int] = field(default_factory=dict)
    """What it has counted since it was started, by code; one that never occurred is not there."""
    shown: dict[str, int] = field(default_factory=dict)
    """The same at its last scrape."""
    before: tuple[int, int] = (0, 0)
    """What scrapes of its former lives showed."""

    def serve(self, good: int, bad: int) -> None:
        """Answer some requests."""
        for code, count in (("200", good), ("500", bad)):
            if count:
                self.life[code] = self.life.get(code, 0) + count

    def restart(self, good: int) -> None:
        """Forget everything, and answer some requests; what no scrape saw nobody will know."""
        self.before, self.life, self.shown = self.all_shown, {}, {}
        self.serve(good, 0)

    @property
    def all_shown(self) -> tuple[int, int]:
        """Requests and errors that scrapes have shown."""
        total, bad = self.before
        return total + sum(self.shown.values()), bad + self.shown.get("500", 0)

    def scrape(self, prometheus: MemoryPrometheus, time: int, took: int) -> None:
        """Show all counters at once."""
        for code, value in self.life.items():
            labels = {"model_internal": f"{self.revision}_1", "code": code, "pod": self.name}
            prometheus.add(METRIC, labels, time, value, took)
        if self.life:
            self.shown = dict(self.life)
            self.scrapes.append(Scrape(time, time + took, *self.all_shown))

    def seen(self, until: int, at: int) -> tuple[int, int]:
        """What scrapes until a time say that were visible at another."""
        known = [s for s in self.scrapes if s.time <= until and s.visible <= at]
        return (known[-1].total, known[-1].bad) if known else (0, 0)


@dataclass
class Fleet:
    """Pods of two revisions and the Prometheus that scrapes them."""

    chance: random.Random
    prometheus: MemoryPrometheus = field(default_factory=MemoryPrometheus)
    pods: list[Pod] = field(default_factory=list)
    next_scrape: dict[str, int] = field(default_factory=dict)
    intervals: tuple[int, ...] = (1_000, 5_000, 15_000)
    """Between two scrapes of a pod, one for each pod."""
    holes: dict[str, int] = field(default_factory=dict)
    """Until when a pod cannot be scraped."""

    def start(self, revision: str) -> Pod:
        """One pod more."""
        interval = self.chance.choice(self.intervals)
        now = self.prometheus.now
        name, steady = f"{revision}-{len(self.pods)}", self.chance.random() < 0.5
        pod = Pod(revision=revision, name=name, interval=interval, steady=steady)
        self.pods.append(pod)
        self.next_scrape[pod.name] = now + self.chance.randrange(interval)
        return pod

    def stop(self, pod: Pod) -> None:
        self.next_scrape.pop(pod.name, None)

    @property
    def running(self) -> list[Pod]:
        return [pod for pod in self.pods if pod.name in self.next_scrape]

    def advance(self, span: int) -> None:
        """Let time pass; scrapes happen when they are due, a little late now and then."""
        end = self.prometheus.now + span
        while due := [(t, n) for n, t in self.next_scrape.items() if t <= end]:
            time, name = min(due)
            pod = next(pod for pod in self.pods if pod.name == name)
            self._scrape(pod, time)
            self.next_scrape[name] = time + pod.interval
        self.prometheus.now = end

    def _scrape(self, pod: Pod, time: int) -> None:
        pod.serve(self.chance.randrange(1, 5), self.chance.choice([0, 0, 0, 1]))
        if time < self.holes.get(pod.name, 0):
            return
        least = pod.shown.get("200", 0)
        if least > 1 and not pod.steady and self.chance.random() < 0.05:
            # fewer than before: a restart that makes no counter fall cannot be told from none
            pod.restart(good=self.chance.randrange(1, least))
        slow = self.chance.random() < 0.3
        took = self.chance.randrange(min(9_000, pod.interval) if slow else 300)
        jitter = self.chance.randrange(5)
        pod.scrape(self.prometheus, time + jitter, took)

    def truth(self, revision: str, until: int, at: int) -> tuple[int, int]:
        """Requests and errors in scrapes until a time that were visible at another."""
        seen = [pod.seen(until, at) for pod in self.pods if pod.revision == revision]
        return sum(total for total, _ in seen), sum(bad for _, bad in seen)
