"""Rules that begin: the first model, a new attempt, a candidate that gets ready; and rest."""

from dataclasses import replace

from sluice_operator.api.v1alpha1 import Spec, StrategyType
from sluice_operator.model import Observation, Revision
from sluice_operator.rollout.gate import fresh_gates, unseen_by
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.status import RESTING, Outcome, Phase, Status
from sluice_operator.rollout.step import advanced, promoting
from sluice_operator.rollout.turn import (
    Turn,
    entered,
    remembered,
    retreated,
    stay,
    told,
    undone,
)


def give_way_to_another_wish(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """A candidate that is no longer wanted gives way; its traffic goes first, and verified."""
    wanted = wanted_revision(status.deployment, spec)
    if status.phase is Phase.BAKING and status.stable != wanted:
        return _end_bake_early(status, wanted, seen)
    if not status.on_trial or status.candidate == wanted or status.going_back:
        return None
    if status.stable == wanted:
        return retreated(status, seen.now, Outcome.REVERTED, f"{wanted.name} is wanted again")
    return retreated(status, seen.now, Outcome.SUPERSEDED, f"{wanted.name} is wanted instead")


def _end_bake_early(status: Status, wanted: Revision, seen: Observation) -> Turn | None:
    if wanted.name in status.rejected:
        return None
    if status.previous == wanted:
        return undone(status, seen.now, f"{wanted.name} is wanted again", Outcome.REVERTED)
    over = replace(entered(status, Phase.HEALTHY, seen.now), previous=None)
    return told(over, seen.now, "BakeEnded", f"Bake ended early: {wanted.name} is wanted")


def adopt_first_model(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """The first model takes all traffic once it is ready: there is nothing to compare it with."""
    if status.stable is not None:
        return None
    wanted = wanted_revision(status.deployment, spec)
    if status.candidate != wanted:
        first = replace(entered(status, Phase.PENDING, seen.now), candidate=wanted, attempt=1)
        return told(
            entered(first, Phase.INITIALIZING, seen.now),
            seen.now,
            "Initializing",
            f"Starting {wanted.name}",
        )
    if wanted.name in seen.serving.ready and seen.serving.routes == status.routing.routes:
        return _adopted(spec, status, seen)
    return _not_adopted(spec, status, seen)


def _adopted(spec: Spec, status: Status, seen: Observation) -> Turn:
    assert status.candidate is not None
    history = remembered(
        replace(status, peak_weight=100),
        seen.now,
        Outcome.PROMOTED,
        "first model",
        spec.revision_history_limit,
    )
    serving = replace(
        entered(status, Phase.HEALTHY, seen.now),
        stable=status.candidate,
        candidate=None,
        history=history,
    )
    return told(serving, seen.now, "Adopted", f"{status.candidate.name} answers all requests")


def _not_adopted(spec: Spec, status: Status, seen: Observation) -> Turn:
    assert status.candidate is not None
    name = status.candidate.name
    if status.phase is Phase.FAILED:
        return stay(status, status.message)
    waited = seen.now - status.since if status.since else spec.progress_deadline * 0
    reason = seen.serving.failed.get(name, "")
    if not reason and waited <= spec.progress_deadline:
        return stay(status, f"Waiting for {name} to be ready")
    reason = reason or f"not ready within {spec.progress_deadline}{_waits_for(name, seen)}"
    failed = entered(status, Phase.FAILED, seen.now)
    return told(failed, seen.now, "Failed", f"{name} cannot serve: {reason}", warning=True)


def _waits_for(name: str, seen: Observation) -> str:
    """What the engine last said about it, to be put behind a sentence."""
    why = seen.serving.waiting.get(name, "")
    return f": {why}" if why else ""


def rest_when_nothing_new(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """Stable serves until another model is wanted; a rejected one waits for Retry."""
    if status.phase not in RESTING or status.stable is None:
        return None
    wanted = wanted_revision(status.deployment, spec)
    if wanted == status.stable:
        return stay(entered(status, Phase.HEALTHY, seen.now), f"{wanted.name} answers all requests")
    if wanted.name in status.rejected:
        return stay(entered(status, Phase.ROLLED_BACK, seen.now), status.message)
    return None


def start_when_new(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """A model that is wanted and was not rejected gets an attempt of its own."""
    if status.phase not in RESTING:
        return None
    return started(spec, status, wanted_revision(status.deployment, spec), seen)


def started(spec: Spec, status: Status, candidate: Revision, seen: Observation) -> Turn:
    """A new attempt, with evidence of its own."""
    trying = replace(
        entered(status, Phase.PREPARING, seen.now),
        attempt=status.attempt + 1,
        candidate=candidate,
        previous=None,
        step=0,
        step_since=None,
        weight=0,
        mirror=0,
        peak_weight=0,
        pause=None,
        going_back=False,
        gates=fresh_gates(spec),
        blind_since=None,
        unready_since=None,
        drift_since=None,
    )
    return told(trying, seen.now, "RolloutStarted", f"Attempt {trying.attempt}: {candidate.name}")


def prepare_candidate(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """A candidate gets traffic once it answers and is watched; one not ready in time goes home."""
    if status.phase is not Phase.PREPARING:
        return None
    assert status.candidate is not None
    name = status.candidate.name
    if name in seen.serving.ready:
        if status.going_back or spec.strategy.type is StrategyType.IMMEDIATE:
            return promoting(status, seen.now)
        if unseen := unseen_by(spec, seen.windows):
            return stay(status, f"No counts yet, so no request: {unseen}")
        return advanced(spec, status, seen.now, to=0)
    waited = seen.now - status.since if status.since else spec.progress_deadline * 0
    if waited > spec.progress_deadline:
        cause = f"{name} was not ready within {spec.progress_deadline}{_waits_for(name, seen)}"
        return retreated(status, seen.now, Outcome.ROLLED_BACK, cause)
    return stay(status, f"Waiting for {name} to be ready")
