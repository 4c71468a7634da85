"""How many rollouts does a rehearsal play in a second, and what do leaps save?"""

import json
import platform
import sys
import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.rollout.reconcile import Wish
from sluice_operator.rollout.status import Status
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.leap import Leaper
from sluice_operator.simulation.rehearsal import BLOCK, Trial, Users, rehearsed
from sluice_operator.simulation.world import World

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
CONSOLE = Console()
LEAST_GAIN = 4.0
"""What leaps must save on a rollout of hours, in times."""
POLICY: dict[str, Any] = {
    "model": {"uri": "models:/churn/2"},
    "strategy": {
        "type": "Canary",
        "steps": [
            {"setWeight": 10},
            {"analysis": {"gates": ["slo"], "minDuration": "1h", "maxDuration": "2h"}},
            {"setWeight": 50},
            {"analysis": {"gates": ["slo"], "minDuration": "1h", "maxDuration": "2h"}},
        ],
    },
    "gates": [
        {"name": "errors", "metric": "ErrorRate", "margin": "1.5"},
        {"name": "slow", "metric": "LatencyExceedance", "margin": "1.5", "threshold": "250ms"},
        {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.02"},
    ],
}
"""Two and a half hours, the bake included, three gates, a look every 5 s."""
WORSE = {"equal": 1.0, "2x errors": 2.0, "10x errors": 10.0}


def main() -> int:
    """Print and write the figures; 1 when leaps do not pay."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="rollouts of each candidate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="10 runs: shows that it works")
    given = parser.parse_args()
    runs = 10 if given.quick else given.runs
    rows = [row(name, times, runs, given.seed) for name, times in WORSE.items()]
    gain = gain_of_leaps(given.seed)
    show(rows)
    claim = f"a rollout of hours takes {gain:.1f} times less than with every look"
    write({"runs": runs, "seed": given.seed, "rows": rows, "gain": gain, "claim": claim})
    CONSOLE.print(f"{'holds' if gain >= LEAST_GAIN else 'FAILS'}: {claim}, at least {LEAST_GAIN:g}")
    return 0 if gain >= LEAST_GAIN else 1


def row(name: str, times: float, runs: int, seed: int) -> dict[str, Any]:
    """One candidate at 20 requests a second: processor time of one process."""
    users = Users(traffic=Traffic(per_second=20.0))
    worse = Behaviour(error_rate=users.stable.error_rate * times)
    trial = Trial(spec=Spec.model_validate(POLICY), users=users, candidate=worse)
    began = time.process_time()
    endings = [rehearsed(trial, seed * 10_000 + run) for run in range(runs)]
    seconds = time.process_time() - began
    return {
        "candidate": name,
        "rollouts_per_second": runs / seconds,
        "looks_per_second": sum(ending.looks for ending in endings) / seconds,
        "median_hours": float(np.median([ending.seconds for ending in endings])) / 3_600,
    }


def gain_of_leaps(seed: int) -> float:
    """How many times as long the same rollout takes when no look is left out."""
    seconds = {leaps: _seconds(seed, leaps=leaps) for leaps in (True, False)}
    return seconds[False] / seconds[True]


def _seconds(seed: int, *, leaps: bool) -> float:
    world = World(traffic=Traffic(per_second=20.0), seed=seed, block=BLOCK)
    spec, status = Spec.model_validate(POLICY), Status(deployment="churn")
    began = time.process_time()
    for version in (1, 2):
        model = spec.model.model_copy(update={"uri": f"models:/churn/{version}"})
        wish = Wish(spec=spec.model_copy(update={"model": model}))
        for turn in Leaper(world=world, wish=wish, leaps=leaps).run(status, timedelta(hours=6)):
            status = turn.decision.status
    return time.process_time() - began


def show(rows: list[dict[str, Any]]) -> None:
    """The figures on the screen."""
    head = ("candidate", "rollouts/s", "looks/s", "decided after, h")
    table = Table(*head, title="Rehearsals per second of one core", title_justify="left")
    for one in rows:
        figures = (one["rollouts_per_second"], one["looks_per_second"], one["median_hours"])
        table.add_row(one["candidate"], *(f"{figure:,.3g}" for figure in figures))
    CONSOLE.print(table)


def write(record: dict[str, Any]) -> None:
    """The figures in a file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "numpy": np.__version__}
    path = FOLDER / "rehearse.json"
    path.write_text(json.dumps({"name": "rehearse", "machine": machine} | record, indent=2) + "\n")
    CONSOLE.print(f"written to {path.relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    sys.exit(main())
