"""What a person sees of a running pipeline."""

import io

from rich.console import Console
from sluice_pipelines.progress import shown
from sluice_pipelines.step import Step, StepState


def test_without_a_terminal_each_step_is_one_line_when_it_has_ended():
    page = io.StringIO()
    with shown(Console(file=page)) as on_progress:
        on_progress((Step(name="ingest", state=StepState.RUNNING),))
        for _ in range(2):
            on_progress((Step(name="ingest", state=StepState.DONE, seconds=1.25),))
    assert page.getvalue().split() == ["ingest", "done", "1.2", "s"]


def test_on_a_terminal_the_table_shows_every_step():
    page = io.StringIO()
    console = Console(file=page, force_terminal=True, width=60)
    with shown(console) as on_progress:
        on_progress(
            (
                Step(name="ingest", state=StepState.DONE, seconds=1.25),
                Step(name="train", state=StepState.WAITING),
            )
        )
    assert "ingest" in page.getvalue()
    assert "waiting" in page.getvalue()
