"""The agent in front of a model server: it renames, reloads, repeats and counts as Seldon's does.

All agents of a double share one event loop in one thread.
"""

import asyncio
import contextlib
import re
import threading
import time
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from aiohttp import web
from seldon_double.agent_metric import AgentMetrics
from seldon_double.backend import Answer, Backend, LoadError, Request
from seldon_double.envoy_table import Address
from seldon_double.release import Release
from sluice_operator.serving.port import LOOPBACK, PortPool

MODEL_HEADER = "seldon-model"
INTERNAL_HEADER = "seldon-internal-model"
REQUEST_ID = "x-request-id"
REPEATED = {400, 404}
GRACE_SECONDS = 0.1
NAME_IN_PATH = re.compile(r"(/v2/models/)[\w-]+(/versions/\w+)?")

T = TypeVar("T")


class Host:
    """The thread that all agents live in."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="agents")
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin some work there."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End the thread, and whatever is still under way in it."""
        self.submit(_cancel_all()).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where an agent listens."""

    host: str
    requests: int
    metrics: int

    @classmethod
    def here(cls, pool: PortPool) -> Self:
        """On this machine, for nobody else."""
        return cls(host=LOOPBACK, requests=pool.lend(), metrics=pool.lend())


class Agent:
    """One server replica: where Envoy sends requests, and what counts them."""

    def __init__(self, server: str, release: Release, backend: Backend, doors: Doors) -> None:
        self.server = server
        self.backend = backend
        self._doors = doors
        self._release = release
        self._metrics = AgentMetrics(server)
        self._sources: dict[str, tuple[str, dict[str, str]]] = {}
        self._runners: list[web.AppRunner] = []

    @property
    def address(self) -> Address:
        """Where Envoy finds it."""
        return self._doors.host, self._doors.requests

    @property
    def metrics_url(self) -> str:
        """Where Prometheus finds it."""
        return f"http://{self._doors.host}:{self._doors.metrics}/metrics"

    def exposition(self) -> str:
        """What Prometheus scrapes from it."""
        return self._metrics.exposition().decode()

    async def start(self) -> None:
        """Listen."""
        await self.listen(self._doors.requests, self._handle)
        await self.listen(self._doors.metrics, self._expose)

    async def load(self, internal: str, uri: str, parameters: dict[str, str]) -> None:
        """Load a model.

        Raises:
            LoadError: The model server could not.
        """
        await self.backend.load(internal, uri, parameters)
        self._sources[internal] = (uri, parameters)
        self._metrics.hold(internal, loaded=True)

    async def unload(self, internal: str) -> None:
        """Let a model go, once requests that were sent to it before its route went are answered."""
        await asyncio.sleep(GRACE_SECONDS)
        self._sources.pop(internal, None)
        await self.backend.unload(internal)
        self._metrics.hold(internal, loaded=False)

    async def close(self) -> None:
        """Hang up, and end the model server."""
        for runner in self._runners:
            await runner.cleanup()
        await self.backend.close()

    async def listen(self, port: int, handler: Any) -> None:
        """Hand all requests to one more port to a handler."""
        application = web.Application(client_max_size=64 * 1024**2)
        application.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, self._doors.host, port).start()
        self._runners.append(runner)

    async def _handle(self, asked: web.Request) -> web.Response:
        started = time.perf_counter()
        answer = await self._answer(asked)
        seconds = time.perf_counter() - started
        self._metrics.observe(asked.method.lower(), answer.status, seconds)
        headers = {**answer.headers}
        headers.setdefault(REQUEST_ID, asked.headers.get(REQUEST_ID) or uuid.uuid4().hex)
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    async def _answer(self, asked: web.Request) -> Answer:
        internal = asked.headers.get(INTERNAL_HEADER, "")
        body = await asked.read()
        started = time.perf_counter()
        if internal and internal not in self._sources:
            answer = Answer(status=404, body=b"404 page not found\n")
        else:
            answer = await self._asked_twice(internal, _renamed(asked, internal, body))
        if internal:
            label = self._label(asked, internal)
            self._metrics.count(label, internal, answer.status, time.perf_counter() - started)
        return answer

    async def _asked_twice(self, internal: str, request: Request) -> Answer:
        """A refusal may come from a server that has forgotten the model: load it, and ask again."""
        answer = await self.backend.ask(request)
        if answer.status in REPEATED and internal in self._sources:
            with contextlib.suppress(LoadError):
                await self.backend.load(internal, *self._sources[internal])
            answer = await self.backend.ask(request)
        return answer

    def _label(self, asked: web.Request, internal: str) -> str:
        if self._release.label_is_route:
            return asked.headers.get(MODEL_HEADER, "")
        return internal.rpartition("_")[0]

    async def _expose(self, asked: web.Request) -> web.Response:
        return web.Response(body=self._metrics.exposition(), content_type="text/plain")


def _renamed(asked: web.Request, internal: str, body: bytes) -> Request:
    path = asked.path_qs
    if internal:
        path = NAME_IN_PATH.sub(rf"\g<1>{internal}", path, count=1)
    return Request(method=asked.method, path=path, headers=dict(asked.headers), body=body)


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
