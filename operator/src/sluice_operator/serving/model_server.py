"""One model server: the process that serves one revision of one deployment."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError
from sluice_package.contract import Contract

from sluice_operator.model import Revision
from sluice_operator.serving.envoy_config import MIRROR_HEADER
from sluice_operator.serving.keeper import Health, Keeper
from sluice_operator.serving.port import LOOPBACK, PortPool, is_free
from sluice_operator.serving.process import Process
from sluice_operator.serving.resolve import Resolve
from sluice_operator.serving.runtime import Placement, Ports, Runtime
from sluice_operator.serving.smoke import smoke_requests

TIMEOUT_SECONDS = 1.0
CONTRACT = Path("sluice") / "schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What all model servers of one engine share."""

    folder: Path
    """A folder per revision is made in `servers/`, a log per revision in `logs/`."""
    ledger: str
    spool: Path
    runtime: Runtime
    resolve: Resolve
    pool: PortPool


class ModelServer:
    """A `Program` that is ready once it has answered an inference."""

    def __init__(self, site: Site, deployment: str, revision: Revision) -> None:
        """Lends three ports.

        Raises:
            ServingEngineError: There are no free ports.
        """
        self.deployment = deployment
        self.revision = revision
        self._site = site
        self._ports = _lent(site.pool)
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._smoke: tuple[dict[str, Any], ...] = ()
        self._smoked = False

    @property
    def port(self) -> int:
        """Where it answers HTTP; another one if a restart found it taken."""
        return self._ports.http

    def keeper(self, changed: Callable[[], None]) -> Keeper:
        """A keeper for this server, not yet started."""
        return Keeper(self.revision.name, self, changed)

    def launch(self) -> Process:
        """See `Program.launch`."""
        self._smoked = False
        self._renew_ports()
        model = self._site.resolve(self.revision)
        self._smoke = _smoke_requests(model, self.revision.name)
        placement = Placement(
            deployment=self.deployment,
            revision=self.revision,
            model=model,
            ports=self._ports,
            ledger=self._site.ledger,
            spool=self._site.spool,
        )
        command = self._site.runtime.prepare(self._folder, placement)
        return Process(command, self._site.folder / "logs" / f"{self.revision.name}.log")

    def health(self) -> Health:
        """See `Program.health`."""
        try:
            if self._get("/ready").status_code != httpx.codes.OK:
                return Health(ready=False, refused=self._refused())
            self._smoked = self._smoked or self._has_answered()
            return Health(ready=self._smoked)
        except (httpx.HTTPError, ValueError):
            return Health(ready=False)

    def close(self) -> None:
        """Give back ports and folder of a server that has ended."""
        self._client.close()
        for port in (self._ports.http, self._ports.grpc, self._ports.metrics):
            self._site.pool.take_back(port)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        return self._site.folder / "servers" / self.revision.name

    def _get(self, path: str) -> httpx.Response:
        return self._client.get(f"{self._url}{path}")

    @property
    def _url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/v2/models/{self.deployment}"

    def _refused(self) -> str:
        answer = self._get("")
        if answer.status_code != httpx.codes.OK:
            return ""
        parameters = answer.json().get("parameters") or {}
        return str(parameters.get("refused", ""))

    def _has_answered(self) -> bool:
        """Whether it can answer one of the smoke requests; without a contract there are none."""
        if not self._smoke:
            return True
        seen_by_nobody = {MIRROR_HEADER: "1"}
        return any(
            self._client.post(f"{self._url}/infer", json=request, headers=seen_by_nobody).is_success
            for request in self._smoke
        )

    def _renew_ports(self) -> None:
        """Somebody may have taken a port while the server was away."""
        ports = self._ports
        for name in ("http", "grpc", "metrics"):
            if not is_free(getattr(ports, name)):
                self._site.pool.take_back(getattr(ports, name))
                ports = replace(ports, **{name: self._site.pool.lend()})
        self._ports = ports


def _lent(pool: PortPool) -> Ports:
    return Ports(http=pool.lend(), grpc=pool.lend(), metrics=pool.lend())


def _smoke_requests(model: Path, revision: str) -> tuple[dict[str, Any], ...]:
    """None for a package whose contract cannot be read: its server says so better."""
    try:
        contract = Contract.model_validate_json((model / CONTRACT).read_bytes())
    except (OSError, ValidationError):
        return ()
    return smoke_requests(contract, revision)
