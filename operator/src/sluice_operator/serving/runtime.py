"""How a model server is told what to serve: MLServer with the runtime of `serving/`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sluice_package.error import PackageError
from sluice_package.manifest import read_manifest

from sluice_operator.model import Revision
from sluice_operator.serving.errors import ModelNotFoundError
from sluice_operator.serving.port import LOOPBACK

ONE_THREAD = "OMP_NUM_THREADS=1"
"""Requests are small and many: threads inside of one only stand in the way of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where one model server listens."""

    http: int
    grpc: int
    metrics: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One revision in its place: all that a model server has to be told."""

    deployment: str
    revision: Revision
    model: Path
    """Folder of the model package."""
    ports: Ports
    ledger: str
    """URL of the ledger; empty to record nothing."""
    spool: Path


class Runtime(Protocol):
    """A program that serves one model over the V2 protocol."""

    def prepare(self, folder: Path, placement: Placement) -> tuple[str, ...]:
        """Write what the program reads into its folder, and return the command that starts it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MlServerRuntime:
    """MLServer in the virtual environment of `serving/`, see docs/serving.md."""

    python: Path
    """The interpreter of that environment; the others must not be mixed with it."""

    def prepare(self, folder: Path, placement: Placement) -> tuple[str, ...]:
        """See `Runtime.prepare`."""
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "settings.json", settings(placement))
        _write(folder / "model-settings.json", model_settings(placement))
        server = (str(self.python), str(self.python.with_name("mlserver")))
        return ("/usr/bin/env", ONE_THREAD, *server, "start", str(folder))


def settings(placement: Placement) -> dict[str, Any]:
    """What MLServer reads about itself."""
    return {
        "host": LOOPBACK,
        "http_port": placement.ports.http,
        "grpc_port": placement.ports.grpc,
        "metrics_port": placement.ports.metrics,
        "parallel_workers": 0,
        "debug": False,
        "gzip_enabled": False,
        "server_name": placement.revision.name,
    }


def model_settings(placement: Placement) -> dict[str, Any]:
    """What MLServer reads about the model, which bears the name of its deployment."""
    extra = {
        "deployment": placement.deployment,
        "revision": placement.revision.name,
        "digest": placement.revision.digest or _digest_of(placement),
        "ledger": placement.ledger,
        "spool": str(placement.spool),
        "refusal": "stay",  # the process lives on and says why, instead of ending in a loop
    }
    return {
        "name": placement.deployment,
        "implementation": "sluice_serving.runtime.SluiceModel",
        "parameters": {"uri": str(placement.model), "extra": extra},
    }


def _digest_of(placement: Placement) -> str:
    """What the package says of itself, where the user asks for no particular digest.

    Raises:
        ModelNotFoundError: It is no package, or its manifest is damaged.
    """
    try:
        return read_manifest(placement.model).digest
    except PackageError as broken:
        raise ModelNotFoundError(f"{placement.revision.name}: {broken}") from broken


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n")
