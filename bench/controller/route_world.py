"""A fake Envoy admin: what Seldon's scheduler has told it, as `/config_dump` shows it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from route_text import dump, masked  # type: ignore[import-not-found]
from typing_extensions import override


@dataclass
class Table:
    """One route configuration: texts of routes by whose they are, and how often it has changed."""

    parts: dict[str, str] = field(default_factory=dict)
    version: int = 1
    stamp: str = "2026-01-01T00:00:00.000Z"
    text: str | None = ""

    def put(self, owner: str, routes: str) -> None:
        """The routes of one owner; none take it away."""
        if self.parts.get(owner, "") == routes:
            return
        if routes:
            self.parts[owner] = routes
        else:
            del self.parts[owner]
        self.version += 1
        self.stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.text = None

    def joined(self) -> str:
        """All routes."""
        if self.text is None:
            self.text = ",".join(self.parts.values())
        return self.text


class Routes:
    """Both configurations; thread-safe."""

    def __init__(self) -> None:
        self._data, self._mirrors = Table(), Table()
        self._lock = threading.Lock()
        self.dumps = 0
        """How often all of them were asked for."""

    def follow(self, owner: str, data: str, mirrors: str) -> None:
        """The routes of one owner as they are from now on."""
        with self._lock:
            self._data.put(owner, data)
            self._mirrors.put(owner, mirrors)

    def dump(self, query: Mapping[str, list[str]]) -> str:
        """The answer of the admin port."""
        with self._lock:
            versions = self._data.version, self._mirrors.version
            stamps = self._data.stamp, self._mirrors.stamp
            if query.get("mask"):
                return str(masked(versions, stamps))
            self.dumps += 1
            return str(dump(versions, self._data.joined(), self._mirrors.joined(), stamps))


class Handler(BaseHTTPRequestHandler):
    """The one page of the admin port that matters."""

    protocol_version = "HTTP/1.1"
    routes: Routes

    def do_GET(self) -> None:
        """A dump."""
        parts = urlsplit(self.path)
        found = parts.path == "/config_dump"
        text = self.routes.dump(parse_qs(parts.query)) if found else "{}"
        content = text.encode()
        self.send_response_only(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Too many to read."""


def admin(port: int, routes: Routes) -> ThreadingHTTPServer:
    """The admin port, listening from a thread of its own."""
    handler = type("Bound", (Handler,), {"routes": routes})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="envoy", daemon=True).start()
    return server
