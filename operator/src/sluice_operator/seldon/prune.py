"""Which objects go, and when. Pure.

A Model goes once no route names it, in what was asked for and in what the router reports. It is
marked first and deleted a little later: requests that are on their way to it end, and an operator
that was deposed between the two finds that the object has changed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sluice_operator.cluster.kind import (
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    Kind,
    Object,
    name_of,
)
from sluice_operator.seldon.manifest import UNUSED_ANNOTATION, annotation, is_leaving
from sluice_operator.seldon.seen import Objects, Seen

DRAIN = timedelta(seconds=5)
"""Between the last route to a Model and its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One object that nobody wants: to be marked now, or to be deleted."""

    kind: Kind
    body: Object
    marked: bool


def removals(
    wanted: Collection[str], objects: Objects, seen: Seen, now: datetime
) -> tuple[Removal, ...]:
    """What to mark and what to delete now; `wanted` names the entry and every revision."""
    if seen.routes is None:
        return ()
    kept = _routed(seen) | set(wanted)
    unused = (
        (kind, body)
        for kind in (SELDON_MODEL, SELDON_SERVER)
        for body in objects.get(kind, ())
        if name_of(body) not in kept
    )
    steps = (_next_step(kind, body, now) for kind, body in unused if _may_go(kind, body, objects))
    return tuple(step for step in steps if step is not None)


def farewell(entry: str, objects: Objects, seen: Seen) -> tuple[Removal, ...]:
    """What to delete now that the deployment itself goes: traffic first, then who answered it."""
    going = [
        (kind, body)
        for kind in objects
        for body in objects[kind]
        if _may_go(kind, body, objects) and _is_last(kind, body, entry, objects, seen)
    ]
    return tuple(Removal(kind=kind, body=body, marked=True) for kind, body in going)


def _is_last(kind: Kind, body: Object, entry: str, objects: Objects, seen: Seen) -> bool:
    """Whether nothing that still stands leads to a Model."""
    if kind != SELDON_MODEL:
        return True
    if objects.get(SELDON_EXPERIMENT) or seen.routes is None:
        return False
    routed = _routed(seen)
    return routed <= {entry} if name_of(body) == entry else name_of(body) not in routed


def _may_go(kind: Kind, body: Object, objects: Objects) -> bool:
    """A Server goes after its Model; what is going needs no second push."""
    loaded = (name_of(model) == name_of(body) for model in objects.get(SELDON_MODEL, ()))
    return not is_leaving(body) and not (kind == SELDON_SERVER and any(loaded))


def _next_step(kind: Kind, body: Object, now: datetime) -> Removal | None:
    since = _moment(annotation(body, UNUSED_ANNOTATION))
    if since is None or since > now:  # or a clock was set back since
        return Removal(kind=kind, body=body, marked=False)
    return Removal(kind=kind, body=body, marked=True) if now - since >= DRAIN else None


def _moment(text: str) -> datetime | None:
    """None for what is no moment: one more mark sets it right."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _routed(seen: Seen) -> set[str]:
    tables = [routes for routes in (seen.listed, seen.routes) if routes is not None]
    return {name for routes in tables for name in (*routes.weights, *routes.mirror)}
