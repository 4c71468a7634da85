"""Running the real loop in a simulated world."""

from collections.abc import Iterator
from datetime import timedelta

from sluice_operator.rollout.reconcile import Reconciled, Wish, reconcile
from sluice_operator.rollout.status import Status
from sluice_operator.simulation.world import World

RESTING_LOOK = timedelta(seconds=60)
"""How far time leaps when nothing is under way."""


def run(world: World, wish: Wish, status: Status, span: timedelta) -> Iterator[Reconciled]:
    """Every turn of the loop within the span; time leaps from turn to turn."""
    end = world.now + span
    while True:
        turn = reconcile(wish, status, world.ports)
        yield turn
        status = turn.decision.status
        wait = turn.decision.requeue_after
        if wait == timedelta(0):
            continue
        if world.now >= end:
            return
        world.advance(min(RESTING_LOOK if wait is None else wait, end - world.now))
