"""Rules that end well: the swap of the pointer, and the bake in which it can still go back."""

from dataclasses import replace
from datetime import timedelta

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Observation
from sluice_operator.rollout.status import Outcome, Phase, Status
from sluice_operator.rollout.turn import Turn, entered, remembered, stay, told


def finish_promotion(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """The candidate becomes stable when the router reports that it answers everything."""
    if status.phase is not Phase.PROMOTING:
        return None
    assert status.candidate is not None
    candidate = status.candidate
    baking = spec.rollback.bake > timedelta(0)
    over = replace(
        entered(status, Phase.BAKING if baking else Phase.HEALTHY, seen.now),
        stable=candidate,
        candidate=None,
        previous=status.stable if baking else None,
        weight=0,
        mirror=0,
        going_back=False,
        rejected=tuple(name for name in status.rejected if name != candidate.name),
        history=remembered(
            status, seen.now, Outcome.PROMOTED, "all steps done", spec.revision_history_limit
        ),
    )
    return told(over, seen.now, "Promoted", f"{candidate.name} is stable now")


def bake(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """The old revision stays warm until the new one has proven itself in charge."""
    if status.phase is not Phase.BAKING:
        return None
    left = spec.rollback.bake - (seen.now - (status.since or seen.now))
    if left > timedelta(0):
        return stay(status, f"Baking for another {left.total_seconds():.0f} s")
    over = replace(entered(status, Phase.HEALTHY, seen.now), previous=None)
    return told(over, seen.now, "BakeEnded", "The old revision is let go")
