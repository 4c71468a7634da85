"""The ledger's service for tests: in a thread of ours for most, as a process where it is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from eventually import eventually
from serving_process import free_ports
from sluice_ledger.client import HttpLedger
from sluice_ledger.server.__main__ import service_of
from sluice_ledger.server.app import make_app
from sluice_ledger.server.settings import Settings
from sluice_ledger.server.token import digest_of

START_SECONDS = 60.0
TOKENS = {
    "serving": ["write"],
    "business": ["label"],
    "operator": ["read"],
    "privacy": ["erase"],
    "all": ["write", "label", "read", "erase"],
}


def token_of(name: str) -> str:
    """The token that a holder shows."""
    return f"{name}-0123456789"


def tokens_file(folder: Path) -> Path:
    """A file in which each of `TOKENS` stands."""
    path = folder / "tokens.json"
    entries = [
        {"name": name, "sha256": digest_of(token_of(name)), "scopes": scopes}
        for name, scopes in TOKENS.items()
    ]
    path.write_text(json.dumps({"tokens": entries}))
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a service listens."""

    url: str

    def ledger(self, name: str = "all") -> HttpLedger:
        """As one of the holders."""
        return HttpLedger(self.url, lambda: token_of(name))

    def http(self, name: str | None = "all") -> httpx.Client:
        """Past our own client."""
        headers = {"authorization": f"Bearer {token_of(name)}"} if name else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)


@contextmanager
def service(
    database: str, folder: Path, clock: Callable[[], float] = time.time, **settings: Any
) -> Iterator[Address]:
    """In a thread of this process."""
    told = {"database": database, "tokens_file": tokens_file(folder), **settings}
    app = make_app(service_of(Settings.model_validate(told), clock))
    (port,) = free_ports(1)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    )
    thread = threading.Thread(target=server.run, name="ledger-service")
    thread.start()
    try:
        eventually(lambda: server.started, START_SECONDS)
        yield Address(url=f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join()


@dataclass(kw_only=True)
class ServiceProcess:
    """`python -m sluice_ledger.server`, at one port for all its lives."""

    database: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> Address:
        return Address(url=f"http://127.0.0.1:{self.port}")

    def launch(self) -> None:
        """Start it, without waiting."""
        variables = {
            "database": self.database,
            "tokens_file": str(tokens_file(self.folder)),
            "port": str(self.port),
            "bind": "127.0.0.1",
            **self.settings,
        }
        told = {f"SLUICE_LEDGER_{name.upper()}": value for name, value in variables.items()}
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sluice_ledger.server"],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **told},
            )

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.launch()
        eventually(self.is_ready, START_SECONDS, every=0.1)

    def is_ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log()
        try:
            return httpx.get(f"{self.address.url}/readyz", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end, and wait; its exit status."""
        return self._end(signal.SIGTERM)

    def log(self) -> str:
        return (self.folder / "service.log").read_text(errors="replace")

    def _end(self, number: int) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(60)
