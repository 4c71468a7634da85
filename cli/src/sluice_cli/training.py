"""The training pipeline with its progress on the terminal."""

from pathlib import Path
from typing import Any

from rich.console import Console
from sluice_components.project.load import load_project
from sluice_pipelines.progress import shown
from sluice_pipelines.runner import TrainingResult, run_local

from sluice_cli.shown import console


def train_with_progress(file: Path, workspace: Path, to: Console = console) -> dict[str, Any]:
    """Train what a project file asks for; what came of it, as plain values."""
    project = load_project(file)
    with shown(to) as on_progress:
        result = run_local(project, base=file.parent, workspace=workspace, on_progress=on_progress)
    return told(result, to)


def told(result: TrainingResult, to: Console) -> dict[str, Any]:
    """The result on the terminal, and as plain values."""
    to.print(_words(result))
    return {
        "model": f"models:/{result.model_name}/{result.version}",
        "digest": result.digest,
        "package": result.source,
        "run": result.run_id,
        "metrics": dict(result.metrics),
        "artifacts": {name: str(path) for name, path in result.artifacts.items()},
        "seconds": dict(result.seconds),
        "log": str(result.log),
    }


def _words(result: TrainingResult) -> str:
    metrics = "  ".join(f"{name} {value:.4g}" for name, value in result.metrics.items())
    head = f"[bold]models:/{result.model_name}/{result.version}[/]  {result.digest[:19]}"
    return f"{head}  {sum(result.seconds.values()):.1f} s\n{metrics}"
