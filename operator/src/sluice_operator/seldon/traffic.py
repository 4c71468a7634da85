"""Which traffic may be asked for now, given who can answer. Pure.

Who gains traffic must be able to answer; who loses it is not asked. Seldon would send the whole
traffic of a deployment to its default if one candidate in the list could not answer.
"""

import re
from dataclasses import dataclass

from sluice_operator.errors import UnsupportedRoutingError
from sluice_operator.model import Routes, Routing
from sluice_operator.seldon.seen import Seen

WHOLE = 100
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def refuse_unsupported(deployment: str, routing: Routing) -> None:
    """Make sure that Seldon, of either generation, can carry a picture.

    Raises:
        UnsupportedRoutingError: It cannot; the message says why.
    """
    for name in (deployment, *(revision.name for revision in routing.revisions)):
        if not NAME.fullmatch(name):
            raise UnsupportedRoutingError(
                f"name {name!r}: not a DNS label; use lower-case letters, digits and hyphens"
            )
    if any(revision.name == deployment for revision in routing.revisions):
        raise UnsupportedRoutingError(
            f"{deployment}: a revision bears the deployment's own name, which users call"
        )
    for field, percent in (("weight", routing.weight), ("mirror", routing.mirror)):
        if not 0 <= percent <= WHOLE:
            raise UnsupportedRoutingError(f"{field}: {percent} is not between 0 and 100")
        if percent and (routing.candidate is None or routing.stable is None):
            raise UnsupportedRoutingError(
                f"{field}: {percent} percent of nothing; it takes a stable revision and a candidate"
            )
    if routing.weight and routing.mirror:
        raise UnsupportedRoutingError(
            f"weight {routing.weight} and mirror {routing.mirror} at once: Seldon names a revision"
            " either as candidate or as mirror; put a step `mirror: {percent: 0}` before setWeight"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Who takes everything while stable cannot."""

    name: str
    steps_in: bool = False
    """Whether it answers with stable's model, so that it may take traffic away from others."""


def permitted(routing: Routing, seen: Seen, fallback: Fallback) -> Routes:
    """The traffic to ask for now.

    A candidate that cannot answer keeps at most what it has. A stable that has traffic already
    takes back more of it whether it answers or not: waiting would leave a harmful candidate.
    """
    listed = seen.listed or Routes()
    if routing.stable is None:
        return listed if seen.listed else _all_to(fallback)
    stable, weight, mirror = routing.stable.name, routing.weight, routing.mirror
    candidate = routing.candidate.name if routing.candidate else ""
    if _gains(routing, listed) and candidate not in seen.ready:
        weight = min(weight, listed.weights.get(candidate, 0))
        mirror = min(mirror, listed.mirror.get(candidate, 0))
    if weight < WHOLE and not (stable in seen.ready or listed.weights.get(stable)):
        return _without_stable(listed, fallback)
    shares = {stable: WHOLE - weight, candidate: weight}
    return Routes(
        weights={name: share for name, share in shares.items() if share},
        mirror={candidate: mirror} if mirror else {},
    )


def _gains(routing: Routing, listed: Routes) -> bool:
    if routing.candidate is None:
        return False
    name = routing.candidate.name
    return routing.weight > listed.weights.get(name, 0) or routing.mirror > listed.mirror.get(
        name, 0
    )


def _without_stable(listed: Routes, fallback: Fallback) -> Routes:
    """Stable has no traffic and cannot take any: who has it keeps it, unless one can step in."""
    others = {name: share for name, share in listed.weights.items() if name != fallback.name}
    if fallback.steps_in or not any(others.values()):
        return _all_to(fallback)
    if sum(others.values()) != WHOLE:  # somebody wrote into the list: the largest share it is
        return Routes(weights={max(others, key=lambda name: others[name]): WHOLE})
    return Routes(weights=others, mirror=listed.mirror)


def _all_to(fallback: Fallback) -> Routes:
    return Routes(weights={fallback.name: WHOLE})
