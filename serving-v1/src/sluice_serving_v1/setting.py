"""What the launcher must be told; the worker reads the rest of the environment itself.

Source: Seldon Core v1.17.1, operator/controllers/seldondeployment_prepackaged_servers.go.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sluice_serving_v1.error import StartError

PARAMETERS = "PREDICTIVE_UNIT_PARAMETERS"
WORKER_PYTHON = "SLUICE_WORKER_PYTHON"
TERMINATION_LOG = "/dev/termination-log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things are."""

    package: Path
    """Folder of the model package: `model_uri`, into which Seldon downloads."""
    deployment: str
    """Name of the SeldonDeployment; names the model in the worker."""
    worker_python: Path
    """Interpreter of the environment of `serving/`."""
    termination_log: Path = Path(TERMINATION_LOG)
    """Where Kubernetes looks for the reason why a container ended."""

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Self:
        """The settings by Seldon's environment variables, and ours.

        Raises:
            StartError: One is missing or wrong.
        """
        package = _parameters(environ.get(PARAMETERS) or "[]").get("model_uri")
        if not package:
            raise StartError(f"{PARAMETERS} has no model_uri; start this as a prepackaged server")
        python = Path(environ.get(WORKER_PYTHON, ""))
        if not os.access(python, os.X_OK) or python.is_dir():
            raise StartError(
                f"{WORKER_PYTHON} is {str(python)!r}, no program; set it to the python of serving/"
            )
        return cls(
            package=Path(package).absolute(),
            deployment=environ.get("SELDON_DEPLOYMENT_ID") or "model",
            worker_python=python.absolute(),
            termination_log=Path(environ.get("SLUICE_TERMINATION_LOG") or TERMINATION_LOG),
        )


def _parameters(text: str) -> dict[str, str]:
    try:
        return {item["name"]: str(item["value"]) for item in json.loads(text)}
    except (ValueError, TypeError, KeyError) as wrong:
        raise StartError(
            f"{PARAMETERS} is {text!r}, not a JSON list of objects with name and value"
        ) from wrong
