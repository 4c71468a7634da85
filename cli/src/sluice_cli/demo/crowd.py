"""The users of the demo: they ask at a steady rate, some stay on the route they were given.

They count for themselves what they see; nothing here is told by the parts under test.
"""

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
from sluice_ledger.errors import LedgerError
from sluice_ledger.records import Label
from sluice_ledger.store import SqliteLedger

from sluice_cli.demo.script import Traffic
from sluice_cli.demo.stream import Request

ROUTE = "x-sluice-route"
TIMEOUT_SECONDS = 10.0
LABEL_SECONDS = 0.25
"""How often labels that have become known are handed in."""
MOST_WAITING = 64
"""Users who wait for an answer at once: where the machine cannot keep up, more only add to that."""
FORGIVEN_SECONDS = 1.0
"""A crowd that is further behind its rate than this does not catch up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one user saw."""

    at: float
    """When the answer came, in seconds since the epoch."""
    seconds: float
    status: int
    """HTTP status; 0 where no answer came."""
    route: str
    """The revision that answered, as it says itself; empty where nobody did."""

    @property
    def good(self) -> bool:
        """Whether the user got what was asked for."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own numbers


@dataclass(slots=True, kw_only=True)
class Crowd:
    """Users in a thread of their own."""

    url: str
    plan: Traffic
    requests: Iterator[Request]
    ledger: SqliteLedger
    answers: list[Answer] = field(default_factory=list)
    labels: int = 0
    label_errors: int = 0
    exhausted: bool = False
    """The table has no more rows."""
    replay_time: float = 0.0
    _waiting: deque[Request] = field(default_factory=deque)
    _routes: dict[int, str] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _dice: random.Random = field(default_factory=lambda: random.Random(7))

    def start(self) -> None:
        """Begin to ask; whoever is in a hurry to end the program does not wait for answers."""
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._ask_all()), name="crowd", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; returns once the last answer is in."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    async def _ask_all(self) -> None:
        limits = httpx.Limits(max_connections=128, max_keepalive_connections=32)
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits) as client:
            labelling = asyncio.create_task(self._label_all())
            async with asyncio.TaskGroup() as open_requests:
                await self._ask_in_time(client, open_requests)
            self._stop.set()
            await labelling
            self._hand_in()

    async def _ask_in_time(self, client: httpx.AsyncClient, tasks: asyncio.TaskGroup) -> None:
        waiting = asyncio.Semaphore(MOST_WAITING)
        due = time.monotonic()
        for request in self.requests:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await waiting.acquire()
            if self._stop.is_set():
                return
            self.replay_time = request.asked
            asked = tasks.create_task(self._ask(client, request))
            asked.add_done_callback(lambda _: waiting.release())
            due = max(due + 1 / self.plan.per_second, time.monotonic() - FORGIVEN_SECONDS)
        self.exhausted = True

    async def _ask(self, client: httpx.AsyncClient, request: Request) -> None:
        user = self._user()
        headers = {"content-type": "application/json", "x-request-id": request.id}
        if user in self._routes:
            headers[ROUTE] = self._routes[user]
        begin = time.monotonic()
        try:
            response = await client.post(self.url, content=request.body, headers=headers)
        except httpx.HTTPError:
            status, route = 0, ""
        else:
            status, route = response.status_code, response.headers.get(ROUTE, "")
        if user and route:
            self._routes[user] = route
        took = time.monotonic() - begin
        self.answers.append(Answer(at=time.time(), seconds=took, status=status, route=route))
        if request.label is not None:
            self._waiting.append(request)

    def _user(self) -> int:
        """Number of a user who keeps the route, or 0 for one who does not."""
        if self._dice.random() >= self.plan.sticky_share:
            return 0
        return self._dice.randint(1, self.plan.sticky_users)

    async def _label_all(self) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(LABEL_SECONDS)
            await asyncio.to_thread(self._hand_in)

    def _hand_in(self) -> None:
        """Labels of the past, in replay time; one that cannot be handed in now waits."""
        due = [r for r in tuple(self._waiting) if r.known <= self.replay_time]
        labels = [Label(request_id=r.id, row=0, label=r.label or "", at=time.time()) for r in due]
        try:
            self.labels += self.ledger.append_labels(labels)
        except LedgerError:
            self.label_errors += 1
            return
        for request in due:
            self._waiting.remove(request)
