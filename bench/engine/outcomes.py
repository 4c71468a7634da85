"""How rollouts end, hundreds of them end to end: healthy candidates, and worse ones.

`python bench/engine/outcomes.py [--healthy 200] [--worse 100] [--lanes 3] [--quick]`

Real Envoy, real MLServer, the real controller, and users who keep the route that they were given.
Each lane is an installation of its own with 60 requests a second, half of them to the candidate.
Stable fails 10 % of the requests, a worse candidate 2, 4 or 10 times as many. A canary has a minute
to prove itself safe at margin 2; then it is promoted, else it rests as inconclusive, and the next
takes its place. The share is that high so that a minute holds as many failures as a quarter of an
hour has at 0.67 %.

Prints a table and writes build/bench/outcomes.json; exit 1 if a target is missed.
"""

import argparse
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sluice_cli.local import child_installation
from sluice_operator.api.load import parse
from sluice_operator.model import Routes
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.serving.envoy_admin import EnvoyAdmin
from trial import admin_of

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from eventually import eventually  # type: ignore[import-not-found]  # noqa: E402
from laptop_packages import (  # type: ignore[import-not-found]  # noqa: E402
    COMMON,
    RARE,
    UNHEARD,
    asking,
)
from laptop_users import Users  # type: ignore[import-not-found]  # noqa: E402
from laptop_world import ERRORS, NAME, Laptop, canary  # type: ignore[import-not-found]  # noqa: E402

PER_SECOND, WEIGHT = 60.0, 50
STABLE_FAILS = 0.1
WORSE = (2, 4, 10)
"""Times as many failures as stable has."""
OUTCOMES = ("Promoted", "RolledBack", "Inconclusive")
FALSE_ROLLBACKS = 0.01
"""Share of healthy candidates that may be taken back, which is the gate's alpha."""
SPEC = {
    "strategy": canary(
        {"setWeight": WEIGHT},
        {"analysis": {"gates": ["errors"], "minDuration": "5s", "maxDuration": "60s"}},
        {"setWeight": 100},
    ),
    "gates": [ERRORS],
    "rollback": {"bake": "0s"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one candidate ended."""

    times: int
    """How many times as many failures as stable; 1 for a healthy one."""
    outcome: str
    """Promoted, RolledBack or Inconclusive."""
    cause: str
    seconds: float
    """From the apply, the start of its server included."""
    requests: int
    failed: int
    """Of them, as users saw it."""
    to_last_answer: float | None
    """From its first failure to the last answer that a user got from it, if it was taken back."""


@dataclass(slots=True)
class Weather:
    """What users say, which decides who fails how often."""

    times: int = 1

    def said(self, chance: random.Random) -> dict[str, Any]:
        """The request of one turn."""
        drawn = chance.random()
        if drawn < STABLE_FAILS:
            return dict(asking(UNHEARD))
        return dict(asking(RARE if drawn < STABLE_FAILS * self.times else COMMON))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One installation and its users, for one candidate after the other."""

    laptop: Laptop
    users: Users
    weather: Weather
    router: EnvoyAdmin

    def tried(self, times: int) -> Attempt:
        """A new candidate, until it is promoted, taken back, or out of time."""
        self.weather.times = times
        package, begin = self.laptop.package(knows_rare=times == 1), time.monotonic()
        wanted = parse(self.laptop.document(package, **SPEC))
        self.laptop.home.apply(wanted)
        revision = wanted_revision(NAME, wanted.spec).name
        eventually(lambda: self._weight_of(revision) == WEIGHT, within=90)
        self.users.come_anew()
        seen = self.laptop.until(lambda seen: _end_of(seen, revision), within=120)
        outcome, cause = _end_of(seen, revision) or ("", "")
        answers = self.users.of(revision, sent_after=begin)
        failed = [answer.at for answer in answers if answer.is_failure]
        back = outcome == "RolledBack" and failed
        return Attempt(
            times=times,
            outcome=outcome,
            cause=cause,
            seconds=round(time.monotonic() - begin, 1),
            requests=len(answers),
            failed=len(failed),
            to_last_answer=round(max(a.at for a in answers) - min(failed), 2) if back else None,
        )

    def _weight_of(self, revision: str) -> int:
        return int(self.router.routes().get(NAME, Routes()).weights.get(revision, 0))


def _end_of(seen: Mapping[str, Any], revision: str) -> tuple[str, str] | None:
    if seen["phase"] == "Paused" and seen["candidate"] == revision:
        return "Inconclusive", str(seen["message"])
    last = seen["history"][-1] if seen["history"] else None
    over = last is not None and last["revision"] == revision
    return (last["outcome"], last["cause"]) if last is not None and over else None


def main() -> int:
    """Measure, print, write; the exit status is 1 if a target is missed."""
    options, begun = parsed(), time.monotonic()
    print("times  outcome       seconds  requests  failed  last answer  cause")
    attempts = list(measured(options))
    claims = claims_of(attempts)
    result = {
        "name": "outcomes",
        **vars(options),
        "seconds": round(time.monotonic() - begun, 1),
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
        "outcomes": table(attempts),
        "rows": [asdict(attempt) for attempt in attempts],
        "claims": [{"claim": sentence, "holds": holds} for sentence, holds in claims.items()],
    }
    target = ROOT / "build" / "bench" / "outcomes.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{result['seconds']} s, written to {target.relative_to(ROOT)}")
    return 0 if all(claims.values()) else 1


def parsed() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--healthy", type=int, default=200, help="candidates like stable")
    parser.add_argument("--worse", type=int, default=100, help="2, 4 and 10 times as bad, in turn")
    parser.add_argument("--lanes", type=int, default=3, help="installations side by side")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="3 of each, one lane")
    given = parser.parse_args()
    if given.quick:
        given.healthy, given.worse, given.lanes = 3, 3, 1
    return given


def measured(options: argparse.Namespace) -> Iterator[Attempt]:
    """Every candidate, shuffled over the lanes; each lane has a process of its own."""
    wanted = [1] * options.healthy + [WORSE[n % len(WORSE)] for n in range(options.worse)]
    random.Random(options.seed).shuffle(wanted)
    lanes = [wanted[number :: options.lanes] for number in range(options.lanes)]
    with ProcessPoolExecutor(options.lanes, mp_context=get_context("spawn")) as pool:
        running = [
            pool.submit(driven, times, options.seed + number) for number, times in enumerate(lanes)
        ]
        for lane in as_completed(running):
            yield from lane.result()


def driven(candidates: Sequence[int], seed: int) -> list[Attempt]:
    """One lane from its first model to its last candidate."""
    weather = Weather()
    with tempfile.TemporaryDirectory() as folder:
        laptop = Laptop(folder=Path(folder))
        with child_installation(laptop.home, laptop.port, laptop.folder / "workspace"):
            laptop.serve_first()
            users = Users(url=laptop.url(), per_second=PER_SECOND, say=weather.said, seed=seed)
            with users:
                router = admin_of(laptop)
                lane = Lane(laptop=laptop, users=users, weather=weather, router=router)
                return [shown(lane.tried(times)) for times in candidates]


def shown(one: Attempt) -> Attempt:
    """A line of the table, as soon as it is known."""
    last = "-" if one.to_last_answer is None else f"{one.to_last_answer:.1f}"
    print(
        f"{one.times:5d}  {one.outcome:12}  {one.seconds:7.1f}  {one.requests:8d}"
        f"  {one.failed:6d}  {last:>11}  {one.cause[:80]}",
        flush=True,
    )
    return one


def table(attempts: Sequence[Attempt]) -> list[dict[str, object]]:
    """How many of each kind ended how."""
    rows: list[dict[str, object]] = []
    for times in sorted({one.times for one in attempts}):
        some = [one for one in attempts if one.times == times]
        last = [one.to_last_answer for one in some if one.to_last_answer is not None]
        ends = {end: sum(one.outcome == end for one in some) for end in OUTCOMES}
        median = round(statistics.median(last), 2) if last else None
        rows.append({"times": times, "candidates": len(some), **ends, "to_last_answer": median})
        print(rows[-1])
    return rows


def claims_of(attempts: Sequence[Attempt]) -> dict[str, bool]:
    """Sentences that the figures either carry or not."""
    healthy = [one for one in attempts if one.times == 1]
    worse = [one for one in attempts if one.times > 1]
    back = sum(one.outcome == "RolledBack" for one in healthy)
    promoted = sum(one.outcome == "Promoted" for one in worse)
    named = all(one.outcome in OUTCOMES for one in attempts)
    claims = {
        f"{back} of {len(healthy)} healthy candidates were taken back, at most"
        f" {FALSE_ROLLBACKS:.0%}": back <= FALSE_ROLLBACKS * len(healthy),
        f"{promoted} of {len(worse)} worse candidates were promoted": promoted == 0,
        f"all ended as {', '.join(OUTCOMES)}": named,
    }
    for sentence, holds in claims.items():
        print(f"{'holds' if holds else 'FAILS'}: {sentence}")
    return claims


if __name__ == "__main__":
    sys.exit(main())
