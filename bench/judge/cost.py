"""What one window costs: the update of one gate alone, and of 5,000 of the usual kinds in one call.

Time is that on the processor, as one core would need it with nothing else to do.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from record import Claim, Report, options, show
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.slot import PLACES
from sluice_operator.judge.update import restart_safe, update, update_all
from sluice_operator.model import Arm, Cohort, Moments, Pairs, Table, Window

GATES = 5_000
"""1,000 rollouts with 5 gates."""
MOST_MILLISECONDS = 200
ERRORS = Window(gate="any", stable=Arm(total=900, bad=5), candidate=Arm(total=100, bad=1), share=10)
PAIRS = Window(gate="accuracy", pairs=Pairs(worse=1, same=38, better=2))
SLOW = Table(
    names=("0.25", "0.1", "0.5", "0.05", "1"), stable=(9, 90, 4, 300, 1), candidate=(1,) * 5
)
CLASSES = Table(names=tuple("abcdefghijk"), stable=(80,) * 11, candidate=(9,) * 11)
BINS = Table(
    names=tuple(f"f{field}|{place}" for field in range(20) for place in range(10)),
    stable=(0,) * 200,
    candidate=(10,) * 200,
    shares=(0.1,) * 200,
)
WORTH = (Moments(count=900, total=30.0, squares=30.0), Moments(count=100, total=3.0, squares=3.0))
COHORTS = (Cohort(matured=900, labelled=850, wrong=40), Cohort(matured=100, labelled=95, wrong=5))
GATES_OF = (
    (Test(margin=2.0), ERRORS),
    (Test(metric="LatencyExceedance over 250ms", margin=1.5), ERRORS),
    (Test(comparison="Absolute", margin=0.01), ERRORS),
    (Test(metric="Accuracy", comparison="Paired", margin=0.02), PAIRS),
    (Test(metric="SampleRatio", comparison="Absolute", margin=1.25), ERRORS),
    (Test(metric="LabelCoverage", margin=1.25), Window(gate="labels", coverage=COHORTS)),
    (Test(metric="PredictionShift", comparison="Paired", margin=0.1), PAIRS),
    (
        Test(metric="BusinessKPI", margin=1.1, lowest=0.0, highest=1.0),
        Window(gate="kpi", worth=WORTH),
    ),
    (Test(metric="BusinessKPI", margin=1.1), Window(gate="kpi", worth=WORTH)),
    (Test(metric="LatencyExceedance", margin=1.5), replace(ERRORS, table=SLOW)),
    (Test(metric="PredictionShift", margin=1.5), replace(ERRORS, table=CLASSES)),
    (
        Test(metric="FeatureDrift", comparison="Absolute", margin=1.5),
        Window(gate="drift", table=BINS),
    ),
)
MOST_FIELDS, MOST_BINS, LONGEST = 50, 10, 64
"""Of what the serving runtime counts, and of names of classes."""
LONG_CLASSES = tuple(f"{n:02}".ljust(LONGEST, "x") for n in range(PLACES))
LONG_BINS = tuple(
    f"{field:02}".ljust(LONGEST // 2, "x") + f"|{place}".ljust(LONGEST // 2, "y")
    for field in range(MOST_FIELDS)
    for place in range(MOST_BINS)
)
COMMON = 5
"""The first of them are what a rollout usually has."""


def best_seconds(work: Callable[[], object], runs: int) -> float:
    """Time on the processor of the quickest run: the others were disturbed by something."""
    times = []
    for _ in range(runs):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def begun(test: Test, window: Window) -> Evidence:
    """A gate that has seen something."""
    seen = Evidence()
    for _ in range(20):
        seen = update(test, seen, window)
    return seen


def cost(test: Test, window: Window, runs: int) -> dict[str, object]:
    """Figures of one kind of gate."""
    seen = begun(test, window)
    return {
        "metric": test.metric,
        "comparison": test.comparison,
        "update_microseconds": best_seconds(lambda: update(test, seen, window), runs) * 1e6,
        "characters": len(json.dumps(seen.to_json())),
    }


def counted(names: tuple[str, ...], shares: tuple[float, ...] = ()) -> Window:
    """A window with long counts, no two alike."""
    stable, candidate = (
        tuple(chance.randrange(10**11, 10**12) for _ in names)
        for chance in (random.Random(1), random.Random(2))
    )
    arms = [Arm(total=sum(column), bad=column[0]) for column in (stable, candidate)]
    return Window(
        gate="any",
        stable=arms[0],
        candidate=arms[1],
        table=Table(names=names, stable=stable, candidate=candidate, shares=shares),
    )


def worst() -> list[dict[str, object]]:
    """Evidence as long as it gets: full tables, long names and counts, in a second step."""
    shares = tuple(random.Random(3).uniform(0.09, 0.1) for _ in LONG_BINS)
    edges = ("0.025", "0.01", "0.05", "0.1", "0.25")
    kinds = (
        (Test(metric="LatencyExceedance", margin=1.5), counted(edges)),
        (Test(metric="PredictionShift", margin=1.5), counted(LONG_CLASSES)),
        (
            Test(metric="FeatureDrift", comparison="Absolute", margin=1.5),
            counted(LONG_BINS, shares),
        ),
    )
    return [
        {
            "metric": f"{test.metric}, at worst",
            "comparison": test.comparison,
            "characters": len(json.dumps(_again(test, window).to_json())),
        }
        for test, window in kinds
    ]


def _again(test: Test, window: Window) -> Evidence:
    return update(test, restart_safe(begun(test, window)), window)


def mixed(runs: int) -> float:
    """Milliseconds for the gates of 1,000 rollouts, each with the five usual ones."""
    usual = [(test, begun(test, window), window) for test, window in GATES_OF[:COMMON]]
    return best_seconds(lambda: update_all(usual * (GATES // COMMON)), max(5, runs // 50)) * 1e3


def main() -> int:
    """Measure, show, write."""
    given = options("Cost of the judge.", runs=1000, quick=200)
    report = Report(name="judge-cost", options=given)
    rows = [cost(test, window, given.runs) for test, window in GATES_OF] + worst()
    head = ("gate", "comparison", "one update", "evidence as JSON")
    lines = [
        (
            f"{row['metric']}",
            f"{row['comparison']}",
            f"{row['update_microseconds']:.0f} us" if "update_microseconds" in row else "",
            f"{row['characters']:,} characters",
        )
        for row in rows
    ]
    show("Cost of one window", head, lines)
    whole = mixed(given.runs)
    rows.append({"metric": "the five usual", "all_milliseconds": whole})
    claim = f"{GATES:,} gates of the five usual kinds: {whole:.0f} ms <= 200 ms"
    return report.write(rows, [Claim(claim=claim, holds=whole <= MOST_MILLISECONDS)])


if __name__ == "__main__":
    sys.exit(main())
