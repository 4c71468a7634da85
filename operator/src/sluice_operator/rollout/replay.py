"""Decisions made again from what was seen: all as they were, or the first one that differs."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Observation
from sluice_operator.rollout.decide import Decision, decide
from sluice_operator.rollout.record import seen_from_plain, seen_to_plain, status_to_json
from sluice_operator.rollout.status import Status

_STATUS: TypeAdapter[Status] = TypeAdapter(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One turn as it was recorded."""

    before: Status | None
    """Status before the decision; recorded when it does not follow from the entry above."""
    spec: Spec | None
    """Likewise."""
    seen: Observation
    digest: str
    """Of the status that was decided; the first digits may be enough."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One turn decided again."""

    spec: Spec
    before: Status
    seen: Observation
    decision: Decision
    equal: bool
    """Whether the same was decided, to the bit."""
    resumed: bool = False
    """Whether it went on from another status than the one above: looks are missing in between."""


def digest_of(status: Status) -> str:
    """Equal for equal statuses, to the last bit of each number."""
    return hashlib.sha256(status_to_json(status).encode()).hexdigest()


def entry_to_plain(
    before: Status | None, spec: Spec | None, seen: Observation, digest: str
) -> dict[str, Any]:
    """One turn as plain values; `before` and `spec` are None where they follow from above."""
    plain: dict[str, Any] = {"seen": seen_to_plain(seen), "digest": digest}
    if before is not None:
        plain["before"] = json.loads(status_to_json(before))
    if spec is not None:
        plain["spec"] = spec.to_wire()
    return plain


def entry_from_plain(plain: Any) -> Entry:
    """The turn that was recorded.

    Raises:
        KeyError: Something is missing.
        TypeError: It is nothing like a turn.
        ValueError: A value is none of its kind.
    """
    return Entry(
        before=_STATUS.validate_python(plain["before"]) if "before" in plain else None,
        spec=Spec.model_validate(plain["spec"]) if "spec" in plain else None,
        seen=seen_from_plain(plain["seen"]),
        digest=plain["digest"],
        error=plain.get("error", ""),
    )


def replayed(entries: Iterable[Entry]) -> Iterator[Replayed]:
    """Every decision made again; entries that cannot be decided for want of a beginning are none.

    A decision that differs is not followed: what was recorded next is decided from what was decided
    here, and differs, too, unless it says itself from where it went on.
    """
    status: Status | None = None
    spec: Spec | None = None
    for entry in entries:
        resumed = None not in (status, entry.before) and entry.before != status
        status, spec = entry.before or status, entry.spec or spec
        if status is None or spec is None:
            continue
        before = status
        decision = decide(spec, before, entry.seen)
        status = decision.status
        yield Replayed(
            spec=spec,
            before=before,
            seen=entry.seen,
            decision=decision,
            equal=digest_of(status).startswith(entry.digest),
            resumed=resumed,
        )
