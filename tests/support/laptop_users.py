"""Users of a laptop: they ask at a steady rate, and stay on the route that they were given.

What they saw is theirs: nothing here is told by the parts under test. They ask in time whether or
not earlier answers have come, so a slow server makes no quiet users.
"""

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

ROUTE = "x-sluice-route"
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one user saw; times by the clock that never jumps."""

    sent: float
    at: float
    status: int
    """HTTP status; 0 where no answer came."""
    revision: str
    """Who answered; empty where nobody did."""

    @property
    def is_good(self) -> bool:
        """Whether the user got what was asked for."""
        return self.status == httpx.codes.OK

    @property
    def is_failure(self) -> bool:
        """Whether the answer counts against a revision."""
        return self.status == 0 or self.status >= httpx.codes.INTERNAL_SERVER_ERROR


@dataclass(slots=True, kw_only=True)
class Users:
    """A crowd in a thread of its own, and everything that it saw."""

    url: str
    """Of the inference."""
    say: Callable[[random.Random], dict[str, Any]]
    """The request of one turn."""
    per_second: float = 20.0
    users: int = 200
    seed: int = 1
    answers: list[Answer] = field(default_factory=list)
    _routes: dict[int, str] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ask_all()), name="users")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def come_anew(self) -> None:
        """All users are replaced by others, who were never given a route."""
        self._routes.clear()

    def pinned_to(self, revision: str) -> int:
        """How many users would ask for a revision now."""
        return list(self._routes.values()).count(revision)

    def of(self, revision: str, sent_after: float = 0.0) -> Sequence[Answer]:
        """What a revision answered to requests that were sent after a moment."""
        seen = self.answers[:]
        return [a for a in seen if a.revision == revision and a.sent > sent_after]

    def failures(self, sent_after: float = 0.0) -> Sequence[Answer]:
        """Answers that no user should have seen."""
        return [a for a in self.answers[:] if a.is_failure and a.sent > sent_after]

    async def _ask_all(self) -> None:
        chance = random.Random(self.seed)
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client,
            asyncio.TaskGroup() as asked,
        ):
            begin, number = time.monotonic(), 0
            while not self._over.is_set():
                user, request = chance.randrange(self.users), self.say(chance)
                asked.create_task(self._ask(client, user, json.dumps(request).encode()))
                number += 1
                ahead = begin + number / self.per_second - time.monotonic()
                await asyncio.sleep(max(ahead, 0))

    async def _ask(self, client: httpx.AsyncClient, user: int, body: bytes) -> None:
        headers = {"content-type": "application/json"}
        known = self._routes.get(user)
        if known is not None:
            headers[ROUTE] = known
        sent = time.monotonic()
        try:
            got = await client.post(self.url, content=body, headers=headers)
        except httpx.HTTPError:
            status, revision = 0, ""
        else:
            status, revision = got.status_code, got.headers.get(ROUTE, "")
        if revision:
            self._routes[user] = revision
        answer = Answer(sent=sent, at=time.monotonic(), status=status, revision=revision)
        self.answers.append(answer)
