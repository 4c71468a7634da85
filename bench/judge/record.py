"""Options, table and JSON record that the benchmarks of the judge share."""

import json
import platform
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
CONSOLE = Console()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line may change; equal options give equal figures."""

    runs: int
    """Simulated runs of a healthy candidate per scenario; other scenarios take a share of it."""
    seed: int

    def rng(self, *scenario: int) -> np.random.Generator:
        """Chance of one scenario, the same whatever ran before it."""
        return np.random.default_rng([self.seed, *scenario])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence that the figures either carry or not."""

    claim: str
    holds: bool


def kept(what: str, share: float, alpha: float, runs: int) -> Claim:
    """That a share of wrong proofs is `alpha` at most, as far as so many runs can tell.

    Four standard deviations: of a hundred shares that are exactly `alpha`, none is likely beyond.
    """
    chance = 4 * (alpha * (1 - alpha) / runs) ** 0.5
    sentence = f"{what}: {share:.2%} <= {alpha:.1%}, give or take {chance:.2%} of chance"
    return Claim(claim=sentence, holds=share <= alpha + chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures of one benchmark on their way to screen and file."""

    name: str
    options: Options
    started: float = field(default_factory=time.perf_counter)

    def write(self, rows: Sequence[Mapping[str, object]], claims: Sequence[Claim]) -> int:
        """Save the record, say where, and give the exit status: 1 if a claim does not hold."""
        record = {
            "name": self.name,
            "runs": self.options.runs,
            "seed": self.options.seed,
            "seconds": round(time.perf_counter() - self.started, 1),
            "machine": {"python": platform.python_version(), "numpy": np.__version__},
            "rows": list(rows),
            "claims": [{"claim": c.claim, "holds": c.holds} for c in claims],
        }
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{self.name}.json"
        path.write_text(json.dumps(record, indent=2) + "\n")
        for claim in claims:
            CONSOLE.print(f"{'holds' if claim.holds else 'FAILS'}: {claim.claim}")
        CONSOLE.print(f"{record['seconds']} s, written to {path.relative_to(FOLDER.parents[1])}")
        return 0 if all(claim.holds for claim in claims) else 1


def options(description: str, *, runs: int, quick: int) -> Options:
    """The options given on the command line."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--runs", type=int, default=runs, help="healthy runs per scenario")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help=f"{quick} runs: shows that it works")
    given = parser.parse_args()
    return Options(runs=quick if given.quick else given.runs, seed=given.seed)


def progress() -> Progress:
    """The bar that all benchmarks show."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=CONSOLE)


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """One table on the screen."""
    table = Table(*head, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    CONSOLE.print(table)
