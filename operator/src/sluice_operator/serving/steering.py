"""Brings what is closer to what is wanted, in the order that loses no request.

A revision starts; Envoy learns where it is; it answers; only then a route leads to it. On its way
out: no route leads to it, by Envoy's own report; what it works on is done; only then it ends.
"""

import contextlib
import time
from collections.abc import Mapping

from sluice_operator.errors import ServingEngineError
from sluice_operator.model import Revision, Routes, Routing
from sluice_operator.serving.envoy import Envoy
from sluice_operator.serving.fleet import Fleet, Member, seconds_since
from sluice_operator.serving.plan import (
    Departure,
    blocked,
    is_routed,
    may_stop,
    meanwhile,
    newcomers,
    wanted_revisions,
)


class Steering:
    """What is wanted and what was told to Envoy; not thread-safe, its engine holds a lock."""

    def __init__(self, envoy: Envoy, fleet: Fleet) -> None:
        self._envoy = envoy
        self._fleet = fleet
        self._wanted: dict[str, Routing] = {}
        self._written: dict[str, Routes] = {}
        self._ports: dict[str, int] = {}
        self._envoy_lags = False

    def want(self, name: str, routing: Routing) -> None:
        """Note a routing and do what can be done at once.

        Raises:
            ServingEngineError: Something could not be told or started.
        """
        if routing.revisions:
            self._wanted[name] = routing
        else:
            self._wanted.pop(name, None)
        before = self._written
        self.pursue()
        if self._written is before:
            self._repair()

    def pursue(self) -> None:
        """Do what can be done now; repeating it is harmless.

        Raises:
            ServingEngineError: Something could not be told or started.
        """
        self._fleet.forget_gone()
        wanted = wanted_revisions(self._wanted)
        self._fleet.start_missing(wanted)
        self._publish_clusters()
        self._publish_routes()
        for name, member in self._unrouted(wanted).items():
            self._send_off(name, member)
        self._publish_clusters()

    @property
    def unsettled(self) -> bool:
        """Whether there is something to look after that no change of a server will announce."""
        leaving = self._unrouted(wanted_revisions(self._wanted))
        return self._envoy_lags or self._fleet.stopping or bool(leaving)

    def _publish_clusters(self) -> None:
        ports = self._fleet.ports()
        if ports != self._ports:
            self._envoy.publish_clusters(ports)
            self._ports = ports

    def _publish_routes(self) -> None:
        self._envoy_lags = False
        routes = {name: self._admitted(name, routing) for name, routing in self._wanted.items()}
        if routes != self._written:
            self._envoy.publish_routes(routes)
            self._written = routes

    def _admitted(self, name: str, routing: Routing) -> Routes:
        """The wanted routes if all who gain by them can answer, else what may be meanwhile."""
        wanted, present = routing.routes, self._written.get(name, Routes())
        ready = self._fleet.ready()
        if blocked(routing, present, ready):
            wanted = meanwhile(routing, present, ready)
        if newcomers(wanted, present) - self._known_to_envoy(newcomers(wanted, present)):
            self._envoy_lags = True
            return present
        return wanted

    def _known_to_envoy(self, names: frozenset[str]) -> frozenset[str]:
        """Those that Envoy can send requests to: none while it does not answer."""
        if not names:
            return names
        with contextlib.suppress(ServingEngineError):
            return self._envoy.admin.clusters() & names
        return frozenset()

    def _repair(self) -> None:
        """Write anew what Envoy does not report as it was written; in silence if it is silent."""
        with contextlib.suppress(ServingEngineError):
            reported = self._envoy.admin.routes()
            if reported != {name: kept for name, kept in self._written.items() if kept.weights}:
                self._envoy.publish_routes(self._written)

    def _unrouted(self, wanted: Mapping[str, tuple[str, Revision]]) -> dict[str, Member]:
        """Servers that nobody wants and to which no written route leads."""
        leaving = self._fleet.leaving(wanted)
        tables = self._written.values()
        return {name: member for name, member in leaving.items() if not is_routed(name, tables)}

    def _send_off(self, name: str, member: Member) -> None:
        """One step out; none while Envoy is silent, because a route might still lead there."""
        with contextlib.suppress(ServingEngineError):
            routed = is_routed(name, self._envoy.admin.routes().values())
            if not routed and member.unrouted_at is None:
                member.unrouted_at = time.monotonic()
            departure = Departure(
                routed=routed,
                active=self._envoy.admin.active_requests(name),
                unrouted_seconds=seconds_since(member.unrouted_at),
            )
            if may_stop(departure):
                self._fleet.stop(name)
