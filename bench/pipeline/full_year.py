"""What training on a whole year of flights takes, and what Kubeflow's local runner adds to it.

The example project without its window: all 336,776 flights, from CSV to a registered version. Each
step is timed as `kfp.local` runs it, a process of its own, and beside it as a plain function in one
process that has imported everything and has its MLflow store. An empty component shows what the
runner itself costs.

Usage: `python bench/pipeline/full_year.py [--quick]`; writes build/bench/pipeline.json. `--quick`
keeps the window of the example: 52,000 flights.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kfp import dsl, local
from rich.console import Console
from rich.table import Table
from sluice_components.project.load import load_project
from sluice_components.project.model import Project
from sluice_pipelines.progress import shown
from sluice_pipelines.runner import run_local
from sluice_pipelines.step import Step, StepState
from sluice_pipelines.train import Constants, constants_of

ROOT = Path(__file__).resolve().parents[2]
FLIGHTS = ROOT / "examples" / "flights"
SCRATCH = ROOT / "build" / "bench" / "pipeline"
RESULT = ROOT / "build" / "bench" / "pipeline.json"
LIMIT_SECONDS = 60.0
CONSOLE = Console(stderr=True)

Seconds = dict[str, float]


def main() -> int:
    """Run both ways, print the table, keep the figures; 1 if it takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two months in place of the year")
    project = example(whole_year=not parser.parse_args().quick)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    if not (FLIGHTS / "raw" / "flights.csv").exists():
        subprocess.run([sys.executable, str(FLIGHTS / "prepare.py")], check=True)
    empty = empty_step_seconds()
    clock, rows, wall = kubeflow_run(project)
    plain = plain_run(project)
    figures = figures_of(clock, plain, rows=rows, wall=wall, empty=empty)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n")
    CONSOLE.print(table_of(figures))
    CONSOLE.print(f"whole pipeline: {wall:.1f} s for {rows:,} rows; may take {LIMIT_SECONDS:.0f} s")
    return 0 if wall <= LIMIT_SECONDS else 1


def example(*, whole_year: bool) -> Project:
    """The project of the flights, with or without its window of two months."""
    project = load_project(FLIGHTS / "sluice.yaml")
    return project.model_copy(update={"window": None}) if whole_year else project


@dataclass
class CpuClock:
    """Notes wall and processor time of each step as the runner reports it."""

    wall: Seconds = field(default_factory=dict)
    cpu: Seconds = field(default_factory=dict)
    _before: float = 0.0

    def note(self, steps: tuple[Step, ...]) -> None:
        """Take a change of the steps."""
        used = os.times().children_user + os.times().children_system
        for step in steps:
            if step.state is StepState.RUNNING:
                self._before = used
            elif step.state is StepState.DONE and step.name not in self.wall:
                self.wall[step.name] = step.seconds
                self.cpu[step.name] = used - self._before


def kubeflow_run(project: Project) -> tuple[CpuClock, int, float]:
    """The pipeline through `kfp.local`: times per step, rows of the source, wall time in all."""
    clock = CpuClock()
    started = time.perf_counter()
    with shown(CONSOLE) as show:

        def both(steps: tuple[Step, ...]) -> None:
            clock.note(steps)
            show(steps)

        place = SCRATCH / "kubeflow"
        result = run_local(project, base=FLIGHTS, workspace=place, on_progress=both)
    wall = time.perf_counter() - started
    counts = json.loads((result.package_path / "sluice" / "lineage.json").read_text())
    CONSOLE.print(f"{counts['data']['training_rows']:,} rows trained on, {dict(result.metrics)}")
    return clock, _source_rows(), wall


def _source_rows() -> int:
    with (FLIGHTS / "raw" / "flights.csv").open("rb") as stream:
        return sum(1 for _ in stream) - 1


def empty_step_seconds(times: int = 5) -> float:
    """What `kfp.local` takes for a component that does nothing."""

    @dsl.component(base_image="python:3.11", install_kfp_package=False)  # type: ignore[untyped-decorator]
    def nothing() -> int:
        return 1

    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(SCRATCH / "empty"))
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            nothing()
        taken.append(time.perf_counter() - started)
    return sorted(taken)[times // 2]


def plain_run(project: Project) -> Seconds:
    """The same stages as functions of this process, imports not counted."""
    folder = SCRATCH / "plain"
    folder.mkdir(parents=True)
    files = {name: str(folder / name) for name in FILES}
    facts: dict[str, Any] = {}
    taken = {}
    for name, stage in stages(constants_of(project), files, facts).items():
        started = time.perf_counter()
        facts[name] = stage()
        taken[name] = time.perf_counter() - started
    return taken


FILES = (
    *("raw", "clean", "quarantine", "checked", "train", "holdout", "model"),
    *("evaluation", "report", "verdict", "package", "mlflow.db", "artifacts"),
)


def stages(
    constants: Constants, files: Mapping[str, str], facts: Mapping[str, Any]
) -> dict[str, Callable[[], Any]]:
    """Each stage with its arguments; importing them here keeps imports out of the times."""
    import mlflow.sklearn  # noqa: F401, PLC0415
    from sluice_components.evaluate.stage import evaluate_plain  # noqa: PLC0415
    from sluice_components.ingest.stage import ingest_plain  # noqa: PLC0415
    from sluice_components.package.stage import package_plain  # noqa: PLC0415
    from sluice_components.register.stage import register_plain  # noqa: PLC0415
    from sluice_components.registry import connect  # noqa: PLC0415
    from sluice_components.split.stage import split_plain  # noqa: PLC0415
    from sluice_components.train.stage import train_plain  # noqa: PLC0415
    from sluice_components.validate.stage import validate_plain  # noqa: PLC0415

    shelf = {
        "tracking_uri": f"sqlite:///{files['mlflow.db']}",
        "name": "flights-late",
        "alias": "challenger",
        "artifacts": files["artifacts"],
    }
    connect(shelf["tracking_uri"])  # the runner too makes a new store aside, not within a step
    schema = constants.validate["schema"]
    return {
        "ingest": lambda: ingest_plain(base=str(FLIGHTS), raw=files["raw"], **constants.ingest),
        "validate": lambda: validate_plain(
            files["raw"], schema, files["clean"], files["quarantine"], files["checked"]
        ),
        "split": lambda: split_plain(
            files["clean"], constants.plan, files["train"], files["holdout"]
        ),
        "train": lambda: train_plain(files["train"], constants.train, files["model"]),
        "evaluate": lambda: evaluate_plain(
            files, constants.demands, facts["train"]["training_digest"], "", "flights"
        ),
        "package": lambda: package_plain(
            files, constants.project, {"raw_digest": facts["ingest"]["digest"], "commit": ""}, []
        ),
        "register": lambda: register_plain(files["package"], shelf, files["report"]),
    }


def figures_of(
    clock: CpuClock, plain: Seconds, *, rows: int, wall: float, empty: float
) -> dict[str, Any]:
    """Everything that was measured, per step and in all."""
    steps = [
        {
            "step": name,
            "kfp_seconds": round(clock.wall[name], 2),
            "kfp_cpu_seconds": round(clock.cpu[name], 2),
            "plain_seconds": round(plain[name], 2),
            "added_seconds": round(clock.wall[name] - plain[name], 2),
        }
        for name in clock.wall
    ]
    return {
        "name": "pipeline",
        "rows": rows,
        "wall_seconds": round(wall, 1),
        "limit_seconds": LIMIT_SECONDS,
        "cpu_seconds": round(sum(clock.cpu.values()), 1),
        "plain_seconds": round(sum(plain.values()), 1),
        "ratio": round(sum(clock.wall.values()) / sum(plain.values()), 2),
        "empty_component_seconds": round(empty, 2),
        "steps": steps,
        "machine": {"python": platform.python_version(), "cpus": os.cpu_count()},
        "load_average": os.getloadavg()[0],
    }


def table_of(figures: Mapping[str, Any]) -> Table:
    """The figures for people."""
    table = Table("step", "kfp.local s", "CPU s", "plain function s", "added s")
    for step in figures["steps"]:
        table.add_row(*(str(value) for value in step.values()))
    table.add_section()
    table.add_row(
        "all",
        str(figures["wall_seconds"]),
        str(figures["cpu_seconds"]),
        str(figures["plain_seconds"]),
        f"ratio {figures['ratio']}, empty component {figures['empty_component_seconds']} s",
    )
    return table


if __name__ == "__main__":
    sys.exit(main())
