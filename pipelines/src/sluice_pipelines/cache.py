"""Makes Kubeflow's local cache go by content.

By itself it goes by paths, and so hands out stale results when a file changes in place. The key
made here is given to the first step; the outputs of that step, being new files, carry it to all
that follow.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

from sluice_components.package.environment import digest_of, environment, source_digest
from sluice_components.project.model import Project

_WITHOUT_FILE: Final = frozenset({"system.Metrics", "system.ClassificationMetrics"})


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


def give_metrics_a_file(cache: Path) -> None:
    """Create the files of cached metrics, which hold nothing but metadata.

    Kubeflow's cache takes an artifact without a file for a lost one, and would run every step that
    has metrics again.
    """
    for entry in cache.glob("*.json"):
        outputs = json.loads(entry.read_text(encoding="utf-8")).values()
        kinds = ((o, o.get("schema_title")) for o in outputs if isinstance(o, dict))
        for place in (Path(o["uri"]) for o, kind in kinds if kind in _WITHOUT_FILE):
            if place.parent.is_dir():
                place.touch()


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as absent:
        # `ingest` reports it in the words of the project file
        return f"unreadable: {absent.strerror}"
