"""The real wrapper of Seldon Core 1 around our component, started as Seldon starts a container."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import grpc
import httpx
from eventually import eventually
from seldon_core.proto import prediction_pb2_grpc
from serving_process import free_ports

ROOT = Path(__file__).parents[2]
SERVE = ROOT / "serving-v1" / ".venv" / "bin" / "sluice-serve-v1"
WORKER_PYTHON = ROOT / "serving" / ".venv" / "bin" / "python"
TRAINING_PYTHON = ROOT / ".venv" / "bin" / "python"
START_SECONDS = 240.0


def made_by(python: Path, code: str) -> Any:
    """What a program prints as JSON, run in another of our environments."""
    done = subprocess.run(
        [str(python), "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests" / "support")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@dataclass(kw_only=True)
class Wrapper:
    """One predictor's container of the SeldonDeployment `trips`."""

    folder: Path
    package: Path
    parameters: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    def start(self) -> Self:
        """Start the process, without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.http, self.grpc, self.metrics = free_ports(3)
        self.mark = f"SLUICE_TEST={uuid4()}"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(SERVE)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self.folder,
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.http}", timeout=30)
        return self

    def _environment(self) -> dict[str, str]:
        """What the operator of Seldon 1.17 sets, and what our image sets."""
        given = {"model_uri": str(self.package), **self.parameters}
        listed = [{"name": n, "type": "STRING", "value": v} for n, v in given.items()]
        name, _, value = self.mark.partition("=")
        return os.environ | {
            "PREDICTIVE_UNIT_PARAMETERS": json.dumps(listed),
            "PREDICTIVE_UNIT_ID": "model",
            "PREDICTOR_ID": "trips-4f2a91c3",
            "SELDON_DEPLOYMENT_ID": "trips",
            "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(self.http),
            "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": str(self.grpc),
            "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(self.metrics),
            "PREDICTIVE_UNIT_METRICS_ENDPOINT": "/prometheus",
            # in every container, whether MLServer runs in it or not
            "MLSERVER_HTTP_PORT": str(self.http),
            "MLSERVER_GRPC_PORT": str(self.grpc),
            "MLSERVER_METRICS_PORT": str(self.metrics),
            "MLSERVER_MODEL_NAME": "model",
            "MLSERVER_MODEL_URI": "/mnt/models",
            "SLUICE_WORKER_PYTHON": str(WORKER_PYTHON),
            "SLUICE_LEDGER": f"sqlite:///{self.folder}/ledger.db",
            "SLUICE_SPOOL": str(self.folder / "spool"),
            "SLUICE_TERMINATION_LOG": str(self.folder / "termination"),
            name: value,
            **self.environ,
        }

    @property
    def log(self) -> str:
        """What all processes have written so far."""
        return (self.folder / "log").read_text(errors="replace")

    def listens(self) -> bool:
        """Whether somebody answers on the port: this is when Seldon says ready."""
        try:
            return self.client.get("/health/ping").is_success
        except httpx.TransportError:
            return False

    def wait_ready(self) -> Self:
        """Wait until it listens over both protocols."""
        eventually(self._alive_and_listening, within=START_SECONDS)
        with grpc.insecure_channel(f"127.0.0.1:{self.grpc}") as channel:
            grpc.channel_ready_future(channel).result(timeout=START_SECONDS)
        return self

    def _alive_and_listening(self) -> bool:
        assert self.process.poll() is None, self.log[-3000:]
        return self.listens()

    def processes(self) -> list[int]:
        """Every process that descends from this one, wherever it hangs now."""
        return [int(path.name) for path in Path("/proc").iterdir() if self._is_ours(path)]

    def _is_ours(self, path: Path) -> bool:
        try:
            return path.name.isdigit() and self.mark in (path / "environ").read_text().split("\0")
        except OSError:
            return False

    def command_of(self, process: int) -> str:
        """The command line of a process; empty if it is gone."""
        try:
            return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
        except OSError:
            return ""

    def ask(self, message: Any, path: str = "/api/v1.0/predictions", **headers: str) -> Any:
        """POST a message; underscores in the names of headers stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, json=message, headers=sent)

    @contextmanager
    def model_stub(self) -> Iterator[Any]:
        """The gRPC service that Seldon's executor calls."""
        with grpc.insecure_channel(f"127.0.0.1:{self.grpc}") as channel:
            yield prediction_pb2_grpc.ModelStub(channel)

    def metric(self, sample: str) -> float:
        """The value of a sample, named with its labels as Prometheus writes it."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics}/prometheus").raise_for_status().text
        found = [line for line in text.splitlines() if line.startswith(f"{sample} ")]
        assert len(found) == 1, text
        return float(found[0].rpartition(" ")[2])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the first process; its exit code."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def running(wrapper: Wrapper) -> Iterator[Wrapper]:
    """A wrapper that was started, and of which nothing is left afterwards."""
    try:
        yield wrapper.start()
    finally:
        wrapper.stop()
        for process in wrapper.processes():
            os.kill(process, signal.SIGKILL)
