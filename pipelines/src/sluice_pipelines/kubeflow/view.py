"""A run in Kubeflow as steps, whatever else Kubeflow counts among its tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from sluice_pipelines.setting import STEPS
from sluice_pipelines.step import Step, StepState

_ENDS: Final = frozenset({"SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"})
_STATES: Final[Mapping[str, StepState]] = MappingProxyType(
    {
        "RUNNING": StepState.RUNNING,
        "SUCCEEDED": StepState.DONE,
        "SKIPPED": StepState.REUSED,
        "CACHED": StepState.REUSED,
        "FAILED": StepState.FAILED,
        "CANCELED": StepState.FAILED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """Where a run stands."""

    id: str
    name: str
    state: str
    """As Kubeflow words it: `RUNNING`, `SUCCEEDED`, `FAILED`, …"""
    steps: tuple[Step, ...]
    errors: tuple[str, ...] = ()
    """What went wrong, in Kubeflow's words; `step: message`."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in _ENDS

    @property
    def is_well(self) -> bool:
        """Whether it has ended well."""
        return self.state == "SUCCEEDED"


def view_of(run: Any) -> RunView:
    """The view of a run as Kubeflow's client gives it."""
    details = (run.run_details.task_details if run.run_details else None) or ()
    ours = [task for task in details if task.display_name in STEPS]
    errors = [_error(task) for task in ours if _message(task) or task.state == "FAILED"]
    if run.error and run.error.message:
        errors.append(str(run.error.message))
    return RunView(
        id=run.run_id,
        name=run.display_name or run.run_id,
        state=run.state or "PENDING",
        steps=_in_order(ours),
        errors=tuple(errors),
    )


def _error(task: Any) -> str:
    """The back end of 2.17 keeps what a step said in its log, and out of its API."""
    return f"{task.display_name}: {_message(task) or 'failed; its log says why'}"


def _message(task: Any) -> str:
    return str(task.error.message or "") if task.error else ""


def _in_order(tasks: Sequence[Any]) -> tuple[Step, ...]:
    """One step for each name; of several attempts the last counts."""
    latest = {task.display_name: task for task in tasks}
    return tuple(_step(latest[name]) for name in STEPS if name in latest)


def _step(task: Any) -> Step:
    state = _STATES.get(task.state or "", StepState.WAITING)
    began, ended = task.start_time or task.create_time, task.end_time
    whole = began is not None and ended is not None and ended.year > 1970  # noqa: PLR2004 - unset
    seconds = (_utc(ended) - _utc(began)).total_seconds() if whole else 0.0
    return Step(name=task.display_name, state=state, seconds=max(0.0, seconds))


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
