"""The agent as a container beside MLServer and rclone: `python -m seldon_double.pod_agent`.

It stands where Seldon's agent stands in the Pod of a ServerConfig, reads the same variables, and
keeps its ports. What Seldon's scheduler tells its agents by gRPC, the double's tells this one by
HTTP, on a port of its own.
"""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
from aiohttp import web
from seldon_double.agent import Agent, Doors
from seldon_double.backend import LoadError
from seldon_double.mesh import EVERYWHERE
from seldon_double.ml_server import MlServerBackend
from seldon_double.release import RELEASES
from sluice_operator.serving.port import LOOPBACK

ORDERS_PORT = 9010
REFUSED = 422
MODELS = Path("/mnt/agent/models")
RCLONE = f"http://{LOOPBACK}:5572"
COPY_SECONDS = 140
"""What a busy machine may need for a package; less than the scheduler waits for the agent."""


async def main() -> None:
    """Serve until told to end."""
    backend = MlServerBackend(
        f"http://{LOOPBACK}:{os.environ['SELDON_SERVER_HTTP_PORT']}", MODELS, fetched
    )
    doors = Doors(
        host=EVERYWHERE,
        requests=int(os.environ["SELDON_REVERSE_PROXY_HTTP_PORT"]),
        metrics=int(os.environ["SELDON_METRICS_PORT"]),
    )
    release = RELEASES[os.environ.get("SELDON_RELEASE", "2.6.0")]
    server = os.environ["POD_NAME"].rpartition("-")[0]
    agent = Agent(server, release, backend, doors)
    MODELS.mkdir(parents=True, exist_ok=True)
    await agent.start()
    await agent.listen(ORDERS_PORT, Orders(agent).handle)
    await agent.listen(int(os.environ["SELDON_DRAINER_PORT"]), drained)
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
    await agent.close()


class Orders:
    """What the scheduler asks for."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def handle(self, asked: web.Request) -> web.Response:
        """`/load` or `/unload` a model; why it was not loaded is the body of a 422."""
        order = await asked.json()
        if asked.path == "/unload":
            await self._agent.unload(order["internal"])
            return web.Response()
        try:
            await self._agent.load(order["internal"], order["uri"], order["parameters"])
        except LoadError as failed:
            return web.Response(status=REFUSED, text=str(failed))
        return web.Response()


async def drained(_: web.Request) -> web.Response:
    """The hook before a container ends; there is only one replica to move models to."""
    return web.Response()


async def fetched(uri: str, target: Path) -> None:
    """Have rclone copy a package, under the name of the remote that the URI begins with.

    Raises:
        LoadError: It could not; the message is rclone's.
    """
    remote = uri.replace("://", ":", 1)
    asked = {"srcFs": remote, "dstFs": str(target), "createEmptySrcDirs": True}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=COPY_SECONDS)) as client,
            client.post(f"{RCLONE}/sync/copy", json=asked) as answer,
        ):
            if answer.status != web.HTTPOk.status_code:
                raise LoadError(f"{uri}: rclone: {await answer.text()}")
    except (aiohttp.ClientError, TimeoutError) as away:
        raise LoadError(f"{uri}: rclone does not answer: {away!r}") from away
    if not target.is_dir() or not any(target.iterdir()):
        raise LoadError(f"{uri}: there is nothing")


if __name__ == "__main__":
    asyncio.run(main())
