"""The model servers of an engine, each with its keeper, and the order in which they leave."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sluice_operator.model import Revision
from sluice_operator.serving.keeper import Keeper, Kept
from sluice_operator.serving.model_server import ModelServer, Site


@dataclass(slots=True)
class Member:
    """One model server of the fleet."""

    server: ModelServer
    keeper: Keeper
    unrouted_at: float | None = None
    """When Envoy first reported no route to a revision that nobody wants."""
    stopping: bool = False


class Fleet:
    """Model servers by revision name; not thread-safe, its engine holds a lock around it."""

    def __init__(self, site: Site, changed: Callable[[], None]) -> None:
        self._site = site
        self._changed = changed
        self._members: dict[str, Member] = {}

    def start_missing(self, wanted: Mapping[str, tuple[str, Revision]]) -> None:
        """Start every wanted revision that does not run; one that is just leaving comes back later.

        Raises:
            ServingEngineError: There are no free ports.
        """
        for name, (deployment, revision) in wanted.items():
            if name in self._members:
                self._members[name].unrouted_at = None
                continue
            server = ModelServer(self._site, deployment, revision)
            keeper = server.keeper(self._changed)
            self._members[name] = Member(server=server, keeper=keeper)
            keeper.start()

    def leaving(self, wanted: Mapping[str, object]) -> dict[str, Member]:
        """Those that nobody wants and that have not been told to stop."""
        return {
            name: member
            for name, member in self._members.items()
            if name not in wanted and not member.stopping
        }

    def stop(self, name: str) -> None:
        """Tell a server to end."""
        member = self._members[name]
        member.stopping = True
        member.keeper.stop()

    def forget_gone(self) -> None:
        """Let go of servers that have ended as they were told."""
        for name, member in list(self._members.items()):
            if member.stopping and member.keeper.gone:
                member.keeper.join()
                member.server.close()
                del self._members[name]

    def ports(self) -> dict[str, int]:
        """HTTP port of every server that Envoy may send requests to."""
        return {n: m.server.port for n, m in self._members.items() if not m.stopping}

    def kept(self, deployment: str) -> dict[str, Kept]:
        """State of the servers of a deployment that have not been told to stop."""
        return {
            name: member.keeper.kept
            for name, member in self._members.items()
            if member.server.deployment == deployment and not member.stopping
        }

    def ready(self) -> frozenset[str]:
        """Revisions that answer."""
        running = ((n, m) for n, m in self._members.items() if not m.stopping)
        return frozenset(name for name, member in running if member.keeper.kept.ready)

    @property
    def stopping(self) -> bool:
        """Whether some server has been told to stop and still runs."""
        return any(member.stopping for member in self._members.values())

    def close(self) -> None:
        """End all servers, all at once, and wait for it."""
        for name in self._members:
            self.stop(name)
        for member in self._members.values():
            member.keeper.join()
            member.server.close()
        self._members.clear()


def seconds_since(moment: float | None) -> float:
    """By the clock that never jumps; 0 for a moment that has not come."""
    return 0.0 if moment is None else time.monotonic() - moment
