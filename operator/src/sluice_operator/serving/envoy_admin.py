"""Questions to the admin address of a running Envoy."""

from typing import Any

import httpx

from sluice_operator.errors import ServingEngineError
from sluice_operator.model import Routes
from sluice_operator.serving.envoy_report import clusters_of, routes_of, stats_of
from sluice_operator.serving.port import LOOPBACK

TIMEOUT_SECONDS = 1.0


class EnvoyAdmin:
    """Asks one Envoy; safe to use from several threads."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self._client = httpx.Client(base_url=self.url, timeout=TIMEOUT_SECONDS, trust_env=False)

    def is_ready(self) -> bool:
        """Whether it has read its configuration and listens."""
        try:
            return self._client.get("/ready").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def routes(self) -> dict[str, Routes]:
        """The routes in force, per deployment.

        Raises:
            ServingEngineError: Envoy does not answer.
        """
        return routes_of(self._json("/config_dump", resource="dynamic_route_configs"))

    def clusters(self) -> frozenset[str]:
        """Names of the revisions that it can send requests to.

        Raises:
            ServingEngineError: Envoy does not answer.
        """
        resource = {"resource": "dynamic_active_clusters", "mask": "cluster.name"}
        return clusters_of(self._json("/config_dump", **resource))

    def active_requests(self, revision: str) -> int:
        """How many requests a revision is working on.

        Raises:
            ServingEngineError: Envoy does not answer.
        """
        name = f"cluster.{revision}.upstream_rq_active"
        stats = stats_of(self._json("/stats", filter=f"^{name}$", format="json"))
        return int(stats.get(name, 0))

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _json(self, path: str, **query: str) -> Any:
        try:
            answer = self._client.get(path, params=query)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as broken:
            raise ServingEngineError(f"Envoy at {self.url} does not answer: {broken!r}") from broken
