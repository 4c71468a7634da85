"""The training pipeline of the example, compiled for upload to Kubeflow."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sluice_components.project.load import load_project
from sluice_pipelines.train import compile_to

from tools.page.mark import SENTENCE

PROJECT = Path(__file__).resolve().parents[2] / "examples" / "flights" / "sluice.yaml"


def flights() -> str:
    """Intermediate representation as YAML; the same whoever compiles it."""
    with TemporaryDirectory() as folder:
        compiled = Path(folder) / "flights.yaml"
        compile_to(load_project(PROJECT), compiled)
        return f"# {SENTENCE}. Source: examples/flights/sluice.yaml\n{compiled.read_text()}"
