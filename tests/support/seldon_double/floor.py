"""Where model servers run: processes of this machine here, Pods in `seldon_double.pod_floor`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from seldon_double.agent import Agent, Doors, Host
from seldon_double.backend import Backend, LightBackend
from seldon_double.envoy_table import Address
from seldon_double.ml_server import MlServerProcess
from seldon_double.release import Release
from sluice_operator.cluster.kind import Object, name_of
from sluice_operator.serving.port import PortPool

START_SECONDS = 30.0


class ServerAgent(Protocol):
    """The agent of one server, near or far; its coroutines run in the thread of all agents."""

    @property
    def address(self) -> Address:
        """Where Envoy finds it."""
        ...

    async def load(self, internal: str, uri: str, parameters: dict[str, str]) -> None:
        """Load a model; may raise `LoadError`."""
        ...

    async def unload(self, internal: str) -> None:
        """Let a model go."""
        ...

    async def close(self) -> None:
        """Hang up, and end what was started."""
        ...


class Floor(Protocol):
    """Where model servers run."""

    def look(self, servers: Iterable[Object]) -> None:
        """See how those of these Servers are, before anything is asked of them."""
        ...

    def agent(self, server: Object, host: Host) -> ServerAgent | None:
        """The agent of a Server; None while it does not answer."""
        ...

    def holds(self, name: str, agent: ServerAgent) -> bool:
        """Whether an agent is still the one of its Server."""
        ...


class Workshop:
    """Processes and threads of this machine."""

    def __init__(self, folder: Path, release: Release, pool: PortPool, real: str = "") -> None:
        """Servers with the serverConfig `real` get a real MLServer, the others a light one."""
        self._folder = folder
        self._release = release
        self._pool = pool
        self._real = real
        self.agents: dict[str, Agent] = {}

    def look(self, servers: Iterable[Object]) -> None:
        """Nothing here changes by itself."""
        names = {name_of(server) for server in servers}
        self.agents = {name: agent for name, agent in self.agents.items() if name in names}

    def agent(self, server: Object, host: Host) -> Agent:
        """A new one, which listens."""
        name = name_of(server)
        doors = Doors.here(self._pool)
        agent = Agent(name, self._release, self._backend(name, server["spec"]), doors)
        host.submit(agent.start()).result(START_SECONDS)
        self.agents[name] = agent
        return agent

    def holds(self, name: str, agent: ServerAgent) -> bool:
        """Whether it was not ended."""
        return self.agents.get(name) is agent

    def _backend(self, name: str, spec: Mapping[str, Any]) -> Backend:
        if spec["serverConfig"] != self._real:
            return LightBackend()
        return MlServerProcess(self._folder / "servers" / name, self._pool)
