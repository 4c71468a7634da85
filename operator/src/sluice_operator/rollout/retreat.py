"""Rules that take a candidate back; they depend on nothing but the wish and the router."""

from dataclasses import replace
from datetime import timedelta

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Observation, Revision
from sluice_operator.rollout.gate import harmed, words_of
from sluice_operator.rollout.status import Outcome, Phase, Status
from sluice_operator.rollout.turn import (
    Turn,
    entered,
    remembered,
    retreated,
    stay,
    told,
    undone,
)

UNREADY_LIMIT = timedelta(seconds=10)
"""How long a candidate with traffic may be silent before it is taken back."""

MOST_REJECTED = 50
"""Revisions that are remembered as rejected; the status has to stay small."""

_REJECTING = frozenset({Outcome.ROLLED_BACK, Outcome.UNDONE})


def leave_when_deleted(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """A deleted deployment loses all routes before its servers stop."""
    if not seen.deleted:
        return None
    if status.phase is Phase.TERMINATING:
        return stay(status, "Removing routes and servers")
    leaving = replace(entered(status, Phase.TERMINATING, seen.now), pause=None)
    return told(leaving, seen.now, "Deleted", "Removing routes and servers")


def finish_retreat(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """A retreat is over when the router reports that stable answers everything."""
    if status.phase is not Phase.ROLLING_BACK:
        return None
    assert status.retreat is not None
    assert status.candidate is not None
    if seen.serving.routes != status.routing.routes:
        return stay(status, f"Taking {status.candidate.name} off all routes")
    outcome, cause = status.retreat.outcome, status.retreat.cause
    refused = (status.candidate.name,) if outcome in _REJECTING else ()
    kept = tuple(name for name in status.rejected if name not in refused)
    over = replace(
        entered(status, Phase.ROLLED_BACK if refused else Phase.HEALTHY, seen.now),
        candidate=None,
        retreat=None,
        going_back=False,
        rejected=(*kept, *refused)[-MOST_REJECTED:],
        history=remembered(status, seen.now, outcome, cause, spec.revision_history_limit),
    )
    return told(over, seen.now, outcome.value, f"{status.candidate.name} has no traffic: {cause}")


def take_back_when_harmful(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """Proven harm, a failed load or silence under traffic ends the attempt, paused or not."""
    cause = _harm(spec, status, seen)
    if cause is None:
        return None
    if status.phase is Phase.BAKING:
        return undone(status, seen.now, cause)
    return retreated(status, seen.now, Outcome.ROLLED_BACK, cause)


def _harm(spec: Spec, status: Status, seen: Observation) -> str | None:
    if not (status.on_trial or status.phase is Phase.BAKING) or status.judged is None:
        return None
    gate = harmed(spec, status)
    if gate is not None:
        return f"Gate {gate.name}: {words_of(status.gates[gate.name])}"
    if status.judged.name in seen.serving.failed:
        return f"{status.judged.name} failed: {seen.serving.failed[status.judged.name]}"
    return _silence(spec, status, status.judged, seen)


def _silence(spec: Spec, status: Status, judged: Revision, seen: Observation) -> str | None:
    """After a restart nobody asks a candidate yet: it may take the time that any start takes."""
    since, routes = status.unready_since, seen.serving.routes
    if since is None or routes is None or seen.serving.error:
        return None
    asked = judged.name in routes.weights or judged.name in routes.mirror
    if asked or status.phase is Phase.BAKING:
        limit, what = UNREADY_LIMIT, "had traffic but was not ready"
    else:
        limit, what = spec.progress_deadline, "was not ready again"
    if seen.now - since <= limit:
        return None
    return f"{judged.name} {what} for {limit.total_seconds():.0f} s"
