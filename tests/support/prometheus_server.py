"""A real Prometheus for tests: on loopback, in a temporary folder, gone with the test."""

import functools
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml
from eventually import eventually
from serving_process import free_ports
from sluice_operator.serving.process import Process

TOOL = Path(__file__).resolve().parents[2] / "tools" / "prometheus.sh"
START_SECONDS = 60.0
GRACE_SECONDS = 10.0


class PrometheusMissingError(Exception):
    """Prometheus cannot be had; the message says what to do."""


@functools.cache
def programs() -> Path:
    """The folder with prometheus and promtool; they are downloaded when they are not there.

    Raises:
        PrometheusMissingError: They cannot be had.
    """
    done = subprocess.run(["sh", str(TOOL)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PrometheusMissingError(done.stderr.strip())
    return Path(done.stdout.strip())


@dataclass(kw_only=True)
class PrometheusServer:
    """One Prometheus that can be stopped, killed and started again on what it has stored."""

    folder: Path
    targets: Sequence[str] = ()
    """Addresses of exporters."""
    interval: str = "200ms"
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers queries."""
        config = self.folder / "prometheus.yml"
        config.write_text(yaml.safe_dump(self._config()))
        command = [
            str(programs() / "prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]
        self.process = Process(command, self.folder / "prometheus.log")
        eventually(self.is_ready, START_SECONDS)
        eventually(self.is_scraping, START_SECONDS)

    def is_ready(self) -> bool:
        assert self.process
        assert not self.process.ended(), (self.folder / "prometheus.log").read_text()
        try:
            return httpx.get(f"{self.url}/-/ready", trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def is_scraping(self) -> bool:
        """Whether it has tried all targets; it begins some seconds after its start."""
        return (self.number("count(up)") or 0) == len(self.targets)

    def stop(self) -> None:
        """End it in order; what it has scraped stays."""
        if self.process is not None:
            self.process.close(GRACE_SECONDS)
            self.process = None

    def number(self, query: str) -> float | None:
        """The one number that a query gives now; None while there is none."""
        answer = httpx.post(f"{self.url}/api/v1/query", data={"query": query}, trust_env=False)
        found = json.loads(answer.text)["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def _config(self) -> dict[str, object]:
        job = {"job_name": "models", "static_configs": [{"targets": list(self.targets)}]}
        pace = {"scrape_interval": self.interval, "scrape_timeout": self.interval}
        return {"global": pace, "scrape_configs": [job] if self.targets else []}


@contextmanager
def prometheus(
    folder: Path, targets: Sequence[str] = (), interval: str = "200ms", history: str = ""
) -> Iterator[PrometheusServer]:
    """A running Prometheus; `history` are samples in OpenMetrics text that it finds stored."""
    folder.mkdir(parents=True, exist_ok=True)
    if history:
        backfill(folder, history)
    server = PrometheusServer(folder=folder, targets=targets, interval=interval)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def backfill(folder: Path, history: str) -> None:
    """Write samples as if they had been scraped."""
    text = folder / "history.txt"
    text.write_text(history)
    subprocess.run(
        [
            str(programs() / "promtool"),
            *("tsdb", "create-blocks-from", "openmetrics", "--quiet"),
            *(str(text), str(folder / "data")),
        ],
        check=True,
        capture_output=True,
        env={**os.environ, "TZ": "UTC"},
    )
