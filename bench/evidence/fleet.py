"""A Prometheus that knows 1,000 rollouts, for a process of its own.

Each revision has one pod, scraped every 5 s, with 20 requests in between: 19 with code 200, one
with code 500. It prints its port, and answers the queries for raw samples. Times and values follow
from the wall clock alone: whoever asks can compute the truth.
"""

import json
import re
import time
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from typing_extensions import override

INTERVAL_MS = 5_000
CODES = {"200": 19, "500": 1}
BUCKETS = {"0.25": 18, "+Inf": 20}
RANGE = re.compile(r"(\w+)\{.*\}\[(\d+)ms\]")


def revisions(rollouts: int) -> Iterator[str]:
    """Stable and candidate of each rollout."""
    for number in range(rollouts):
        yield f"model-{number}-0000000a"
        yield f"model-{number}-0000000b"


def offset(number: int) -> int:
    """When in the interval a revision is scraped: evenly spread, as Prometheus does it."""
    return number * 7919 % INTERVAL_MS


@cache
def series(metric: str, rollouts: int) -> list[tuple[int, str, int]]:
    """Number of the revision, labels as JSON, and requests per scrape of each series."""
    found = []
    for number, name in enumerate(revisions(rollouts)):
        if metric == "seldon_model_infer_total":
            fixed = f'"model":"{name}","model_internal":"{name}_1","server":"mlserver"'
            label, grown = "code", CODES
        else:
            fixed = f'"deployment":"{name[:-9]}","revision":"{name}"'
            label, grown = "le", BUCKETS
        place = f'"instance":"10.0.{number // 250}.{number % 250}:9006","job":"models/agents"'
        for outcome, by in grown.items():
            labels = f'{{"__name__":"{metric}",{fixed},{place},"{label}":"{outcome}"}}'
            found.append((number, f'{{"metric":{labels},"values":[', by))
    return found


def matrix(metric: str, span: int, at: int, rollouts: int) -> Iterator[str]:
    """The samples of one family, as JSON."""
    now = min(at, int(time.time() * 1000))
    for number, labels, by in series(metric, rollouts):
        scrapes = range(scrape_before(at - span, number) + INTERVAL_MS, now + 1, INTERVAL_MS)
        if scrapes:
            values = ",".join([f'[{t / 1000},"{t // INTERVAL_MS * by}"]' for t in scrapes])
            yield f"{labels}{values}]}}"


def scrape_before(time_ms: int, number: int) -> int:
    """The last scrape of a revision at or before a time."""
    return (time_ms - offset(number)) // INTERVAL_MS * INTERVAL_MS + offset(number)


class Handler(BaseHTTPRequestHandler):
    """Answers `/api/v1/query`."""

    protocol_version = "HTTP/1.1"
    rollouts = 0

    def do_POST(self) -> None:
        """One query."""
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: value[0] for name, value in parse_qs(text).items()}
        found = RANGE.fullmatch(form["query"])
        if found:
            at = round(float(form["time"]) * 1000)
            result = ",".join(matrix(found[1], int(found[2]), at, self.rollouts))
            data = f'{{"resultType":"matrix","result":[{result}]}}'
        else:
            assert form["query"] == "time()", form["query"]
            data = json.dumps({"resultType": "scalar", "result": [0, str(time.time())]})
        body = f'{{"status":"success","data":{data}}}'.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def main(rollouts: int) -> None:
    """Serve until killed."""
    handler = type("FleetHandler", (Handler,), {"rollouts": rollouts})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    print(server.server_port, flush=True)
    server.serve_forever()
