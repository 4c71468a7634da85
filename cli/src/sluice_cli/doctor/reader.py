"""Reads through the API server, and never raises: what could not be had is a value that says why.

Requests for services and logs go the same way, so that a kubeconfig is all that is needed.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from kubernetes.client import ApiClient, Configuration
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

Plain = dict[str, Any]
TIMEOUT = Timeout(connect=5.0, read=10.0)
NO_ANSWER = 0
"""Stands for the HTTP status when there was none."""
WAIT_SECONDS = 1.0
"""As the API server asks for with its 429."""
THREADS = 8
JSON = "application/json, */*"
ONLY_METADATA = "application/json;as={};g=meta.k8s.io;v=v1"
"""Asks for names and labels alone: what Secrets hold is nobody's business here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What could not be learned."""

    why: str
    code: int = NO_ANSWER

    @property
    def no_kind(self) -> bool:
        """Whether the API server does not know the kind at all."""
        return self.code == HTTPStatus.NOT_FOUND

    @property
    def refused(self) -> bool:
        """Whether it may be known, but not by us."""
        return self.code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one request."""

    code: int
    body: bytes = b""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """The API server's clock: that of a laptop may be wrong."""

    @property
    def fine(self) -> bool:
        """Whether it is a success."""
        return HTTPStatus.OK <= self.code < HTTPStatus.MULTIPLE_CHOICES

    @property
    def plain(self) -> Plain:
        """Its JSON object; empty for anything else."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def by_api_server(self) -> bool:
        """Whether a refusal is the API server's own, not that of a service behind it."""
        return self.code == NO_ANSWER or self.plain.get("kind") == "Status"

    @property
    def said(self) -> str:
        """The reason in the words of whoever answered."""
        words = self.plain.get("message") or self.body[:300].decode(errors="replace")
        return str(words).strip() or f"HTTP {self.code}"

    def unknown(self) -> Unknown:
        """What a refusal means to a check."""
        return Unknown(why=self.said, code=self.code)


class Reader:
    """Speaks for one identity; safe for use by many threads."""

    def __init__(self, configuration: Configuration) -> None:
        configuration.retries = False
        configuration.connection_pool_maxsize = THREADS
        self._api = ApiClient(configuration)
        self._pool = self._api.rest_client.pool_manager

    @property
    def host(self) -> str:
        """Address of the API server."""
        return str(self._api.configuration.host)

    def ask(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Plain | None = None,
        accept: str = JSON,
    ) -> Answer:
        """One request: a GET, or a POST if there is a body; once more if it is asked to wait."""
        headers = {"Accept": accept, "Content-Type": "application/json"}
        self._api.update_params_for_auth(headers, [], ["BearerToken"])
        target = f"{self.host}{path}" + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else json.dumps(body).encode()
        try:
            answer = self._sent(target, content, headers)
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                time.sleep(WAIT_SECONDS)  # kinds that were just made are not served at once
                answer = self._sent(target, content, headers)
        except HTTPError as away:
            said = f"no answer from {self.host} ({away})"
            return Answer(code=NO_ANSWER, body=said.encode())
        moment = _moment(answer.headers.get("Date"))
        return Answer(code=answer.status, body=answer.data, at=moment)

    def _sent(
        self, target: str, content: bytes | None, headers: Mapping[str, str]
    ) -> BaseHTTPResponse:
        answer: BaseHTTPResponse = self._pool.request(
            "GET" if content is None else "POST",
            target,
            body=content,
            headers={**headers, "User-Agent": "sluice-doctor"},
            timeout=TIMEOUT,
            retries=False,
        )
        return answer

    def one(self, path: str, *, metadata: bool = False) -> Plain | Unknown | None:
        """One object; None if there is none."""
        accept = ONLY_METADATA.format("PartialObjectMetadata") if metadata else JSON
        answer = self.ask(path, accept=accept)
        if answer.fine:
            return answer.plain
        return None if answer.code == HTTPStatus.NOT_FOUND else answer.unknown()

    def listed(
        self, path: str, selector: str = "", *, metadata: bool = False
    ) -> list[Plain] | Unknown:
        """The objects whose labels match."""
        accept = ONLY_METADATA.format("PartialObjectMetadataList") if metadata else JSON
        answer = self.ask(path, {"labelSelector": selector} if selector else None, accept=accept)
        return list(answer.plain.get("items") or ()) if answer.fine else answer.unknown()


def _moment(date: str | None) -> datetime:
    return parsedate_to_datetime(date) if date else datetime.now(UTC)
