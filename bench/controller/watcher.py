"""Watches of one kind each, from a list onward, without a gap."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
from rest import path_of
from sluice_operator.cluster.kind import Kind

Heard = Callable[[Kind, str, dict[str, Any], float], None]
"""Told the kind, what happened (ADDED, MODIFIED, DELETED), the object, and when it was heard."""
RETRY_SECONDS = 0.2


class GapError(Exception):
    """The API server has forgotten versions that were not heard yet."""


class Watcher:
    """Tells every version of every object of one kind, from its own thread, until closed."""

    def __init__(self, client: httpx.Client, kind: Kind, heard: Heard) -> None:
        self.kind = kind
        self.broken: Exception | None = None
        """Why it hears no more; nothing that was judged by it may then be believed."""
        self._client = client
        self._heard = heard
        self._path = path_of(kind)
        self._stop = threading.Event()
        self._version = self._listed()
        self._thread = threading.Thread(target=self._run, name=f"watch-{kind.plural}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; the thread ends with the next word of the API server."""
        self._stop.set()

    def _listed(self) -> str:
        listing = self._client.get(self._path).raise_for_status().json()
        for body in listing["items"]:
            self._heard(self.kind, "ADDED", _typed(self.kind, body), time.time())
        return str(listing["metadata"]["resourceVersion"])

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except httpx.TransportError:
                self._stop.wait(RETRY_SECONDS)
            except Exception as broken:  # noqa: BLE001 - told to whoever asks for the result
                self.broken = broken
                return

    def _follow(self) -> None:
        query = {"watch": "1", "resourceVersion": self._version, "allowWatchBookmarks": "true"}
        with self._client.stream("GET", self._path, params=query, timeout=None) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                if self._stop.is_set():
                    return
                self._hear(json.loads(line), time.time())

    def _hear(self, event: dict[str, Any], at: float) -> None:
        if event["type"] == "ERROR":
            raise GapError(f"{self.kind.plural} after {self._version}: {event['object']}")
        body = event["object"]
        self._version = body["metadata"]["resourceVersion"]
        if event["type"] != "BOOKMARK":
            self._heard(self.kind, event["type"], _typed(self.kind, body), at)


def _typed(kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
    body["metadata"].pop("managedFields", None)
    return {**body, "apiVersion": kind.api_version, "kind": kind.kind}
