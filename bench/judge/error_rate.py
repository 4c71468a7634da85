"""False rollbacks and time to detection of the error-rate gate, beside what others document.

Half an hour, a look every 5 s, 10 % canary, 0.5 % errors on stable, alpha 1 % for harm and 5 % for
safety at margin 2. The judge is the very code that runs in a rollout, on a batch of rollouts.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from detection import Detection, first_proof
from mann_whitney import mann_whitney_like
from record import Claim, Options, Report, kept, options, progress, show
from rival import argo_like, flagger_like, strict_argo_like
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import FloatArray
from sluice_operator.judge.ratio import RatioFamily
from traffic import (
    FLAT,
    LOOK_SECONDS,
    LOOKS,
    RETRIED,
    STORMS,
    WEATHERS,
    Traffic,
    ratio_of_requests,
)

TEST = Test(margin=2.0, alpha_harm=0.01, alpha_safe=0.05)
RATIO = RatioFamily()
RATES = (200, 20, 2, 1, 0.2)
RATIOS = (2, 4, 10, 40)
LATE_RATES = (20, 2)
LATE_LOOKS = (0, 60, 180)
"""A candidate that turns bad at once, after 5 and after 15 minutes."""
LATE_RATIO = 10
AT_MARGIN = tuple(
    (ratio_of_requests(TEST.margin) if weather == RETRIED else TEST.margin, weather)
    for weather in WEATHERS
)
"""Candidates whose *attempts*, which are what is counted, fail `margin` times as often."""
RIVAL_RUNS = 1_000
"""Runs before the Mann-Whitney judge, which takes a hundred times as long as all others."""

Factors = Callable[[Test, FloatArray], FloatArray]
Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the judge and the rivals said about the same rollouts."""

    ours: Detection
    flagger: Detection
    argo: Detection
    strict_argo: Detection
    mann_whitney: Detection

    def record(self) -> Row:
        """As JSON."""
        return {
            "ours": self.ours.record(),
            "flagger_like": self.flagger.record(),
            "argo_like": self.argo.record(),
            "strict_argo_like": self.strict_argo.record(),
            "mann_whitney_like": self.mann_whitney.record(),
        }


def first_second(looks: Iterator[FloatArray], factors: Factors, alpha: float) -> Detection:
    """When one side of the test was first proven in each run."""
    found = first_proof(looks, partial(factors, TEST), alpha)
    return Detection(found.at * LOOK_SECONDS)


def judged(traffic: Traffic, runs: int, rng: np.random.Generator) -> Judgement:
    """The same simulated rollouts before all judges."""
    looks = list(traffic.looks(runs, rng))
    totals = np.stack([look[:, 2] for look in looks], axis=1)
    bad = np.stack([look[:, 3] for look in looks], axis=1)
    return Judgement(
        ours=first_second(iter(looks), RATIO.harm, TEST.alpha_harm),
        flagger=flagger_like(totals, bad),
        argo=argo_like(totals, bad),
        strict_argo=strict_argo_like(totals, bad),
        mann_whitney=mann_whitney_like([look[:RIVAL_RUNS] for look in looks]),
    )


def harm_scenarios() -> list[Traffic]:
    """Healthy in all kinds of weather, and four kinds of bad, at each rate."""
    healthy = [
        Traffic(candidate_per_second=rate, weather=weather)
        for rate in RATES
        for weather in (*WEATHERS, *STORMS)
    ]
    return healthy + [
        Traffic(candidate_per_second=rate, ratio=ratio) for rate in RATES for ratio in RATIOS
    ]


def harm_row(given: Options, number: int, traffic: Traffic) -> Row:
    """Figures of one scenario for harm."""
    found = judged(traffic, given.runs, given.rng(number)).record()
    return {"side": "harm", "runs": given.runs, **described(traffic), **found}


def safe_row(given: Options, number: int, traffic: Traffic) -> Row:
    """Figures of one scenario for safety at the margin."""
    looks = traffic.looks(given.runs, given.rng(100 + number))
    found = first_second(looks, RATIO.safe, TEST.alpha_safe).record()
    return {"side": "safe", "runs": given.runs, **described(traffic), "ours": found}


def late_row(given: Options, number: int, traffic: Traffic) -> Row:
    """Figures of one scenario in which the candidate turns bad on the way."""
    looks = traffic.looks(given.runs, given.rng(200 + number))
    found = first_second(looks, RATIO.harm, TEST.alpha_harm)
    onset = traffic.onset * LOOK_SECONDS
    after = Detection(np.maximum(found.at - onset, 0.0)).record()
    return {"side": "late", "runs": given.runs, "onset": onset, **described(traffic), "ours": after}


def described(traffic: Traffic) -> Row:
    """A scenario as JSON."""
    return {
        "candidate_per_second": traffic.candidate_per_second,
        "ratio": traffic.ratio,
        "traffic": traffic.weather,
    }


def measured(given: Options) -> list[Row]:
    """All scenarios, under a bar."""
    harm = harm_scenarios()
    safe = [
        Traffic(candidate_per_second=rate, ratio=ratio, weather=weather)
        for rate in RATES
        for ratio, weather in ((1.0, FLAT), *AT_MARGIN, (TEST.margin, RETRIED))
    ]
    late = [
        Traffic(candidate_per_second=rate, ratio=LATE_RATIO, onset=onset)
        for rate in LATE_RATES
        for onset in LATE_LOOKS
    ]
    rows: list[Row] = []
    with progress() as bar:
        task = bar.add_task("simulating", total=len(harm) + len(safe) + len(late))
        for row, scenarios in ((harm_row, harm), (safe_row, safe), (late_row, late)):
            for number, traffic in enumerate(scenarios):
                rows.append(row(given, number, traffic))
                bar.advance(task)
    return rows


def words(row: Row, judge: str) -> str:
    """A share for healthy candidates, seconds for bad ones."""
    found = row[judge]
    assert isinstance(found, dict)
    if row["ratio"] == 1 and row["side"] == "harm":
        return f"{found['found']:.2%}"
    if found["median"] is not None:
        return f"{found['median']:,.0f} s"
    return f"{found['found']:.1%} found" if found["found"] else "never"


def print_harm(rows: list[Row]) -> None:
    """False rollbacks of healthy candidates, and median seconds until a bad one is found."""
    judges = ("ours", "flagger_like", "argo_like", "strict_argo_like", "mann_whitney_like")
    head = ("req/s", "errors", "traffic", "ours", "F-like", "A-like", "strict A", "MW-like")
    lines = [
        (
            f"{row['candidate_per_second']}",
            "healthy" if row["ratio"] == 1 else f"{row['ratio']}x",
            f"{row['traffic']}",
            *(words(row, judge) for judge in judges),
        )
        for row in rows
        if row["side"] == "harm"
    ]
    show("Rolled back: share of healthy candidates, median of bad ones", head, lines)


def in_seconds(found: dict[str, float | None]) -> tuple[str, ...]:
    """Median and the late end; a dash where too few were found."""
    times = (found["median"], found["p95"])
    return tuple(f"{time:,.0f} s" if time is not None else "-" for time in times)


def print_safe(rows: list[Row]) -> None:
    """Time until a healthy candidate is proven safe, and how often one at the margin is."""
    head = ("req/s", "ratio of requests", "traffic", "proven", "median", "95 %")
    lines = []
    for row in (row for row in rows if row["side"] == "safe"):
        found = row["ours"]
        assert isinstance(found, dict)
        seconds = in_seconds(found)
        where = (f"{row['candidate_per_second']}", f"{row['ratio']:.3g}", f"{row['traffic']}")
        lines.append((*where, f"{found['found']:.2%}", *seconds))
    show(f"Proven safe at margin {TEST.margin:g} within {LOOKS * LOOK_SECONDS:,} s", head, lines)


def print_late(rows: list[Row]) -> None:
    """Time from the first bad look, after a while without any difference."""
    lines = []
    for row in (row for row in rows if row["side"] == "late"):
        found = row["ours"]
        assert isinstance(found, dict)
        seconds = in_seconds(found)
        lines.append((f"{row['candidate_per_second']}", f"{row['onset']:,} s", *seconds))
    title = f"{LATE_RATIO}x errors after a healthy while"
    show(title, ("req/s", "healthy for", "median", "95 %"), lines)


def claims(rows: list[Row], runs: int) -> list[Claim]:
    """What is promised of the gate."""

    def ours(key: str, **wanted: object) -> list[float]:
        found = [r["ours"] for r in rows if all(r[k] == v for k, v in wanted.items())]
        return [inf_for_none(f[key]) for f in found if isinstance(f, dict)]

    worst = max(
        found
        for weather in WEATHERS
        for found in ours("found", side="harm", ratio=1, traffic=weather)
    )
    false_safe = max(
        found
        for ratio, weather in AT_MARGIN
        for found in ours("found", side="safe", ratio=ratio, traffic=weather)
    )
    (tenfold,) = ours("median", side="harm", ratio=10, candidate_per_second=20)
    return [
        kept("false rollbacks, worst weather", worst, TEST.alpha_harm, runs),
        kept("false safety, worst weather", false_safe, TEST.alpha_safe, runs),
        Claim(claim=f"10x errors at 20 req/s: {tenfold:g} s <= 10 s", holds=tenfold <= 10),
    ]


def inf_for_none(value: float | None) -> float:
    """What was not reached in half of the runs took for ever."""
    return float("inf") if value is None else value


def main() -> int:
    """Simulate, show, write."""
    given = options("Calibration and speed of the error-rate gate.", runs=5000, quick=200)
    report = Report(name="judge-error-rate", options=given)
    rows = measured(given)
    print_harm(rows)
    print_safe(rows)
    print_late(rows)
    return report.write(rows, claims(rows, given.runs))


if __name__ == "__main__":
    sys.exit(main())
