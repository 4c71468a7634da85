"""Electors in simulated time: their clocks run at different rates, their requests take time.

While a request is under way, time passes and the other electors act; an answer can be lost, and a
request can have its effect long after its sender has given up. Everything follows from the seed.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from memory_cluster import MemoryCluster
from sluice_operator.cluster.kind import LEASE, Kind, Object
from sluice_operator.cluster.lease import Elector
from sluice_operator.errors import ClusterError, UnavailableError

T = TypeVar("T")
NAMESPACE, NAME = "sluice", "operator"
STEP_SECONDS = 1.0
TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How requests fare."""

    latency: float = 0.005
    """Most seconds to the effect, and most from there to the answer."""
    refused: float = 0.0
    """Share of requests without an effect."""
    lost: float = 0.0
    """Share of answers that do not come."""
    late: float = 0.0
    """Share of requests that have their effect after their sender has given up."""
    late_by: float = 30.0
    """Most seconds after."""


CALM = Weather()


@dataclass(slots=True, kw_only=True)
class Candidate:
    """One process with an elector."""

    name: str
    rate: float = 1.0
    """Seconds of its clock in one second."""
    ahead: float = 0.0
    """Seconds that its clock has jumped."""
    elector: Elector = field(init=False)
    is_busy: bool = False
    is_alive: bool = True
    is_cut_off: bool = False


class Election:
    """Candidates, a cluster, and real time, which only `run` moves."""

    def __init__(self, *rates: float, weather: Weather = CALM, seed: int = 0) -> None:
        self.now = 0.0
        self.weather = weather
        self.cluster = MemoryCluster()
        self.leaders: list[tuple[float, str]] = []
        """Who led from when on; an empty name says that nobody did."""
        self.candidates: list[Candidate] = []
        self._random = Random(seed)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._noted = 0
        for rate in rates:
            self.join(rate)

    def join(self, rate: float = 1.0) -> Candidate:
        """One more candidate, which steps from now on."""
        candidate = Candidate(name=f"operator-{len(self.candidates)}", rate=rate)
        wire: Any = Wire(self, candidate)
        candidate.elector = Elector(
            wire, NAMESPACE, NAME, candidate.name, lambda: self.now * rate + candidate.ahead
        )
        self.candidates.append(candidate)
        phase = self._random.uniform(0, STEP_SECONDS / rate)
        self.at(self.now + phase, lambda: self._step(candidate))
        return candidate

    def at(self, when: float, do: Callable[[], object]) -> None:
        """Do something once that time has come."""
        self._noted += 1
        heapq.heappush(self._agenda, (when, self._noted, do))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self._agenda and self._agenda[0][0] <= until:
            when, _, do = heapq.heappop(self._agenda)
            self.now = max(self.now, when)
            do()
            self.look()
        self.now = max(self.now, until)
        self.look()

    def look(self) -> None:
        """See who leads; two are one too many."""
        leading = [c.name for c in self.candidates if c.is_alive and c.elector.is_leading]
        assert len(leading) <= 1, f"{self.now:.3f} s: {leading} lead at once"
        leader = leading[0] if leading else ""
        if leader != (self.leaders[-1][1] if self.leaders else ""):
            self.leaders.append((self.now, leader))

    @property
    def leader(self) -> Candidate | None:
        """Who leads now."""
        return next((c for c in self.candidates if c.is_alive and c.elector.is_leading), None)

    def kill(self, candidate: Candidate) -> None:
        """End its process without warning."""
        candidate.is_alive = False

    def lease(self) -> Object:
        """The Lease as it is."""
        lease = self.cluster.get(LEASE, NAMESPACE, NAME)
        assert lease is not None
        return lease

    def travel(self, candidate: Candidate, carry_out: Callable[[], T], *, writes: bool) -> T:
        """One request, with all that befalls it."""
        chance, weather = self._random.random(), self.weather
        self.run(self._random.uniform(0, weather.latency))
        if candidate.is_cut_off or chance < weather.refused:
            self.run(self._random.uniform(0, TIMEOUT_SECONDS))
            raise UnavailableError("refused")
        if writes and chance < weather.refused + weather.late:
            when = self.now + TIMEOUT_SECONDS + self._random.uniform(0, weather.late_by)
            self.at(when, lambda: _unheard(carry_out))
            self._time_out()
        answer = carry_out()
        if chance > 1 - weather.lost:
            self._time_out()
        self.run(self._random.uniform(0, weather.latency))
        return answer

    def _time_out(self) -> None:
        self.run(TIMEOUT_SECONDS)
        raise UnavailableError("no answer")

    def _step(self, candidate: Candidate) -> None:
        if not candidate.is_alive:
            return
        if not candidate.is_busy:
            candidate.is_busy = True
            candidate.elector.step()
            candidate.is_busy = False
        self.at(self.now + STEP_SECONDS / candidate.rate, lambda: self._step(candidate))


class Wire:
    """The cluster as one candidate sees it."""

    def __init__(self, election: Election, candidate: Candidate) -> None:
        self._election = election
        self._candidate = candidate

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        def carry_out() -> Object | None:
            return self._election.cluster.get(kind, namespace, name)

        return self._election.travel(self._candidate, carry_out, writes=False)

    def create(self, kind: Kind, body: Object) -> Object:
        return self._write(lambda: self._election.cluster.create(kind, body))

    def replace(self, kind: Kind, body: Object) -> Object:
        return self._write(lambda: self._election.cluster.replace(kind, body))

    def _write(self, carry_out: Callable[[], Object]) -> Object:
        return self._election.travel(self._candidate, carry_out, writes=True)


def _unheard(carry_out: Callable[[], object]) -> None:
    try:
        carry_out()
    except ClusterError:
        return
