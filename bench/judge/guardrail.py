"""All guardrails of one rollout together: how often is a healthy candidate taken back by any?

Errors, slow answers at three edges, accuracy on split traffic, label coverage, conversions and the
share of requests watch the same requests for half an hour, a look every 5 s. Levels of errors, of
slow answers and of wrong answers go up and down together, for both revisions alike.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from fleet import EdgeFleet, Fleet, MixtureFleet
from numpy.typing import NDArray
from record import Claim, Options, Report, kept, options, progress, show
from sluice_operator.judge.bounded import BoundedFamily
from sluice_operator.judge.coverage import CoverageFamily
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import FloatArray
from sluice_operator.judge.ratio import RatioFamily
from sluice_operator.judge.split import SplitFamily
from traffic import (
    BASE_RATE,
    LOOK_SECONDS,
    LOOKS,
    RETRIED,
    STABLE_PER_CANDIDATE,
    WEATHERS,
    Sky,
    dealt_again,
)

IntArray = NDArray[np.int64]
RATES = (0.2, 1, 20, 200)
"""Candidate's requests in a second."""
SLOW = (0.05, 0.01, 0.002)
"""Share of answers over the low edge, the main one, the high one."""
WRONG, LABELLED, BUY = 0.1, 0.9, 0.05
SHARE = 1 / (1 + STABLE_PER_CANDIDATE)
TESTS = {
    "errors": Test(margin=2.0),
    "latency": Test(metric="LatencyExceedance", margin=1.5),
    "accuracy": Test(metric="Accuracy", margin=1.5, min_coverage=0.8),
    "labels": Test(metric="LabelCoverage", margin=1.25, alpha_harm=0.001),
    "sales": Test(metric="BusinessKPI", margin=1.1, lowest=0.0, highest=1.0),
    "split": Test(metric="SampleRatio", comparison="Absolute", margin=1.25, alpha_harm=0.001),
}
TOGETHER = 0.05
"""What admission allows all guardrails of a rollout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Half an hour of healthy traffic before all gates."""

    candidate_per_second: float
    weather: str

    def looks(self, runs: int, rng: np.random.Generator) -> Iterator[dict[str, FloatArray]]:
        """Counts of each look, by gate."""
        sky = Sky(weather=self.weather, runs=runs, rng=rng)
        for look in range(LOOKS):
            load, level = sky.level(look)
            mean = self.candidate_per_second * LOOK_SECONDS * load
            totals = (rng.poisson(mean * STABLE_PER_CANDIDATE, runs), rng.poisson(mean, runs))
            yield {**self._requests(totals, level, rng), **_answers(totals, level, rng)}

    def _requests(
        self, totals: tuple[IntArray, IntArray], level: FloatArray, rng: np.random.Generator
    ) -> dict[str, FloatArray]:
        """What the router counts."""
        rate = np.minimum(BASE_RATE * level, 1.0)
        arms = [(total, rng.binomial(total, rate)) for total in totals]
        if self.weather == RETRIED:
            arms = dealt_again(arms, rng)
        (stable, _), (candidate, _) = arms
        split = np.stack((stable, candidate, np.full(len(stable), SHARE)), axis=1)
        return {"errors": _row(*arms), "split": split}


def _answers(
    totals: tuple[IntArray, IntArray], level: FloatArray, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """What is known of answers: how slow, labelled or not, right or wrong, what they brought."""
    slow = [_nested(total, level, rng) for total in totals]
    edges = [_row(*zip(totals, edge, strict=True)) for edge in zip(*slow, strict=True)]
    labelled = [rng.binomial(total, LABELLED) for total in totals]
    wrong = [rng.binomial(each, np.minimum(WRONG * level, 1.0)) for each in labelled]
    missing = [total - each for total, each in zip(totals, labelled, strict=True)]
    sales = [(total, rng.binomial(total, BUY)) for total in totals]
    return {
        "latency": np.stack((edges[1], edges[0], edges[2]), axis=1),
        "accuracy": _row(*zip(labelled, wrong, strict=True)),
        "labels": _row(*zip(totals, missing, strict=True)),
        "sales": _row(*reversed(sales)),
    }


def _nested(total: IntArray, level: FloatArray, rng: np.random.Generator) -> list[IntArray]:
    """Answers over each edge; those over a higher one are among those over a lower."""
    over, shares = total, (1.0, *SLOW)
    counts = []
    for lower, higher in zip(shares, SLOW, strict=False):
        rate = np.minimum(level * higher, 1.0) / np.minimum(
            level * lower if lower < 1 else 1.0, 1.0
        )
        over = rng.binomial(over, rate)
        counts.append(over)
    return counts


def _row(*arms: tuple[IntArray, IntArray]) -> FloatArray:
    return np.stack([column for arm in arms for column in arm], axis=1).astype(np.float64)


def fleets(runs: int) -> dict[str, Fleet]:
    """All gates of so many rollouts."""
    ratio = RatioFamily()
    return {
        "errors": MixtureFleet(ratio, TESTS["errors"], runs),
        "latency": EdgeFleet(TESTS["latency"], runs, len(SLOW)),
        "accuracy": MixtureFleet(ratio, TESTS["accuracy"], runs),
        "labels": MixtureFleet(CoverageFamily(), TESTS["labels"], runs),
        "sales": MixtureFleet(BoundedFamily(), TESTS["sales"], runs),
        "split": MixtureFleet(SplitFamily(), TESTS["split"], runs),
    }


def false_rollbacks(day: Day, given: Options, number: int) -> dict[str, float]:
    """Share of rollouts that each gate calls harmful, and that any does."""
    gates = fleets(given.runs)
    ever = {name: np.zeros(given.runs, dtype=bool) for name in gates}
    for look in day.looks(given.runs, given.rng(number)):
        for name, gate in gates.items():
            harm, _ = gate.add(look[name])
            ever[name] |= harm >= -np.log(gate.test.alpha_harm)
    shares = {name: float(each.mean()) for name, each in ever.items()}
    return {**shares, "any": float(np.any(list(ever.values()), axis=0).mean())}


def claims(rows: list[dict[str, object]], runs: int) -> list[Claim]:
    """Each gate keeps its alpha, and all of them together what admission allows."""
    worst = {name: max(float(str(row[name])) for row in rows) for name in (*TESTS, "any")}
    limits = {**{name: test.alpha_harm for name, test in TESTS.items()}, "any": TOGETHER}
    return [kept(f"{name}, worst", share, limits[name], runs) for name, share in worst.items()]


def main() -> int:
    """Simulate, show, write."""
    given = options("False rollbacks by all guardrails together.", runs=5000, quick=100)
    report = Report(name="judge-guardrail", options=given)
    days = [Day(candidate_per_second=rate, weather=sky) for rate in RATES for sky in WEATHERS]
    rows: list[dict[str, object]] = []
    with progress() as bar:
        task = bar.add_task("simulating", total=len(days))
        for number, day in enumerate(days):
            where = {"candidate_per_second": day.candidate_per_second, "traffic": day.weather}
            rows.append({**where, "runs": given.runs, **false_rollbacks(day, given, number)})
            bar.advance(task)
    names = (*TESTS, "any")
    lines = [
        (f"{row['candidate_per_second']}", f"{row['traffic']}", *(f"{row[n]:.2%}" for n in names))
        for row in rows
    ]
    show("Healthy candidates rolled back", ("req/s", "traffic", *names), lines)
    return report.write(rows, claims(rows, given.runs))


if __name__ == "__main__":
    sys.exit(main())
