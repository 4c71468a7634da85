"""The pipeline as files for a cluster: IR YAML to upload, or objects for `kubectl apply`."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml
from kfp import compiler
from kfp.compiler.compiler_utils import KubernetesManifestOptions
from sluice_components.project.model import Project

from sluice_pipelines.train import Cluster, training_pipeline

_DIGITS: Final = 12


def compile_to(project: Project, path: Path, cluster: Cluster | None = None) -> None:
    """Write the pipeline as IR YAML, for upload in the Kubeflow UI or by its client."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pipeline = training_pipeline(project, cluster=cluster or Cluster())
    compiler.Compiler().compile(pipeline, str(path))


def compiled(project: Project, cluster: Cluster | None = None) -> str:
    """The IR YAML as text: a document of tasks, and one of what Kubernetes has to know."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        compile_to(project, path, cluster)
        return path.read_text(encoding="utf-8")


def version_of(text: str) -> str:
    """Name of a pipeline's version: the same text has the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def manifest_objects(project: Project, cluster: Cluster | None = None) -> tuple[Any, ...]:
    """A Pipeline and a PipelineVersion, for a Kubeflow that keeps pipelines in Kubernetes."""
    cluster = cluster or Cluster()
    pipeline = training_pipeline(project, cluster=cluster)
    name = f"train-{project.name}"
    options = KubernetesManifestOptions(
        pipeline_name=name,
        pipeline_display_name=name,
        pipeline_version_name=f"{name}-{version_of(compiled(project, cluster))}",
        namespace=cluster.settings.namespace,
        include_pipeline_manifest=True,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "objects.yaml"
        compiler.Compiler().compile(
            pipeline,
            str(path),
            kubernetes_manifest_format=True,
            kubernetes_manifest_options=options,
        )
        return tuple(yaml.safe_load_all(path.read_text(encoding="utf-8")))
