"""How fast a failing candidate leaves its users alone, end to end.

`python bench/engine/detection.py [--runs 20] [--controls 3] [--quick]`

Real Envoy, real MLServer, the real controller, and users who keep the route that they were given.
40 requests a second, half of them to the candidate; stable fails 0.5 % of the requests, the
candidate 5 %. Each run is a new revision. Measured from the first bad answer of the candidate, as
a user saw it: to the first report of Envoy without the candidate, and to the last answer that any
user got from it. As a control, candidates like stable are watched; what happens is reported.

Prints a table and writes build/bench/detection.json; exit 1 if the target is missed.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sluice_cli.local import child_installation
from trial import LONGEST_SECONDS, Bench, Trial, admin_of, said

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from laptop_users import Users  # type: ignore[import-not-found]  # noqa: E402
from laptop_world import Laptop  # type: ignore[import-not-found]  # noqa: E402

TARGET_SECONDS = 15.0
CONTROL_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line may change."""

    runs: int
    controls: int
    seed: int
    per_second: float
    weight: int


def main() -> int:
    """Measure, print, write; the exit status is 1 if the target is missed."""
    options, begun = parsed(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        laptop = Laptop(folder=Path(folder))
        workspace = laptop.folder / "workspace"
        with child_installation(laptop.home, laptop.port, workspace):
            bad, healthy, outside = measured(laptop, options)
    result = summary(options, bad, healthy) | {
        "claims": (claims := claims_of(bad)),
        "user_errors_outside_candidates": outside,
        "seconds": round(time.monotonic() - begun, 1),
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
    }
    target = ROOT / "build" / "bench" / "detection.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{result['seconds']} s, written to {target.relative_to(ROOT)}")
    return 0 if all(claim["holds"] for claim in claims) else 1


def parsed() -> Options:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20, help="failing candidates")
    parser.add_argument("--controls", type=int, default=3, help="healthy candidates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="3 runs, 1 control")
    parser.add_argument("--per-second", type=float, default=40.0, help="requests of all users")
    parser.add_argument("--weight", type=int, default=50, help="percent that candidates get")
    given = vars(parser.parse_args())
    if given.pop("quick"):
        given |= {"runs": 3, "controls": 1}
    return Options(**given)


def measured(laptop: Laptop, options: Options) -> tuple[list[Trial], list[Trial], int]:
    """The failing candidates, the healthy ones, and the errors of users with anybody else."""
    laptop.serve_first()
    users = Users(url=laptop.url(), per_second=options.per_second, say=said, seed=options.seed)
    with users:
        router = admin_of(laptop)
        bench = Bench(laptop=laptop, users=users, router=router, weight=options.weight)
        print("run  to zero s  last answer s  bad answers  requests  per second  pinned  cause")
        bad = [
            shown(number, bench.tried(bad=True, watched_seconds=LONGEST_SECONDS))
            for number in range(1, options.runs + 1)
        ]
        healthy = [
            shown(number, bench.tried(bad=False, watched_seconds=CONTROL_SECONDS))
            for number in range(1, options.controls + 1)
        ]
    tried = {trial.revision for trial in (*bad, *healthy)}
    return bad, healthy, sum(answer.revision not in tried for answer in users.failures())


def shown(number: int, trial: Trial) -> Trial:
    """One line of the table."""
    times = [f"{t:.2f}" if t else "-" for t in (trial.zero_seconds, trial.last_answer_seconds)]
    print(
        f"{number:3d}  {times[0]:>9}  {times[1]:>13}  {trial.bad_answers:11d}  {trial.requests:8d}"
        f"  {trial.per_second:10.1f}  {trial.pinned:6d}  {trial.cause or 'not taken back'}",
        flush=True,
    )
    return trial


def claims_of(bad: list[Trial]) -> list[dict[str, object]]:
    """Sentences that the figures either carry or not."""
    found = sum(trial.taken_back for trial in bad)
    sentences = {f"{found} of {len(bad)} failing candidates were taken back": found == len(bad)}
    for what, times in (("0 % in Envoy", zero_of(bad)), ("the last answer", last_of(bad))):
        median = times["median"]
        words = f"first bad answer to {what}: median {median} s, target {TARGET_SECONDS:.0f} s"
        sentences[words] = median <= TARGET_SECONDS
    for sentence, holds in sentences.items():
        print(f"{'holds' if holds else 'FAILS'}: {sentence}")
    return [{"claim": sentence, "holds": holds} for sentence, holds in sentences.items()]


def summary(options: Options, bad: list[Trial], healthy: list[Trial]) -> dict[str, object]:
    """The figures."""
    back = sum(trial.taken_back for trial in healthy)
    print(f"to zero: {zero_of(bad)}\nto the last answer: {last_of(bad)}")
    print(f"healthy candidates taken back within {CONTROL_SECONDS:.0f} s: {back} of {len(healthy)}")
    return {
        "name": "detection",
        **asdict(options),
        "zero_seconds": zero_of(bad),
        "last_answer_seconds": last_of(bad),
        "healthy_taken_back": back,
        "healthy_runs": len(healthy),
        "rows": [asdict(trial) for trial in (*bad, *healthy)],
    }


def zero_of(bad: list[Trial]) -> dict[str, float]:
    """From the first bad answer to the first report of the router without the candidate."""
    return quantiles([t.zero_seconds for t in bad if t.zero_seconds is not None])


def last_of(bad: list[Trial]) -> dict[str, float]:
    """From the first bad answer to the last that any user got from the candidate."""
    return quantiles([t.last_answer_seconds for t in bad if t.last_answer_seconds is not None])


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95 % and worst; infinite where nothing was measured."""
    ordered = sorted(seconds) or [float("inf")]
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    figures = {"median": statistics.median(ordered), "p95": p95, "max": ordered[-1]}
    return {name: round(value, 2) for name, value in figures.items()}


if __name__ == "__main__":
    sys.exit(main())
