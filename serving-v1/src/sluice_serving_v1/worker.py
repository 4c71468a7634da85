"""The worker: MLServer with the runtime of `serving/`, in its own environment, on loopback only.

The model was pickled with numpy 2 and the scikit-learn of the training lock; seldon-core 1.17
cannot live beside them. So the runtime that serves models everywhere else serves them here too.
"""

import json
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sluice_serving_v1.client import METRICS_URL, URL
from sluice_serving_v1.program import Command
from sluice_serving_v1.setting import Settings

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the worker listens."""

    model: str
    http: int
    grpc: int
    metrics: int

    @property
    def url(self) -> str:
        """Of the model."""
        return f"http://{LOOPBACK}:{self.http}/v2/models/{self.model}"

    @property
    def variables(self) -> dict[str, str]:
        """By which the component finds the worker."""
        return {URL: self.url, METRICS_URL: f"http://{LOOPBACK}:{self.metrics}/metrics"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the worker says of itself."""

    ready: bool = False
    refused: str = ""


def free_address(model: str) -> Address:
    """An address that nobody listens on now."""
    sockets = [socket.socket() for _ in range(3)]
    for one in sockets:
        one.bind((LOOPBACK, 0))
    http, grpc, metrics = (one.getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()
    return Address(model=model, http=http, grpc=grpc, metrics=metrics)


def prepare(
    folder: Path, settings: Settings, address: Address, environ: Mapping[str, str]
) -> Command:
    """Write what MLServer reads into the folder; the command that starts it."""
    _write(folder / "settings.json", _server_settings(address))
    _write(folder / "model-settings.json", _model_settings(settings))
    server = settings.worker_python.with_name("mlserver")
    return Command(
        name="worker",
        arguments=(str(settings.worker_python), str(server), "start", str(folder)),
        # Seldon sets MLServer's variables in every container, with the ports of the wrapper
        environ={
            "OMP_NUM_THREADS": "1",
            **{name: value for name, value in environ.items() if not name.startswith("MLSERVER_")},
        },
        leash=signal.SIGTERM,  # with time to bring what is queued to the spool
    )


def health_of(address: Address, client: httpx.Client) -> Health:
    """Whether the worker answers requests, or why it never will."""
    try:
        if client.get(f"{address.url}/ready").is_success:
            return Health(ready=True)
        told = client.get(address.url)
        parameters = told.json().get("parameters") or {} if told.is_success else {}
    except (httpx.TransportError, ValueError):
        return Health()
    return Health(refused=str(parameters.get("refused", "")))


def _server_settings(address: Address) -> dict[str, Any]:
    return {
        "host": LOOPBACK,
        "http_port": address.http,
        "grpc_port": address.grpc,
        "metrics_port": address.metrics,
        "parallel_workers": 0,
        "debug": False,
        "gzip_enabled": False,
    }


def _model_settings(settings: Settings) -> dict[str, Any]:
    return {
        "name": settings.deployment,
        "implementation": "sluice_serving.runtime.SluiceModel",
        "parameters": {"uri": str(settings.package), "extra": {"refusal": "stay"}},
    }


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n")
