"""The steps of a running pipeline as values, for whoever shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class StepState(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REUSED = "reused"
    """Same content as in an earlier run: its outputs were taken from there."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One task of the pipeline, now."""

    name: str
    state: StepState = StepState.WAITING
    seconds: float = 0.0
    """Wall time that the step took, 0 while it runs."""


OnProgress = Callable[[tuple[Step, ...]], None]
"""Called with all steps in order whenever one of them changes."""
