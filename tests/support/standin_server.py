"""A small V2 server in place of MLServer: it starts in a moment and misbehaves on request.

Its model package is a folder with `behaviour.json`, read anew for each request:
`status` of inferences, `delay_seconds` before them, `ready`, `refused`, `crash` at the start.
What it was asked stands in `received.jsonl` beside it.

Run as a program it serves the folder that `StandInRuntime` has prepared.
"""

import json
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def read(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text())
    except FileNotFoundError:
        return {}


@dataclass(frozen=True)
class Served:
    model: Path
    name: str
    revision: str

    @property
    def behaviour(self) -> dict[str, Any]:
        return read(self.model / "behaviour.json")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    served: Served
    lock = threading.Lock()

    def setup(self) -> None:
        super().setup()
        self.wfile = self.connection.makefile("wb")  # one packet for an answer, not one per line

    def do_GET(self) -> None:
        behaviour = self.served.behaviour
        if self.path == f"/v2/models/{self.served.name}/ready":
            ready = behaviour.get("ready", True) and not behaviour.get("refused")
            self.answer(200 if ready else 400, {})
        else:
            refused = {"refused": behaviour["refused"]} if "refused" in behaviour else {}
            self.answer(200, {"name": self.served.name, "parameters": refused})

    def do_POST(self) -> None:
        behaviour = self.served.behaviour
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.note(body)
        time.sleep(behaviour.get("delay_seconds", 0))
        self.answer(behaviour.get("status", 200), {"revision": self.served.revision})

    def note(self, body: bytes) -> None:
        line = {"headers": {k.lower(): v for k, v in self.headers.items()}, "body": body.decode()}
        with self.lock, (self.served.model / "received.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main(folder: Path) -> None:
    model = read(folder / "model-settings.json")
    parameters = model["parameters"]
    served = Served(Path(parameters["uri"]), model["name"], parameters["extra"]["revision"])
    if "crash" in served.behaviour:
        raise RuntimeError(served.behaviour["crash"])
    handler = type("ServedHandler", (Handler,), {"served": served})
    port = read(folder / "settings.json")["http_port"]
    Server(("127.0.0.1", port), handler).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
