"""Is a wrong weight ever written while leaders are killed? `bench/controller/kill.py [--quick]`.

Real operator processes work on a real API server, each lease with its own namespace and users who
never leave their deployments alone: good and bad versions, aborts, another version in the middle, a
revert in the middle. Each run ends a leader by SIGKILL at a random moment, half of them just after
it has written a status that moves traffic; a new process or a standby takes over. In a quarter of
the runs the leader is frozen until a standby leads, and then wakes up.

The API server's own log of ModelDeployments, Models and Experiments is then judged in the order of
its versions: nobody has more weight than the status before allows, no step is taken without its
verdict, no bad version is promoted, and everything comes to rest.

Prints seed, runs and violations, writes build/bench/kill.json, and exits with 1 if any.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from child import SUPPORT
from control_plane_namespace import make  # type: ignore[import-not-found]
from rest import client_of
from rig import Rig, rig
from rig_judgement import JUDGED, Journal  # type: ignore[import-not-found]
from sluice import Sluice
from user import User
from victim import Victim
from watcher import Watcher

RESULTS = SUPPORT.parents[1] / "build" / "bench"
STEPS = tuple(
    step
    for weight in (10, 50)
    for step in (
        {"setWeight": weight},
        {"analysis": {"gates": ["slo"], "minDuration": "1s", "maxDuration": "10m"}},
    )
)
GATES = (
    {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "2"},
    {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.02"},
)


def main() -> int:
    """Kill, judge, print, write; 1 if anything was wrong."""
    options = parsed()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sluice-kill-") as scratch:
        folder = options.keep or Path(scratch)
        with rig(_subject("bench", options.version), folder, scrape_seconds=1.0) as made:
            result = killed(made, options)
    record = {"name": "kill", "seed": options.seed, "version": options.version} | result
    record["seconds"] = round(time.monotonic() - began)
    RESULTS.mkdir(parents=True, exist_ok=True)
    target = RESULTS / "kill.json"
    target.write_text(json.dumps(record, indent=2) + "\n")
    show(record)
    print(f"written to {target.relative_to(RESULTS.parents[1])}")
    return 1 if record["wrong"] or record["restless"] or record["troubles"] else 0


def parsed() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, help="200 if left out; quick: 8")
    parser.add_argument("--leases", type=int, help="that work at once; 8 if left out; quick: 2")
    parser.add_argument("--deployments", type=int, default=4, help="of each lease")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--version", choices=("2.6.0", "2.10.2"), default="2.6.0", help="of the painted Seldon"
    )
    parser.add_argument("--quick", action="store_true", help="few runs: shows that it works")
    parser.add_argument("--keep", type=Path, help="folder for logs, which stays")
    given = parser.parse_args()
    given.runs = given.runs or (8 if given.quick else 200)
    given.leases = given.leases or (2 if given.quick else 8)
    return given


def killed(made: Rig, options: argparse.Namespace) -> dict[str, object]:
    """All runs, and what the log says of them."""
    journal = Journal()
    watchers = [Watcher(client_of(made.plane.kubeconfig), kind, journal.hear) for kind in JUDGED]
    victims = [_victim(made, journal, options, number) for number in range(options.leases)]
    each = -(-options.runs // options.leases)
    try:
        troubles = _all_go(victims, each)
    finally:
        for watcher in watchers:
            watcher.close()
    troubles += [str(watcher.broken) for watcher in watchers if watcher.broken]
    return judged(victims, journal) | {"troubles": troubles}


def _subject(namespace: str, version: str) -> Sluice:
    return Sluice(
        namespace=namespace,
        poll_seconds=1.0,
        load_seconds=0.2,
        steps=STEPS,
        gates=GATES,
        bake="3s",
        version=version,
    )


def _victim(made: Rig, journal: Journal, options: argparse.Namespace, number: int) -> Victim:
    subject = _subject(f"kill-{number}", options.version)
    make(made.client, subject.namespace)
    seeds = random.Random(f"{options.seed}-{number}")
    users = [
        User(
            subject=subject,
            name=f"m{number}-{one}",
            client=made.client,
            order=made.order,
            chance=random.Random(seeds.random()),
        )
        for one in range(options.deployments)
    ]
    return Victim(
        rig=made,
        subject=replace(subject, log=f"{subject.namespace}-"),
        journal=journal,
        users=users,
        chance=seeds,
    )


def _all_go(victims: Sequence[Victim], runs: int) -> list[str]:
    """Each lease in a thread of its own, which stays while its processes live."""
    troubles: list[str] = []

    def go(victim: Victim) -> None:
        try:
            victim.go(runs)
        except Exception as trouble:  # noqa: BLE001 - told at the end, as a result
            troubles.append(f"{victim.subject.namespace}: {trouble!r}")
        finally:
            victim.close()

    threads = [threading.Thread(target=go, args=(victim,)) for victim in victims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return troubles


def judged(victims: Sequence[Victim], journal: Journal) -> dict[str, object]:
    """What was done, and everything that was wrong."""
    runs = [run for victim in victims for run in victim.runs]
    users = [(victim.subject.namespace, user) for victim in victims for user in victim.users]
    wrong = [words for place, u in users for words in journal.wrong((place, u.name), u.bad_uris)]
    return {
        "runs": len(runs),
        "kinds": dict(Counter(run.kind for run in runs)),
        "aimed": sum(run.aimed for run in runs),
        **_gone([run.gone_seconds for run in runs]),
        "stories": dict(Counter(story for _, user in users for story in user.told)),
        "judged": journal.counted(),
        "wrong": wrong,
        "restless": [words for victim in victims for words in victim.restless],
        "each": [asdict(run) for run in runs],
    }


def _gone(seconds: Sequence[float]) -> dict[str, float]:
    """From a kill to the next leader; nothing if no lease came as far as a kill."""
    if not seconds:
        return {}
    return {
        "gone_median_seconds": round(statistics.median(seconds), 1),
        "gone_max_seconds": round(max(seconds), 1),
    }


def show(record: dict[str, object]) -> None:
    """The figures."""
    for name, value in record.items():
        if name != "each":
            print(f"{name}: {value}")


if __name__ == "__main__":
    sys.exit(main())
