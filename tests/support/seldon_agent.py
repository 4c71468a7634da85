"""What the agent of Seldon Core 2 does with a model server, as far as the server can tell.

Source: Seldon Core v2.6.0, scheduler/pkg/agent: client.go, repository/mlserver/mlserver.go and
settings.go, modelserver_controlplane/oip/v2.go.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import grpc
import httpx
from eventually import eventually
from mlserver.grpc import dataplane_pb2
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub
from serving_process import MLSERVER, free_ports

START_SECONDS = 240.0
KEPT = ("name", "platform", "versions", "parallel_workers", "implementation", "parameters")
"""Fields that survive when the agent rewrites the settings of a model."""


@dataclass(kw_only=True)
class SeldonServer:
    """A model server as a Server of Seldon runs it, and the agent beside it."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def start(self) -> Self:
        """Start the server; the folder of models is empty."""
        self.models = self.folder / "agent" / "models"
        self.models.mkdir(parents=True, exist_ok=True)
        self.http, self.grpc, self.metrics = free_ports(3)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(MLSERVER), "start", str(self.models)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self.folder,
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.http}", timeout=30)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self.grpc}")
        self.stub = GRPCInferenceServiceStub(self._channel)
        eventually(self._lives, within=START_SECONDS)
        return self

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": str(self.http),
            "MLSERVER_GRPC_PORT": str(self.grpc),
            "MLSERVER_METRICS_PORT": str(self.metrics),
            "MLSERVER_LOAD_MODELS_AT_STARTUP": "false",
            "MLSERVER_PARALLEL_WORKERS": "0",
            "MLSERVER_MODEL_REPOSITORY_IMPLEMENTATION": (
                "sluice_serving.repository.PackageRepository"
            ),
            **self.environ,
        }

    def _lives(self) -> bool:
        assert self.process.poll() is None, self.log[-3000:]
        try:
            return self.client.get("/v2/health/live").is_success
        except httpx.TransportError:
            return False

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return (self.folder / "log").read_text(errors="replace")

    def download(self, package: Path, name: str, **parameters: str) -> Path:
        """Copy a package to where the server finds it, and tell it its name; the folder."""
        to = self.models / name / "1"
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(package, to)
        path = to / "model-settings.json"
        written = json.loads(path.read_text()) if path.exists() else _for_scikit_learn(to)
        settings: dict[str, Any] = {key: written[key] for key in KEPT if key in written}
        settings["name"] = name
        settings.setdefault("parameters", {})["version"] = "1"
        settings["parameters"].setdefault("extra", {}).update(parameters)
        path.write_text(json.dumps(settings))
        return to

    def load(self, name: str) -> None:
        """Ask the server to load a model; a failure becomes ModelFailed with its details."""
        self.stub.RepositoryModelLoad(dataplane_pb2.RepositoryModelLoadRequest(model_name=name))

    def unload(self, name: str) -> None:
        """Ask the server to forget a model."""
        request = dataplane_pb2.RepositoryModelUnloadRequest(model_name=name)
        self.stub.RepositoryModelUnload(request)

    def infer(self, name: str, body: dict[str, Any]) -> httpx.Response:
        """POST a V2 request, as the agent does with those that it gets from Envoy."""
        return self.client.post(f"/v2/models/{name}/infer", json=body)

    def stop(self) -> None:
        """End the server."""
        self.client.close()
        self._channel.close()
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()


def _for_scikit_learn(folder: Path) -> dict[str, Any]:
    """What the agent writes where a Model requires `sklearn` and its folder has no settings."""
    (pickle,) = folder.glob("*.pkl")
    implementation = "mlserver_sklearn.SKLearnModel"
    return {"implementation": implementation, "parameters": {"uri": f"./{pickle.name}"}}


@contextmanager
def seldon_server(folder: Path, **environ: str) -> Iterator[SeldonServer]:
    """A server that lives, and is gone afterwards."""
    server = SeldonServer(folder=folder, environ=environ)
    try:
        yield server.start()
    finally:
        server.stop()
