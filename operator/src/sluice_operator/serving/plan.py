"""What the engine may do now, given what is wanted and what is. Pure.

Two laws are kept here. Nobody gets traffic that cannot answer; and what takes traffic away waits
for nothing but the router.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sluice_operator.errors import UnsupportedRoutingError
from sluice_operator.model import Revision, Routes, Routing

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
WHOLE_PERCENT = 100
DRAIN_SECONDS = 0.5
LONGEST_DRAIN_SECONDS = 20.0
"""Longer than any request may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What is known about a revision that nobody wants any more."""

    routed: bool
    """A route leads to it, in what was written or in what Envoy reports."""
    active: int
    """Requests that it is working on."""
    unrouted_seconds: float
    """How long ago Envoy first reported no route to it; 0 if it has not yet."""


def refuse_unsupported(name: str, routing: Routing) -> None:
    """Make sure that this engine can carry a routing.

    Raises:
        UnsupportedRoutingError: It cannot; the message names the field.
    """
    for what in (name, *(revision.name for revision in routing.revisions)):
        if not NAME.fullmatch(what):
            raise UnsupportedRoutingError(
                f"name {what!r}: not a DNS label; use lower-case letters, digits and hyphens"
            )
    for field, percent in (("weight", routing.weight), ("mirror", routing.mirror)):
        if not 0 <= percent <= WHOLE_PERCENT:
            raise UnsupportedRoutingError(f"{field}: {percent} is not between 0 and 100")


def newcomers(wanted: Routes, present: Routes) -> frozenset[str]:
    """Revisions that get traffic and had none."""
    return _routed(wanted) - _routed(present)


def blocked(routing: Routing, present: Routes, able: Collection[str]) -> tuple[str, ...]:
    """Revisions that would gain traffic but cannot answer.

    A stable revision that already has traffic is never among them. When the candidate loses its
    traffic, stable is who takes it; waiting for a stable that is just being restarted would leave
    a harmful candidate in place.
    """
    wanted = routing.routes
    gaining = {r for r, share in wanted.weights.items() if share > present.weights.get(r, 0)}
    gaining |= {r for r, share in wanted.mirror.items() if share > present.mirror.get(r, 0)}
    if routing.stable is not None and routing.stable.name in present.weights:
        gaining.discard(routing.stable.name)
    return tuple(sorted(gaining - set(able)))


def meanwhile(routing: Routing, present: Routes, able: Collection[str]) -> Routes:
    """What may be in force while somebody blocks the wanted routes: what is, or stable alone.

    Where nobody has traffic, as after a restart, users must not wait for the candidate.
    """
    if present.weights or routing.stable is None or routing.stable.name not in able:
        return present
    return Routes(weights={routing.stable.name: WHOLE_PERCENT})


def wanted_revisions(wanted: Mapping[str, Routing]) -> dict[str, tuple[str, Revision]]:
    """Revision name to its deployment and itself, for every revision that must run."""
    return {
        revision.name: (deployment, revision)
        for deployment, routing in wanted.items()
        for revision in routing.revisions
    }


def is_routed(revision: str, tables: Collection[Routes]) -> bool:
    """Whether any of the tables leads to a revision, be it by mirror or by a sticky rule."""
    return any(revision in _routed(routes) for routes in tables)


def may_stop(departure: Departure) -> bool:
    """Whether a revision can be stopped without failing a request."""
    if departure.routed or departure.unrouted_seconds < DRAIN_SECONDS:
        return False
    return departure.active == 0 or departure.unrouted_seconds > LONGEST_DRAIN_SECONDS


def _routed(routes: Routes) -> frozenset[str]:
    return frozenset(routes.weights) | frozenset(routes.mirror)
