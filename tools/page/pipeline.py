"""The training pipeline of the example, compiled for Kubeflow in both of its forms."""

from pathlib import Path

from sluice_components.permission import pipeline_runner_objects
from sluice_components.project.load import load_project
from sluice_pipelines.manifest import compiled, manifest_objects

from tools.page.mark import SENTENCE, marked_yaml

EXAMPLE = "examples/flights/sluice.yaml"
PROJECT = Path(__file__).resolve().parents[2] / EXAMPLE


def flights() -> str:
    """Intermediate representation as YAML; the same whoever compiles it."""
    return f"# {SENTENCE}. Source: {EXAMPLE}\n{compiled(load_project(PROJECT))}"


def flights_objects() -> str:
    """The same as a Pipeline and a PipelineVersion, for `kubectl apply`."""
    return marked_yaml(manifest_objects(load_project(PROJECT)), source=EXAMPLE)


def runner() -> str:
    """What the Pods of a run may do."""
    source = "components/src/sluice_components/permission.py"
    return marked_yaml(pipeline_runner_objects(), source=source)
