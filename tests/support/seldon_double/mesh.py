"""The Envoy of the double: Seldon's data plane."""

import itertools
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
from eventually import eventually
from seldon_double import envoy_table
from seldon_double.envoy_table import ADMIN, DATA, MIRROR, Address
from seldon_double.release import Release
from seldon_double.scheduler import Route
from sluice_operator.serving.envoy_report import clusters_of
from sluice_operator.serving.file import replace_json
from sluice_operator.serving.port import LOOPBACK, PortPool
from sluice_operator.serving.process import Process

START_SECONDS = 30.0
IN_FORCE_SECONDS = 0.5
EVERYWHERE = "0.0.0.0"
"""For a Pod, which has an address of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where an Envoy listens, and what program it is."""

    program: str
    listening: Mapping[str, Address]

    @classmethod
    def here(cls, program: str, pool: PortPool) -> Self:
        """On this machine, for nobody else."""
        ports = {name: (LOOPBACK, pool.lend()) for name in (DATA, MIRROR, ADMIN)}
        return cls(program=program, listening=ports)

    @classmethod
    def of_pod(cls, program: str = "/usr/local/bin/envoy") -> Self:
        """On the ports of Seldon's."""
        ports = {DATA: (EVERYWHERE, 9000), MIRROR: (LOOPBACK, 9001), ADMIN: (EVERYWHERE, 9003)}
        return cls(program=program, listening=ports)


class Mesh:
    """One Envoy process; it goes on with what it was told last."""

    def __init__(self, folder: Path, release: Release, site: Site) -> None:
        self._folder = folder / "envoy"
        self._log = folder / "logs" / "envoy.log"
        self._release = release
        self._site = site
        self._table: list[Route] = []
        self._versions = itertools.count(1)
        self._client = httpx.Client(base_url=self.admin_url, timeout=5, trust_env=False)

    @property
    def url(self) -> str:
        """Where users send their requests."""
        return self._url(DATA)

    @property
    def admin_url(self) -> str:
        """Where Envoy answers questions about itself."""
        return self._url(ADMIN)

    def start(self) -> None:
        """Start without routes, and return once it listens."""
        self._write_clusters([], {})
        self._write_routes([])
        file = self._folder / "bootstrap.json"
        replace_json(file, envoy_table.bootstrap(self._folder, self._site.listening))
        options = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
        self._process = Process((self._site.program, "-c", str(file), *options), self._log)
        eventually(self._listens, within=START_SECONDS)

    def publish(self, routes: Iterable[Route], servers: Mapping[str, Address]) -> None:
        """No route ever leads to a cluster that Envoy does not know: old ones go one turn later."""
        table = list(routes)
        wanted = self._write_clusters([*self._table, *table], servers)
        eventually(lambda: wanted <= self._clusters())
        self._await(self._write_routes(table))
        self._table = table

    def close(self) -> None:
        """End the process."""
        self._client.close()
        self._process.close(grace_seconds=0)

    def _url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self._site.listening[name][1]}"

    def _write_clusters(self, table: list[Route], servers: Mapping[str, Address]) -> frozenset[str]:
        known = {**servers, MIRROR: self._site.listening[MIRROR]}
        content = envoy_table.cluster_table(table, self._release, known)
        self._replace(self._folder / "clusters" / "clusters.json", content)
        return frozenset(cluster["name"] for cluster in content["resources"])

    def _write_routes(self, table: list[Route]) -> str:
        """The version that users will meet."""
        mirror = envoy_table.mirror_table(table, self._release)
        self._replace(envoy_table.table_file(self._folder, MIRROR), mirror)
        data = envoy_table.data_table(table, self._release)
        return self._replace(envoy_table.table_file(self._folder, DATA), data)

    def _await(self, version: str) -> None:
        """Until the routes are in force; Envoy does not take those whose weights are all zero."""
        deadline = time.monotonic() + IN_FORCE_SECONDS
        query = {"resource": "dynamic_route_configs", "mask": "version_info"}
        while time.monotonic() < deadline:
            dump = self._client.get("/config_dump", params=query).json()
            if version in {config.get("version_info") for config in dump.get("configs", ())}:
                return
            time.sleep(0.005)

    def _replace(self, file: Path, content: dict[str, Any]) -> str:
        """Each version has a number, by which a reader of Envoy's report sees that it is new."""
        version = str(next(self._versions))
        replace_json(file, {"version_info": version, **content})
        return version

    def _clusters(self) -> frozenset[str]:
        query = {"resource": "dynamic_active_clusters", "mask": "cluster.name"}
        return clusters_of(self._client.get("/config_dump", params=query).json())

    def _listens(self) -> bool:
        assert not self._process.ended(), self._log.read_text()[-2000:]
        try:
            return self._client.get("/ready").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
