"""How long a bad model answers users of a cluster, and whether a healthy one is left alone.

`python bench/stack/rollouts.py [--bad 30] [--healthy 30] [--quick]`

Needs the node with all images: `make node-up parts`. The stack is installed by helm, models are
trained as Pods, and users in a Pod send 40 requests a second; half of the users keep the route that
they were given. Each candidate is a new revision, gets 20 requests a second, and fails 5 % of them
where stable fails 0.5 %; or it is as good as stable. Measured is what users saw: from the first bad
answer of a candidate to the last answer of any kind that it gave to anybody, rounded up to the
users' clock of 0.2 s.

Prints a table and writes build/bench/rollouts.json; exit 1 if a target is missed.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from eventually import eventually  # type: ignore[import-not-found]  # noqa: E402
from image_pod import KubectlError  # type: ignore[import-not-found]  # noqa: E402
from stack import (  # type: ignore[import-not-found]  # noqa: E402
    Stack,
    kubeconfig_in,
    make_room,
    take_away,
)
from stack_rollout import Deployment  # type: ignore[import-not-found]  # noqa: E402
from stack_training import Trainer  # type: ignore[import-not-found]  # noqa: E402
from stack_users import Plan, Users  # type: ignore[import-not-found]  # noqa: E402

MODEL = "tumours"
TICK_SECONDS = 0.2
LINGER_SECONDS = 5.0
"""How long nobody must have met a candidate before its last answer counts as the last."""
MEDIAN_SECONDS, P99_SECONDS = 20.0, 40.0
STABLE_FAILS, CANDIDATE_FAILS = 0.005, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What users saw of one candidate."""

    number: int
    bad: bool
    outcome: str
    cause: str
    requests: int
    failed: int
    seconds: float | None
    """From its first bad answer to its last answer; None where it gave no bad one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An installation with a first model and its users."""

    deployment: Deployment
    users: Users
    trainer: Trainer
    good: str
    narrow: str

    def tried(self, number: int, *, bad: bool) -> Trial:
        """A new candidate, to the end of its attempt."""
        name = f"{'bad' if bad else 'healthy'}-{number}"
        uri = self.trainer.copied(self.narrow if bad else self.good, name)
        self.deployment.apply(uri)
        ended = eventually(lambda: self._ended(uri), within=600, every=0.5)
        revision = ended["revision"]["name"]
        if ended["outcome"] != "Promoted":
            eventually(lambda: self._left_alone(revision), within=120, every=0.5)
        answers = [(at, seen) for at, seen in self._seen(revision) if seen]
        failed = [at for at, seen in answers if any(status != 200 for status in seen)]
        return Trial(
            number=number,
            bad=bad,
            outcome=ended["outcome"],
            cause=ended["cause"],
            requests=sum(sum(seen.values()) for _, seen in answers),
            failed=sum(n for _, seen in answers for status, n in seen.items() if status != 200),
            seconds=answers[-1][0] - failed[0] + TICK_SECONDS if failed else None,
        )

    def _ended(self, uri: str) -> dict[str, Any] | None:
        history = self.deployment.status().get("history") or [{}]
        last: dict[str, Any] = history[-1]
        return last if last.get("revision", {}).get("uri") == uri else None

    def _seen(self, revision: str) -> list[tuple[float, dict[int, int]]]:
        """Answers of one revision by time and status."""
        return [
            (at, {status: n for (who, status), n in counts.items() if who == revision})
            for at, counts in self.users.seen()
        ]

    def _left_alone(self, revision: str) -> bool:
        seen = self._seen(revision)
        last = max((at for at, counts in seen if counts), default=0.0)
        return seen[-1][0] - last > LINGER_SECONDS


def main() -> int:
    """Measure, print, write; the exit status is 1 if a target is missed."""
    options, begun = parsed(), time.monotonic()
    with installed() as site:
        print("     n  outcome     seconds  failed  requests  cause")
        trials = [
            shown(site.tried(number, bad=bad))
            for bad, runs in ((True, options.bad), (False, options.healthy))
            for number in range(1, runs + 1)
        ]
    claims = claims_of(trials)
    result = {
        "name": "rollouts",
        "seconds": round(time.monotonic() - begun, 1),
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
        "to_last_answer_seconds": quantiles([t.seconds for t in trials if t.bad and t.seconds]),
        "rows": [asdict(trial) for trial in trials],
        "claims": [{"claim": sentence, "holds": holds} for sentence, holds in claims.items()],
    }
    target = ROOT / "build" / "bench" / "rollouts.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{result['seconds']} s, written to {target.relative_to(ROOT)}")
    return 0 if all(claims.values()) else 1


def parsed() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--bad", type=int, default=30, help="candidates that fail ten times more")
    parser.add_argument("--healthy", type=int, default=30, help="candidates like stable")
    parser.add_argument("--quick", action="store_true", help="3 of each")
    given = parser.parse_args()
    if given.quick:
        given.bad = given.healthy = 3
    return given


@contextmanager
def installed() -> Iterator[Site]:
    """The whole stack, a first model in charge, and its users; taken away at the end."""
    with tempfile.TemporaryDirectory(prefix="sluice-rollouts-") as folder:
        try:
            stack = Stack(kubeconfig=kubeconfig_in(Path(folder)))
        except KubectlError as down:
            sys.exit(f"the node does not answer: make node-up parts\n{down}")
        make_room()
        try:
            stack.install()
            stack.await_ready()
            yield settled(stack, Path(folder))
        finally:
            take_away()


def settled(stack: Stack, folder: Path) -> Site:
    """Both models trained, the good one in charge, users at work."""
    trainer = Trainer(stack=stack, folder=folder)
    trainer.prepare()
    good, narrow = trainer.train("good")["model"], trainer.train("narrow", raw="some")["model"]
    deployment = Deployment(stack=stack, name=MODEL)
    deployment.apply(good)
    deployment.await_phase("Healthy", good)
    plan = Plan(
        model=MODEL,
        unknown=STABLE_FAILS,
        rare=CANDIDATE_FAILS - STABLE_FAILS,
        sticky=0.5,
        every=TICK_SECONDS,
    )
    users = Users(stack=stack, plan=plan)
    users.start()
    return Site(deployment=deployment, users=users, trainer=trainer, good=good, narrow=narrow)


def shown(trial: Trial) -> Trial:
    """One line of the table."""
    seconds = "-" if trial.seconds is None else f"{trial.seconds:.1f}"
    kind = "bad" if trial.bad else "ok"
    print(
        f"{kind:>3} {trial.number:2d}  {trial.outcome:10}  {seconds:>7}  {trial.failed:6d}"
        f"  {trial.requests:8d}  {trial.cause[:90]}",
        flush=True,
    )
    return trial


def claims_of(trials: Sequence[Trial]) -> dict[str, bool]:
    """Sentences that the figures either carry or not."""
    bad, healthy = [t for t in trials if t.bad], [t for t in trials if not t.bad]
    back = sum(t.outcome == "RolledBack" for t in bad)
    lost = sum(t.outcome != "Promoted" for t in healthy)
    times = quantiles([t.seconds for t in bad if t.seconds])
    claims = {
        f"{back} of {len(bad)} failing candidates were taken back": back == len(bad),
        f"{lost} of {len(healthy)} healthy candidates were not promoted": lost == 0,
        f"first bad answer to the last of all: median {times['median']} s, target"
        f" {MEDIAN_SECONDS:.0f} s": times["median"] <= MEDIAN_SECONDS,
        f"p99 {times['p99']} s, target {P99_SECONDS:.0f} s": times["p99"] <= P99_SECONDS,
    }
    for sentence, holds in claims.items():
        print(f"{'holds' if holds else 'FAILS'}: {sentence}")
    return claims


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95 % and 99 %, which is the worst of fewer than a hundred; infinite without any."""
    ordered = sorted(seconds) or [float("inf")]
    at = {
        f"p{part}": ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (95, 99)
    }
    figures = {"median": statistics.median(ordered), **at}
    return {name: round(value, 2) for name, value in figures.items()}


if __name__ == "__main__":
    sys.exit(main())
