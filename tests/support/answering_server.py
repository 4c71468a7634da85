"""A small HTTP server that answers as a test says, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    id: str
    route: str
    """The route that the user came back with; empty for one who did not."""


@dataclass(kw_only=True)
class AnsweringServer:
    """What was asked, and how many were waiting at once."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    waiting: int = 0
    most_waiting: int = 0


@contextmanager
def answering(answer: Callable[[Asked], tuple[int, str]]) -> Iterator[AnsweringServer]:
    """A server that gives each request a status and the name of who answered."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            asked = Asked(
                id=self.headers["x-request-id"], route=self.headers.get("x-sluice-route", "")
            )
            with lock:
                seen.asked.append(asked)
                seen.waiting += 1
                seen.most_waiting = max(seen.most_waiting, seen.waiting)
            status, route = answer(asked)
            with lock:
                seen.waiting -= 1
            body = json.dumps({}).encode()
            self.send_response(status)
            self.send_header("x-sluice-route", route)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen = AnsweringServer(url=f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
