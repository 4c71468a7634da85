"""Whatever happens to pods, scrapes, Prometheus and operator: no request twice, none left out."""

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_asking import ask, source_on
from prometheus_fleet import CANDIDATE, STABLE, Fleet
from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.prometheus import PrometheusEvidence
from sluice_operator.model import Window


@dataclass
class Operator:
    """Asks one question after the other, and adds up what it is told."""

    fleet: Fleet
    cursor: str = ""
    begun: tuple[int, int] | None = None
    """Time of the first cursor, and when it was given."""
    asked: int = 0
    """When the last cursor was given."""
    sums: dict[str, tuple[int, int]] = field(default_factory=dict)
    source: PrometheusEvidence = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Nothing is remembered but the cursor."""
        self.source = source_on(self.fleet.prometheus)

    def ask(self) -> Window:
        return ask(self.source, cursor=self.cursor)

    def poll(self, *, recorded: bool = True) -> None:
        """One look; what is not recorded is forgotten, as by a crash before the status is saved."""
        window = self.ask()
        assert self.ask() == window
        if window.error:
            assert window.cursor == self.cursor
            assert (window.stable, window.candidate) == (None, None)
        elif recorded:
            self._record(window)

    def _record(self, window: Window) -> None:
        now = self.fleet.prometheus.now
        if self.begun is None:
            self.begun = (self.at(window.cursor), now)
        for name, arm in ((STABLE, window.stable), (CANDIDATE, window.candidate)):
            assert arm is not None
            total, bad = self.sums.get(name, (0, 0))
            self.sums[name] = (total + arm.total, bad + arm.bad)
        if window.cursor != self.cursor:
            self.asked = now
        self.cursor = window.cursor

    def at(self, cursor: str) -> int:
        parsed = Cursor.parsed(cursor)
        assert parsed
        return parsed.at

    def check(self) -> None:
        """The sum of all windows is what the scrapes between the first and last cursor show."""
        assert self.begun
        for name, counted in self.sums.items():
            then = self.fleet.truth(name, *self.begun)
            now = self.fleet.truth(name, self.at(self.cursor), self.asked)
            assert counted == (now[0] - then[0], now[1] - then[1]), name


STEPS = ("poll",) * 8 + (
    "wait",
    "wait long",
    "poll for minutes",
    "poll for minutes",
    "start stable",
    "start candidate",
    "stop a pod",
    "hole",
    "long hole",
    "away",
    "restart",
    "unrecorded",
)


def live(operator: Operator, step: str, chance: random.Random) -> None:
    fleet = operator.fleet
    match step:
        case "poll":
            fleet.advance(chance.randrange(100, 9_000))
            operator.poll()
        case "poll for minutes":
            for _ in range(chance.randrange(10, 25)):
                fleet.advance(5_000)
                operator.poll()
        case "wait" | "wait long":
            fleet.advance(chance.randrange(60_000 if step == "wait" else 900_000))
        case "restart":
            operator.restart()
        case "unrecorded":
            operator.poll(recorded=False)
        case "away":
            fleet.prometheus.away = True
            operator.poll()
            fleet.advance(chance.randrange(20_000))
            fleet.prometheus.away = False
        case _:
            change(operator, step, chance)


def change(operator: Operator, step: str, chance: random.Random) -> None:
    """What happens to pods, and some looks at a pod that is new."""
    fleet = operator.fleet
    pod = chance.choice(fleet.running)
    if step.startswith("start"):
        fleet.start(STABLE if step.endswith("stable") else CANDIDATE)
        for _ in range(chance.randrange(10)):
            fleet.advance(chance.randrange(3_000))
            operator.poll()
    elif step.endswith("hole"):
        span = 600_000 if step == "long hole" and pod.steady else 40_000
        fleet.holes[pod.name] = fleet.prometheus.now + chance.randrange(span)
    elif len(fleet.running) > 2:
        fleet.stop(pod)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(STEPS), min_size=5, max_size=25))
def test_windows_add_up_to_what_was_scraped_wherever_they_are_cut(seed, steps):
    chance = random.Random(seed)
    fleet = Fleet(chance, intervals=chance.choice([(1_000,), (5_000,), (1_000, 5_000, 15_000)]))
    for revision in (STABLE, STABLE, CANDIDATE):
        fleet.start(revision)
    operator = Operator(fleet)
    fleet.advance(30_000)
    operator.poll()
    fleet.intervals = (1_000, 5_000, 15_000)
    for step in steps:
        live(operator, step, chance)
    for _ in range(3):
        fleet.advance(10_000)
        operator.poll()
    operator.check()
