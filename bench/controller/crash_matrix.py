"""Is a wrong weight ever written, a rollout ever stuck, whatever fails and whoever is killed?

`python bench/controller/crash_matrix.py [--runs 10000] [--seed 1] [--quick]`

The real turns, scribes and Seldon engine on an API server in memory that fails by plan (it passes
the contract suite of the real one). First every story is told without faults; then its operator is
killed at each of its calls, before, in the middle of and after the effect; then storms follow until
all runs are spent: errors before and after the effect, requests that arrive late, outages, watches
that lag, lose, repeat and start anew from old lists, two operators that both act, wrong clocks,
Prometheus, Seldon and the router away. Judged by an oracle that reads the API server's log.

Prints a table and writes build/bench/crash_matrix.json; exit 1 if anything was wrong or stuck.
"""

import argparse
import json
import logging
import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from cluster_fault import FaultPlan, Strike  # type: ignore[import-not-found]  # noqa: E402
from cluster_watch import WatchFaults  # type: ignore[import-not-found]  # noqa: E402
from operator_storm import Storm, Weather  # type: ignore[import-not-found]  # noqa: E402
from operator_story import STORIES  # type: ignore[import-not-found]  # noqa: E402

VERSIONS = ("2.6.0", "2.10.2", "1.17.1")
"""Of Seldon; the last is Seldon Core 1, with one object for models and traffic."""
SYSTEMATIC = ("2.6.0", "1.17.1")
STALE = WatchFaults(lag=3, drop=0.1, duplicate=0.2, relist=0.1, stale=10)
SHARES = (0.0, 0.05, 0.2)
CHUNK = 20


@dataclass(frozen=True, slots=True)
class Case:
    """One run, small enough to be sent to another process."""

    kind: str
    seed: int
    story: str
    kill_at: int = 0
    strike: str = Strike.BEFORE
    version: str = "2.6.0"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it."""

    case: Case
    wrong: tuple[str, ...]
    stuck: str
    kills: int
    calls: int
    looks: int


def systematic(lengths: dict[tuple[str, str], int]) -> Iterator[Case]:
    """Each call of each story, on each generation of Seldon, as the last one of its process."""
    for (story, version), calls in lengths.items():
        for kill_at in range(1, calls + 1):
            for strike in Strike:
                yield Case("kill at each call", kill_at, story, kill_at, strike, version)


def storms(seed: int) -> Iterator[Case]:
    """Random weather for ever."""
    while True:
        chance = random.Random(seed)
        version = chance.choice(VERSIONS)
        yield Case("storm", seed, chance.choice(sorted(STORIES)), version=version)
        seed += 1


def weather_of(case: Case) -> object:
    """The weather that belongs to a case."""
    if case.kind != "storm":
        plan = FaultPlan(kill_at=case.kill_at, kill=Strike(case.strike))
        return Weather(plan=plan, calm_after=100)
    chance = random.Random(case.seed)
    plan = FaultPlan(
        kill_at=chance.choice([0, chance.randrange(1, 90)]),
        kill=chance.choice(list(Strike)),
        before=chance.choice(SHARES),
        after=chance.choice(SHARES),
        late=chance.choice(SHARES),
        outages=chance.choice([(), (range(20, 40),)]),
    )
    return Weather(
        plan=plan,
        watch=chance.choice([WatchFaults(), STALE]),
        operators=chance.choice([1, 1, 2]),
        clock_jumps=chance.random() < 0.3,
        calm_after=120,
        longest=900,
    )


def run(case: Case) -> Result:
    """One run, judged."""
    logging.disable(logging.CRITICAL)
    storm = Storm(case.seed, STORIES[case.story], weather_of(case), case.version)
    end = storm.run()
    return Result(case, tuple(end.wrong), end.stuck, end.kills, end.calls, end.turns)


def cases(runs: int, seed: int) -> Iterator[Case]:
    """As many as were asked for."""
    plain = [Case("no faults", 1, story, version=v) for story in STORIES for v in SYSTEMATIC]
    lengths = {(one.story, one.version): run(one).calls for one in plain}
    planned = list(systematic(lengths))
    if len(planned) > runs // 2:
        planned = planned[:: -(-len(planned) // (runs // 2))]
    yield from plain
    yield from planned
    endless = storms(seed)
    for _ in range(runs - len(planned) - len(plain)):
        yield next(endless)


def show(results: list[Result]) -> None:
    """The table, and what was wrong."""
    print(f"{'':20}{'runs':>8}{'kills':>8}{'calls':>10}{'looks':>10}{'wrong':>7}{'stuck':>7}")
    for kind in ("no faults", "kill at each call", "storm"):
        mine = [one for one in results if one.case.kind == kind]
        sums = [sum(getattr(one, name) for one in mine) for name in ("kills", "calls", "looks")]
        wrong = sum(1 for one in mine if one.wrong)
        stuck = sum(1 for one in mine if one.stuck)
        row = "".join(f"{number:>10}" for number in sums[1:])
        print(f"{kind:20}{len(mine):>8}{sums[0]:>8}{row}{wrong:>7}{stuck:>7}")
    for one in [one for one in results if one.wrong or one.stuck][:20]:
        print(f"{one.case}: {'; '.join(one.wrong[:2])} {one.stuck}")


def options() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--quick", action="store_true", help="200 runs")
    given = parser.parse_args()
    given.runs = 200 if given.quick else given.runs
    return given


def summary(results: list[Result], seed: int, seconds: float) -> dict[str, object]:
    """What is kept of it."""
    wrong, stuck = ([one for one in results if getattr(one, what)] for what in ("wrong", "stuck"))
    return {
        "name": "crash_matrix",
        "runs": len(results),
        "seed": seed,
        "seconds": round(seconds, 1),
        "machine": f"{platform.platform()}, {os.cpu_count()} cores",
        "kills": sum(one.kills for one in results),
        "calls": sum(one.calls for one in results),
        "stories": dict(Counter(one.case.story for one in results)),
        "versions": dict(Counter(one.case.version for one in results)),
        "claims": [
            {"claim": "no wrong weight, no promotion without verdict", "holds": not wrong},
            {"claim": "nothing is stuck", "holds": not stuck},
        ],
        "bad": [asdict(one) for one in [*wrong, *stuck]],
    }


def main() -> int:
    """Run, show, write; 1 if anything was wrong or stuck."""
    given = options()
    began = time.monotonic()
    results: list[Result] = []
    with ProcessPoolExecutor(given.workers) as pool:
        for result in pool.map(run, cases(given.runs, given.seed), chunksize=CHUNK):
            results.append(result)
            if len(results) % 500 == 0:
                spent = time.monotonic() - began
                print(f"{len(results)} of {given.runs} runs, {spent:.0f} s", flush=True)
    show(results)
    whole = summary(results, given.seed, time.monotonic() - began)
    file = ROOT / "build" / "bench" / "crash_matrix.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(whole, indent=2))
    bad = sum(1 for one in results if one.wrong or one.stuck)
    print(f"{len(results)} runs, seed {given.seed}, {whole['kills']} kills: {bad} bad; {file}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
