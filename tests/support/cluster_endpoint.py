"""An HTTP server on loopback that answers as told, and keeps what it was asked."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Message
    body: bytes


@dataclass(slots=True)
class Endpoint:
    """What it answers, which can be changed at any time."""

    url: str = ""
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    silent: threading.Event | None = None
    """If given, no answer comes until it is set."""
    breaks_off: bool = False
    """Whether the last byte never comes."""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """A running one."""
    answers = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answers.asked.append(Asked(self.command, self.path, self.headers, body))
            if answers.silent is not None:
                answers.silent.wait(10)
            self.send_response(answers.code)
            missing = 1 if answers.breaks_off else 0
            self.close_connection = answers.breaks_off
            self.send_header("Content-Length", str(len(answers.body) + missing))
            for name, value in answers.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answers.body)

        def log_message(self, *_: object) -> None:
            return

    for method in ("GET", "PUT", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    answers.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield answers
    finally:
        if answers.silent is not None:
            answers.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()
