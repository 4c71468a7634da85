"""Users of a model, in a Pod: they ask at a steady rate, and count who answered them and how.

Reads `/users/plan.json`: `url`, `model`, `rate` (requests a second), `rows` with `inputs` (V2) and
`label`; with `ledger` set, each label is handed in there a moment after its answer; `sticky` is the
share of users who keep the route that they were given, until it is gone. Every `every` seconds it
prints one line of JSON: the time, and how often which revision answered with which status since.
"""

import collections
import itertools
import json
import pathlib
import queue
import random
import sys
import threading
import time
import urllib.error
import urllib.request

PLAN = json.loads(pathlib.Path("/users/plan.json").read_text(encoding="utf-8"))
TOKEN = pathlib.Path("/token/label-token")
PATIENCE_SECONDS = 10
THREADS = 24
ROUTE = "x-seldon-route"
NOBODY = "-"
GONE = 404
"""How Seldon's Envoy answers who keeps a route that is no more."""


class Tally:
    """What users saw, by second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: collections.Counter[str] = collections.Counter()

    def add(self, revision: str, status: int) -> None:
        """One answer."""
        with self._lock:
            self._seen[f"{revision} {status}"] += 1

    def take(self) -> dict[str, int]:
        """Everything since the last time."""
        with self._lock:
            seen, self._seen = self._seen, collections.Counter()
        return dict(seen)


def main() -> None:
    """Ask until the Pod is deleted."""
    tally, orders, labels = Tally(), queue.SimpleQueue(), queue.SimpleQueue()
    for number in range(THREADS):
        keeps = number < THREADS * PLAN["sticky"]
        threading.Thread(target=asks, args=(orders, labels, tally, keeps), daemon=True).start()
    if PLAN.get("ledger"):
        threading.Thread(target=hands_in, args=(labels,), daemon=True).start()
    threading.Thread(target=tells, args=(tally,), daemon=True).start()
    began, who = time.monotonic(), f"u{int(time.time())}"
    for number in itertools.count():
        orders.put((f"{who}-{number}", random.choice(PLAN["rows"])))
        time.sleep(max(0.0, began + (number + 1) / PLAN["rate"] - time.monotonic()))


def asks(orders, labels, tally: Tally, keeps: bool) -> None:
    """One user after the other; those who keep their route all keep the same."""
    route = ""
    while True:
        request_id, row = orders.get()
        body = json.dumps({"id": request_id, "inputs": row["inputs"]}).encode()
        given, status = answer(body, route)
        if status == GONE and route:
            given, status = answer(body, "")
        route = given if keeps else ""
        tally.add(revision_of(given), status)
        labels.put((request_id, row["label"]))


def answer(body: bytes, route: str) -> tuple[str, int]:
    """The route that was taken, and the status; 0 if nobody answered."""
    headers = {"Content-Type": "application/json"} | ({ROUTE: route} if route else {})
    asked = urllib.request.Request(f"{PLAN['url']}/v2/models/{PLAN['model']}/infer", body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS) as said:
            return said.headers.get(ROUTE) or "", said.status
    except urllib.error.HTTPError as refused:
        return refused.headers.get(ROUTE) or "", refused.code
    except OSError:
        return "", 0


def revision_of(route: str) -> str:
    """The Model without its version."""
    return route.strip(":").rpartition("_")[0] or NOBODY


def hands_in(labels) -> None:
    """Labels by the second; what the ledger does not take now is handed in again."""
    waiting: list[dict[str, object]] = []
    while True:
        time.sleep(1)
        while not labels.empty():
            request_id, label = labels.get()
            waiting.append({"request_id": request_id, "label": label, "at": time.time()})
        if waiting and takes(waiting[:5000]):
            del waiting[:5000]


def takes(records: list[dict[str, object]]) -> bool:
    """Whether the ledger has them."""
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {TOKEN.read_text(encoding='utf-8').strip()}",
    }
    body = json.dumps({"records": records}).encode()
    asked = urllib.request.Request(f"{PLAN['ledger']}/v1/labels", body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS):
            return True
    except OSError as away:
        sys.stderr.write(f"{away!r}\n")
        return False


def tells(tally: Tally) -> None:
    """A line each time."""
    while True:
        time.sleep(PLAN["every"])
        sys.stdout.write(json.dumps({"at": time.time(), "seen": tally.take()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
