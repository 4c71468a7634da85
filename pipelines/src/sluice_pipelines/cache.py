"""Makes Kubeflow's local cache go by content.

By itself it goes by paths, and so hands out stale results when a file changes in place. The key
made here is an argument of the first step; the outputs of that step, being new files, carry it to
all that follow. In a cluster a step of its own, `fingerprint`, makes such a key.
"""

import json
from pathlib import Path
from typing import Final

from sluice_components.environment import digest_of, environment, source_digest
from sluice_components.ingest.fingerprint import content_digests
from sluice_components.project.model import Project

_WITHOUT_FILE: Final = frozenset({"system.Metrics", "system.ClassificationMetrics"})


def content_key(project: Project, base: Path) -> str:
    """sha256 over sources, our own code and the environment; a missing source counts as such."""
    return digest_of(
        {
            "sources": content_digests(base, [source.path for source in project.sources]),
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
