"""Reads along with what Kubeflow prints while it runs a pipeline, and knows where it stands.

`kfp.local` offers no hook: that it starts and ends a task is only said in its log. The log itself
goes to a file; a person sees the steps.
"""

import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

from sluice_pipelines.step import OnProgress, Step, StepState

_COLOUR: Final = re.compile(r"\x1b\[\d+m")
_STARTED: Final = re.compile(r" - INFO - Executing task '(?P<name>[^']+)'$")
_ENDED: Final = re.compile(
    r" - (?:INFO|ERROR) - Task '(?P<name>[^']+)' finished with status (\w+)$"
)
_SUCCESS: Final = "SUCCESS"
_TAIL: Final = 500
"""Lines of the running step that are kept, in case it fails."""


class StepWatch:
    """A stream that writes everything to the log and reports the steps."""

    def __init__(
        self, upstream: Mapping[str, frozenset[str]], log: TextIO, on_progress: OnProgress
    ) -> None:
        """Watch the steps named by `upstream`, which says what each of them waits for."""
        self._upstream = upstream
        self._log = log
        self._on_progress = on_progress
        self._steps = {name: Step(name=name) for name in upstream}
        self._began = 0.0
        self._rest = ""
        self._tail: deque[str] = deque(maxlen=_TAIL)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in order."""
        return tuple(self._steps.values())

    @property
    def log(self) -> Path:
        """The file that everything is written to."""
        return Path(self._log.name)

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines of the step that ran last."""
        return tuple(self._tail)

    @property
    def failed(self) -> str:
        """Name of the step that failed; empty if none did."""
        return next((s.name for s in self.steps if s.state is StepState.FAILED), "")

    def write(self, text: str, /) -> int:
        """Take what Kubeflow or a step has printed."""
        self._log.write(_COLOUR.sub("", text))
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._read(_COLOUR.sub("", line))
        return len(text)

    def flush(self) -> None:
        """Bring the log up to date on disk."""
        self._log.flush()

    def finish(self) -> None:
        """The pipeline is through: what did not run was not needed."""
        self._mark_reused(self._steps)

    def interrupt(self) -> None:
        """The pipeline was stopped: what runs has failed."""
        for step in self.steps:
            if step.state is StepState.RUNNING:
                self._change(step.name, StepState.FAILED, time.monotonic() - self._began)

    def _read(self, line: str) -> None:
        if (started := _STARTED.search(line)) and started["name"] in self._steps:
            self._mark_reused(self._upstream[started["name"]])
            self._tail.clear()
            self._began = time.monotonic()
            self._change(started["name"], StepState.RUNNING)
        elif (ended := _ENDED.search(line)) and ended["name"] in self._steps:
            state = StepState.DONE if ended[2] == _SUCCESS else StepState.FAILED
            self._change(ended["name"], state, time.monotonic() - self._began)
        else:
            self._tail.append(line)

    def _mark_reused(self, names: Mapping[str, object] | frozenset[str]) -> None:
        for name in names:
            if self._steps[name].state is StepState.WAITING:
                self._change(name, StepState.REUSED)

    def _change(self, name: str, state: StepState, seconds: float = 0.0) -> None:
        self._steps[name] = replace(self._steps[name], state=state, seconds=seconds)
        self._on_progress(self.steps)


def upstream_of(tasks: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """For every task all tasks before it, given those directly before it; in an order to run in."""
    before: dict[str, frozenset[str]] = {}
    while len(before) < len(tasks):
        ready = [n for n, direct in tasks.items() if n not in before and direct <= before.keys()]
        for name in ready:
            direct = tasks[name]
            before[name] = direct.union(*(before[one] for one in direct))
    return before
