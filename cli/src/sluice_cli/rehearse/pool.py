"""Rehearsals in as many processes as there are, kept in a file if one is named.

Candidates take turns, so that whoever interrupts has as many rollouts of each.
"""

import hashlib
import json
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from sluice_operator.simulation.rehearsal import Ending, Trial, rehearsed

BATCH = 4
"""Rollouts that a process is given at a time."""
_ENDING = TypeAdapter(Ending)
Done = tuple[int, int, Ending]
"""Number of the candidate, number of its run, and how that ended."""
_Task = tuple[int, Trial, list[int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which rollouts are wanted."""

    trials: Sequence[Trial]
    """One for each candidate."""
    runs: int
    seed: int
    jobs: int
    keep: Path | None = None
    """Where endings are kept, so that the same plan goes on from there."""

    def print_of(self, number: int) -> str:
        """Equal for trials that end equally."""
        text = repr((self.trials[number], self.seed))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def endings(plan: Plan) -> Iterator[Done]:
    """Every ending as it comes; those that were kept come first."""
    known = list(_kept(plan))
    yield from known
    have = {(number, run) for number, run, _ in known}
    for done in _played(plan, _tasks(plan, have)):
        _keep(plan, done)
        yield from done


def seed_of(seed: int, number: int, run: int) -> int:
    """Where the chance of one rollout begins."""
    return int(np.random.SeedSequence([seed, number, run]).generate_state(1)[0])


def _tasks(plan: Plan, have: set[tuple[int, int]]) -> Iterator[_Task]:
    for first in range(0, plan.runs, BATCH):
        for number, trial in enumerate(plan.trials):
            batch = range(first, min(first + BATCH, plan.runs))
            if runs := [run for run in batch if (number, run) not in have]:
                yield number, trial, runs, plan.seed


def _play(task: _Task) -> list[Done]:
    number, trial, runs, seed = task
    return [(number, run, rehearsed(trial, seed_of(seed, number, run))) for run in runs]


def _played(plan: Plan, tasks: Iterator[_Task]) -> Iterator[list[Done]]:
    if plan.jobs == 1:
        yield from map(_play, tasks)
        return
    context = get_context("spawn")  # threads of ours do not survive a fork
    pool = ProcessPoolExecutor(plan.jobs, mp_context=context, initializer=_leave_interrupts_to_us)
    try:
        yield from _gathered(pool, tasks, ahead=2 * plan.jobs)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _gathered(
    pool: ProcessPoolExecutor, tasks: Iterator[_Task], ahead: int
) -> Iterator[list[Done]]:
    """Batches as they are done, with few in advance: an interrupt waits for those."""
    running: set[Future[list[Done]]] = {pool.submit(_play, task) for task in islice(tasks, ahead)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        running |= {pool.submit(_play, task) for task in islice(tasks, len(done))}
        for future in done:
            yield future.result()


def _leave_interrupts_to_us() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _keep(plan: Plan, done: Iterable[Done]) -> None:
    if plan.keep is None:
        return
    with plan.keep.open("a", encoding="utf-8") as file:
        for number, run, ending in done:
            line = {"trial": plan.print_of(number), "run": run, "ending": asdict(ending)}
            file.write(json.dumps(line) + "\n")


def _kept(plan: Plan) -> Iterator[Done]:
    """Endings of these very trials; a line that was torn by an interrupt is left out."""
    if plan.keep is None or not plan.keep.exists():
        return
    numbers = {plan.print_of(number): number for number in range(len(plan.trials))}
    for line in plan.keep.read_text(encoding="utf-8").splitlines():
        plain = _parsed(line)
        number = numbers.get(plain.get("trial", ""))
        if number is not None and plain["run"] < plan.runs:
            yield number, plain["run"], _ENDING.validate_python(plain["ending"])


def _parsed(line: str) -> dict[str, Any]:
    try:
        plain: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return plain
