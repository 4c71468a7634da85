"""Shows a running pipeline: a live table on a terminal, a line per change where there is none."""

import contextlib
import time
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sluice_pipelines.step import OnProgress, Step, StepState

_STYLES: Final = {
    StepState.WAITING: "dim",
    StepState.RUNNING: "bold cyan",
    StepState.DONE: "green",
    StepState.REUSED: "blue",
    StepState.FAILED: "bold red",
}
_REFRESHES_PER_SECOND: Final = 4


@contextlib.contextmanager
def shown(console: Console) -> Iterator[OnProgress]:
    """Give the yielded function to `run_local`, and the console shows what it is told."""
    # `run_local` redirects `sys.stdout`, to which a console may look anew each time: hold on to it
    held = Console(file=console.file, force_terminal=console.is_terminal, no_color=console.no_color)
    if not held.is_terminal:
        yield _Lines(held).show
        return
    board = _Board()
    with Live(board, console=held, refresh_per_second=_REFRESHES_PER_SECOND, redirect_stdout=False):
        yield board.show


class _Board:
    """The table of all steps; rich asks for it again and again, so that running seconds count."""

    def __init__(self) -> None:
        self._steps: tuple[Step, ...] = ()
        self._since = time.monotonic()

    def show(self, steps: tuple[Step, ...]) -> None:
        """Take the new state of the steps."""
        self._steps = steps
        self._since = time.monotonic()

    def __rich__(self) -> Table:
        """The table as it is now."""
        running = time.monotonic() - self._since
        table = Table.grid(padding=(0, 2))
        for step in self._steps:
            seconds = running if step.state is StepState.RUNNING else step.seconds
            time_taken = f"{seconds:5.1f} s" if seconds else ""
            table.add_row(step.name, Text(step.state, _STYLES[step.state]), time_taken)
        return table


class _Lines:
    """One line for each step that has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: dict[str, StepState] = {}

    def show(self, steps: tuple[Step, ...]) -> None:
        """Print what is new."""
        for step in steps:
            ended = step.state not in {StepState.WAITING, StepState.RUNNING}
            if ended and self._told.get(step.name) is not step.state:
                self._told[step.name] = step.state
                self._console.print(f"{step.name:<10} {step.state:<8} {step.seconds:6.1f} s")
