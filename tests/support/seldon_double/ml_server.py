"""A real MLServer behind an agent: many models, loaded by the repository API of V2."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from seldon_double.backend import Answer, LoadError, Request
from sluice_operator.serving.port import LOOPBACK, PortPool
from sluice_operator.serving.process import Process

PYTHON = Path(__file__).parents[3] / "serving" / ".venv" / "bin" / "python"
SETTINGS = "model-settings.json"
START_SECONDS = 60.0
OK = 200

Fetch = Callable[[str, Path], Awaitable[None]]
"""Brings what lies at a URI into a folder that is not there yet; may raise `LoadError`."""


class MlServerBackend:
    """See `Backend`."""

    def __init__(self, url: str, models: Path, fetch: Fetch) -> None:
        self._url = url
        self._models = models
        self._fetch = fetch
        self._client: aiohttp.ClientSession | None = None

    async def load(self, internal: str, uri: str, parameters: Mapping[str, str]) -> None:
        """Fetch the model, name it as asked and load it, as Seldon's agent does."""
        await self._await_start()
        target = self._models / internal
        await asyncio.to_thread(shutil.rmtree, target, ignore_errors=True)
        await self._fetch(uri, target)
        try:
            _name(target, parameters)
        except OSError as missing:
            raise LoadError(f"{uri}: {missing.strerror or missing}") from missing
        answer = await self._post(f"/v2/repository/models/{internal}/load")
        if answer.status != OK:
            raise LoadError(answer.body.decode(errors="replace"))

    async def unload(self, internal: str) -> None:
        """See `Backend.unload`."""
        await self._post(f"/v2/repository/models/{internal}/unload")
        await asyncio.to_thread(shutil.rmtree, self._models / internal, ignore_errors=True)

    async def ask(self, request: Request) -> Answer:
        """Hand it on."""
        own = {"host", "content-length", "transfer-encoding", "connection"}
        headers = {k: v for k, v in request.headers.items() if k.lower() not in own}
        url = f"{self._url}{request.path}"
        async with self._session().request(
            request.method, url, data=request.body, headers=headers
        ) as answer:
            body = await answer.read()
            kept = {k.lower(): v for k, v in answer.headers.items() if k.lower() not in own}
            return Answer(status=answer.status, body=body, headers=kept)

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.close()

    def failed(self) -> bool:
        """Whether it will never answer."""
        return False

    async def _await_start(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await self._is_live():
            if asyncio.get_running_loop().time() > deadline or self.failed():
                raise LoadError("MLServer does not start; its log says why")
            await asyncio.sleep(0.1)

    async def _is_live(self) -> bool:
        try:
            async with self._session().get(f"{self._url}/v2/health/live") as answer:
                return answer.status == OK
        except aiohttp.ClientError:
            return False

    async def _post(self, path: str) -> Answer:
        return await self.ask(Request(method="POST", path=path, headers={}, body=b""))

    def _session(self) -> aiohttp.ClientSession:
        """Made within the event loop that uses it."""
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        return self._client


class MlServerProcess(MlServerBackend):
    """An MLServer that this process has started."""

    def __init__(self, folder: Path, pool: PortPool) -> None:
        """Start it; the calling thread must live as long as the process."""
        models = folder / "models"
        models.mkdir(parents=True)
        port = pool.lend()
        super().__init__(f"http://{LOOPBACK}:{port}", models, copied)
        settings = {
            "host": LOOPBACK,
            "http_port": port,
            "grpc_port": pool.lend(),
            "metrics_port": pool.lend(),
            "parallel_workers": 0,
            "debug": False,
            "gzip_enabled": False,
            "load_models_at_startup": False,
            "model_repository_root": str(models),
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        support = Path(__file__).parents[1]
        environment = ("/usr/bin/env", "OMP_NUM_THREADS=1", f"PYTHONPATH={support}")
        server = (str(PYTHON), str(PYTHON.with_name("mlserver")), "start", str(folder))
        self._process = Process((*environment, *server), folder / "log")

    async def close(self) -> None:
        """End the process."""
        await super().close()
        self._process.close(grace_seconds=0)

    def failed(self) -> bool:
        """Whether the process has ended."""
        return self._process.ended()


async def copied(uri: str, target: Path) -> None:
    """Fetch from a folder of this machine.

    Raises:
        LoadError: There is none.
    """
    try:
        await asyncio.to_thread(shutil.copytree, uri, target)
    except OSError as missing:
        raise LoadError(f"{uri}: {missing.strerror or missing}") from missing


def _name(folder: Path, parameters: Mapping[str, str]) -> None:
    """The model bears its internal name; parameters of the resource come on top of its own."""
    settings: dict[str, Any] = json.loads((folder / SETTINGS).read_text())
    settings["name"] = folder.name
    own = settings.setdefault("parameters", {})
    own["version"] = "1"
    own["extra"] = {**(own.get("extra") or {}), **parameters}
    (folder / SETTINGS).write_text(json.dumps(settings))
