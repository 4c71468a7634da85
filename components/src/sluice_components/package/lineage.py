"""Where a model comes from: digests of data, code, parameters and environment."""

from dataclasses import dataclass
from typing import Any

from sluice_components.environment import digest_of, environment, source_digest
from sluice_components.evaluation import Evaluation
from sluice_components.project.model import Project, as_parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What only the caller of the stage knows."""

    raw_digest: str
    """Content digest of the table that `ingest` wrote."""
    training_rows: int
    commit: str = ""
    """Commit of the folder of the project file, followed by `-dirty` if it had changes."""


def lineage_of(project: Project, found: Evaluation, origin: Origin) -> dict[str, Any]:
    """The lineage of one model; equal origins give equal lineage."""
    parameters = as_parameter(project)
    return {
        "data": {
            "raw": origin.raw_digest,
            "training": found.training_digest,
            "training_rows": origin.training_rows,
            "holdout": found.holdout_digest,
            "holdout_rows": found.rows,
        },
        "code": {"digest": source_digest(), "commit": origin.commit},
        "parameters": {"digest": digest_of(parameters), "values": parameters},
        "environment": environment(),
    }
