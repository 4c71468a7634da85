"""A fake Prometheus in a process of its own: it scrapes, answers, goes away, and counts.

`POST /rig` with a JSON list of orders changes it; `GET /rig` says what it has seen.
"""

import json
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from metric_store import Agent, QueryError, Revision, Store
from typing_extensions import override


class Metrics:
    """The store, its scrapes, and whether anybody can get at it."""

    def __init__(self, agents: int, scrape_seconds: float) -> None:
        self.store = Store([Agent(f"mlserver-{number}") for number in range(agents)])
        self.store.live(time.time(), scrape_seconds)
        self.away = False
        self.queries = 0
        self.refused = 0
        self.lock = threading.Lock()
        self._scrape_seconds = scrape_seconds

    def scrape_for_ever(self) -> None:
        """One agent after the other, evenly over the interval; what is late is not made up for."""
        pause = self._scrape_seconds / len(self.store.agents)
        due = time.time()
        for agent in cycle(self.store.agents):
            due = max(due + pause, time.time() + 0.001)
            time.sleep(max(due - time.time(), 0))
            with self.lock:
                if not self.away:
                    self.store.scrape(agent, time.time())

    def order(self, order: dict[str, Any]) -> None:
        """Carry out one order."""
        now = time.time()
        match order["do"]:
            case "add":
                self.store.add(order["namespace"], Revision(**order["revision"]))
            case "breach":
                self.store.breach(order["revision"], order["share"], order["burst"])
            case "breach object":
                self.store.breach_object(order["object"], order["share"], now)
            case "share":
                self.store.shares[order["object"]] = order["share"]
            case "away":
                self.away = order["away"]
            case unknown:
                raise ValueError(f"no such order: {unknown}")

    def seen(self) -> dict[str, Any]:
        """What happened so far."""
        return {
            "queries": self.queries,
            "refused": self.refused,
            "turned": self.store.turned,
            "series": 4 * len(self.store.revisions),
        }


class Handler(BaseHTTPRequestHandler):
    """Prometheus' instant queries, and the rig's orders."""

    protocol_version = "HTTP/1.1"
    metrics: Metrics

    def do_GET(self) -> None:
        """A query in the URL, or what was seen."""
        parts = urlsplit(self.path)
        if parts.path == "/rig":
            with self.metrics.lock:
                self._say(200, json.dumps(self.metrics.seen()))
        else:
            self._query(dict(parse_qsl(parts.query)))

    def do_POST(self) -> None:
        """A query in the body, or orders."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path == "/rig":
            with self.metrics.lock:
                for order in json.loads(body):
                    self.metrics.order(order)
            self._say(200, "{}")
        else:
            self._query({**dict(parse_qsl(urlsplit(self.path).query)), **dict(parse_qsl(body))})

    def _query(self, form: dict[str, str]) -> None:
        metrics = self.metrics
        if metrics.away:
            metrics.refused += 1
            self.close_connection = True
            return
        try:
            with metrics.lock:
                metrics.queries += 1
                data = metrics.store.answer(form, time.time())
        except (QueryError, KeyError) as unknown:
            error = {"status": "error", "errorType": "bad_data", "error": str(unknown)}
            self._say(400, json.dumps(error))
            return
        self._say(200, f'{{"status":"success","data":{data}}}')

    def _say(self, code: int, text: str) -> None:
        content = text.encode()
        self.send_response_only(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Too many to read."""


class Server(ThreadingHTTPServer):
    """Any number of connections that stay open."""

    daemon_threads = True
    request_queue_size = 256


def serve(port: str, agents: str, scrape_seconds: str) -> None:
    """Until killed."""
    metrics = Metrics(int(agents), float(scrape_seconds))
    handler = type("Bound", (Handler,), {"metrics": metrics})
    threading.Thread(target=metrics.scrape_for_ever, daemon=True).start()
    Server(("127.0.0.1", int(port)), handler).serve_forever()
