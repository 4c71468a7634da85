"""Probes and metrics over HTTP, on two ports."""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from prometheus_client import CollectorRegistry, start_http_server
from typing_extensions import override

Probe = Callable[[], str]
"""What is wrong; empty when all is well."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        probe = cast("_Server", self.server).probes.get(self.path.split("?")[0])
        if probe is None:
            self._answer(404, {"error": "no such page; there are /healthz and /readyz"})
            return
        wrong = probe()
        self._answer(503 if wrong else 200, {"error": wrong} if wrong else {"ok": True})

    def _answer(self, code: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Probes come every few seconds; nobody reads of them."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], probes: Mapping[str, Probe]) -> None:
        super().__init__(address, _Handler)
        self.probes = probes


class HealthServer:
    """Answers probes from threads of its own until closed."""

    def __init__(self, address: tuple[str, int], probes: Mapping[str, Probe]) -> None:
        self._server = _Server(address, probes)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="health", kwargs={"poll_interval": 0.1}
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class MetricsServer:
    """Serves a registry until closed."""

    def __init__(self, address: tuple[str, int], registry: CollectorRegistry) -> None:
        host, port = address
        self._server, self._thread = start_http_server(port, host, registry)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
