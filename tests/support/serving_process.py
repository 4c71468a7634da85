"""A real MLServer process with our runtime in it, on loopback."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
from eventually import eventually

MLSERVER = Path(__file__).parents[2] / "serving" / ".venv" / "bin" / "mlserver"
START_SECONDS = 60.0


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass(kw_only=True)
class Server:
    """One server process of the deployment `loans`."""

    folder: Path
    package: Path
    digest: str
    revision: str = "loans-1"
    ledger: str = ""
    spool: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    """A command, such as prlimit with its options, under which the server runs."""

    def start(self) -> Self:
        """Write the server folder and start the process, without waiting for it."""
        self.http, self.grpc, self.metrics = free_ports(3)
        self._write()
        log = (self.folder / "log").open("ab")
        command = [*self.limits, str(MLSERVER), "start", str(self.folder)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MLSERVER_")}
        self.process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=self.folder
        )
        log.close()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.http}", timeout=30)
        return self

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "host": "127.0.0.1",
            "http_port": self.http,
            "grpc_port": self.grpc,
            "metrics_port": self.metrics,
            "parallel_workers": 0,
            "debug": False,
            "gzip_enabled": False,
            "server_name": self.revision,
        }
        extra = {
            "deployment": "loans",
            "revision": self.revision,
            "digest": self.digest,
            "ledger": self.ledger,
            "spool": self.spool,
            "refusal": "stay",
        }
        model = {
            "name": "loans",
            "implementation": "sluice_serving.runtime.SluiceModel",
            "parameters": {"uri": str(self.package), "extra": extra},
        }
        (self.folder / "settings.json").write_text(json.dumps(settings | self.settings))
        (self.folder / "model-settings.json").write_text(json.dumps(model))

    @property
    def log(self) -> str:
        """What the process has written so far."""
        return (self.folder / "log").read_text(errors="replace")

    def status(self, path: str) -> int:
        """The status of a GET, or 0 if nobody answers."""
        try:
            return self.client.get(path).status_code
        except httpx.TransportError:
            return 0

    def wait_ready(self) -> Self:
        """Wait until the model answers requests."""
        eventually(self._alive_and_ready, within=START_SECONDS)
        return self

    def _alive_and_ready(self) -> bool:
        assert self.process.poll() is None, f"the server ended:\n{self.log[-3000:]}"
        return self.status("/v2/models/loans/ready") == httpx.codes.OK

    def wait_refused(self) -> str:
        """Wait until the package is refused; the reason that the server gives."""
        return eventually(self._refusal, within=START_SECONDS)

    def _refusal(self) -> str:
        assert self.process.poll() is None, f"the server ended:\n{self.log[-3000:]}"
        if self.status("/v2/models/loans") != httpx.codes.OK:
            return ""
        document = self.client.get("/v2/models/loans").json()
        return str(document.get("parameters", {}).get("refused", ""))

    def wait_refused_by_log(self) -> str:
        """Wait until the log says that the package is refused; the log."""
        eventually(lambda: "Refused to serve" in self.log, within=START_SECONDS)
        return self.log

    def infer(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        """POST a V2 request; underscores in the names of headers stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/v2/models/loans/infer", json=body, headers=sent)

    def metric(self, name: str, **labels: str) -> float:
        """The value of one sample on the metrics endpoint; NaN if there is none."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics}/metrics").text
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        for line in text.splitlines():
            if line.startswith((f"{name}{{", f"{name} ")) and all(w in line for w in wanted):
                return float(line.rpartition(" ")[2])
        return float("nan")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the process; its exit code."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server that is ready, and gone afterwards."""
    try:
        yield server.start().wait_ready()
    finally:
        server.stop()
