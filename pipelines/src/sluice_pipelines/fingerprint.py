"""What the outputs of a pipeline depend on, besides the pipeline itself.

Kubeflow's own cache goes by paths and so hands out stale results when a file changes in place.
This key goes by content: it is given to the first step, and the outputs of that step, being new
files, carry it to all that follow.
"""

import hashlib
from pathlib import Path

from sluice_components.package.environment import digest_of, environment, source_digest
from sluice_components.project.model import Project


def content_key(project: Project, base: Path) -> str:
    """sha256 over sources, our own code and the environment; a missing source counts as such."""
    sources = [project.source, *(join.source for join in project.joins)]
    return digest_of(
        {
            "sources": {source.path: _file_digest(base / source.path) for source in sources},
            "code": source_digest(("sluice_components", "sluice_package", "sluice_pipelines")),
            "environment": environment()["digest"],
        }
    )


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as absent:
        # `ingest` reports it in the words of the project file
        return f"unreadable: {absent.strerror}"
