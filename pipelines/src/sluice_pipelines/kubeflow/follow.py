"""Waits for a run in Kubeflow; leaving off harms nothing, for the run is the cluster's."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sluice_pipelines.failure import KubeflowAwayError, RunFailedError
from sluice_pipelines.kubeflow.view import RunView
from sluice_pipelines.step import OnProgress


class Runs(Protocol):
    """Who knows where runs stand."""

    def look(self, run: str) -> RunView:
        """Where a run stands."""
        ...

    def address(self, run: str) -> str:
        """The page of a run."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often is looked, and how long an outage is borne."""

    look_seconds: float = 5.0
    away_seconds: float = 600.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def follow(runs: Runs, run: str, on_progress: OnProgress, rhythm: Rhythm | None = None) -> RunView:
    """Wait until the run has ended; its last view.

    Raises:
        RunFailedError: It has ended otherwise than well.
        KubeflowError: Kubeflow is away for long, or knows no such run.
    """
    rhythm = rhythm or Rhythm()
    answered = rhythm.clock()
    while True:
        try:
            seen = runs.look(run)
        except KubeflowAwayError:
            if rhythm.clock() - answered > rhythm.away_seconds:
                raise
        else:
            answered = rhythm.clock()
            on_progress(seen.steps)
            if seen.has_ended:
                return _judged(seen, runs.address(run))
        rhythm.sleep(rhythm.look_seconds)


def _judged(seen: RunView, address: str) -> RunView:
    if seen.is_well:
        return seen
    why = "; ".join(seen.errors) or "Kubeflow gives no reason"
    raise RunFailedError(f"{seen.name}: {seen.state.lower()}: {why} (see {address})")
