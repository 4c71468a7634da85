"""The way to the worker: V2 over HTTP on loopback."""

import os
from collections.abc import Mapping
from typing import Any

import httpx

from sluice_serving_v1.error import FailedModelError, RejectedRequestError, WorkerAwayError

URL = "SLUICE_WORKER_URL"
"""Environment variable: where the worker's model answers."""
METRICS_URL = "SLUICE_WORKER_METRICS_URL"
"""Environment variable: where the worker's metrics are."""
TIMEOUT_SECONDS = 30.0
# shorter than the worker's own, so that no request meets a connection that is just being closed
LIMITS = httpx.Limits(keepalive_expiry=2.0)


class WorkerClient:
    """Asks the worker; may be used by many threads, and by processes forked after its making."""

    def __init__(self, url: str, metrics_url: str) -> None:
        self._url = url
        self._metrics_url = metrics_url
        self._clients: dict[int, httpx.Client] = {}

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> "WorkerClient":
        """The client for the worker that the launcher started.

        Raises:
            WorkerAwayError: It started none.
        """
        if URL not in environ or METRICS_URL not in environ:
            raise WorkerAwayError(f"{URL} is not set; start the wrapper with sluice-serve-v1")
        return cls(environ[URL], environ[METRICS_URL])

    def infer(self, request: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        """The V2 answer.

        Raises:
            RejectedRequestError: The request does not fit the contract.
            FailedModelError: The model gave no answer.
            WorkerAwayError: Neither did the worker.
        """
        try:
            answer = self._client.post(f"{self._url}/infer", json=request, headers=dict(headers))
        except httpx.TransportError as broken:
            raise WorkerAwayError(f"The model's process does not answer: {broken!r}") from broken
        if answer.is_success:
            document: dict[str, Any] = answer.json()
            return document
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            raise RejectedRequestError(_error_in(answer))
        raise FailedModelError(_error_in(answer))

    def metadata(self) -> dict[str, Any]:
        """What the worker tells of its model.

        Raises:
            WorkerAwayError: Nothing.
        """
        document: dict[str, Any] = self._get(self._url).json()
        return document

    def refuse_unready(self) -> None:
        """Return only if the model answers requests.

        Raises:
            WorkerAwayError: It does not.
        """
        self._get(f"{self._url}/ready")

    def metrics(self) -> str:
        """Our metrics of the worker in Prometheus' text format, without those of its libraries.

        Raises:
            WorkerAwayError: They cannot be read.
        """
        lines = self._get(self._metrics_url).text.splitlines(keepends=True)
        return "".join(line for line in lines if _is_ours(line))

    @property
    def _client(self) -> httpx.Client:
        """One per process: forked processes must not share connections."""
        process = os.getpid()
        if process not in self._clients:
            self._clients[process] = httpx.Client(
                timeout=TIMEOUT_SECONDS, limits=LIMITS, trust_env=False
            )
        return self._clients[process]

    def _get(self, url: str) -> httpx.Response:
        try:
            return self._client.get(url).raise_for_status()
        except httpx.HTTPError as broken:
            raise WorkerAwayError(f"The model's process does not answer: {broken}") from broken


def _is_ours(line: str) -> bool:
    name = line.split(" ", 3)[2] if line.startswith("# ") else line
    return name.startswith("sluice_")


def _error_in(answer: httpx.Response) -> str:
    try:
        document = answer.json()
    except ValueError:
        return answer.text
    return str(document.get("error") or document) if isinstance(document, dict) else answer.text
