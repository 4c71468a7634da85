"""The rollout on one screen: RULES is the whole algorithm, the first that answers decides."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sluice_operator.api.fill import filled
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Event, Observation, Routing
from sluice_operator.rollout.action import hold_while_paused, obey_people
from sluice_operator.rollout.attempt import (
    adopt_first_model,
    give_way_to_another_wish,
    prepare_candidate,
    rest_when_nothing_new,
    start_when_new,
)
from sluice_operator.rollout.attend import attend
from sluice_operator.rollout.promotion import bake, finish_promotion
from sluice_operator.rollout.retreat import (
    finish_retreat,
    leave_when_deleted,
    take_back_when_harmful,
)
from sluice_operator.rollout.status import RESTING, Status
from sluice_operator.rollout.step import await_traffic, hold_while_blind, run_step
from sluice_operator.rollout.turn import Turn

Rule = Callable[[Spec, Status, Observation], Turn | None]

RULES: tuple[Rule, ...] = (
    leave_when_deleted,
    finish_retreat,
    take_back_when_harmful,
    obey_people,
    give_way_to_another_wish,
    adopt_first_model,
    rest_when_nothing_new,
    start_when_new,
    hold_while_paused,
    prepare_candidate,
    await_traffic,
    hold_while_blind,
    bake,
    finish_promotion,
    run_step,
)

POLL = timedelta(seconds=1)
"""How soon to look again while something is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is remembered, what traffic is wanted, and what there is to tell."""

    status: Status
    events: tuple[Event, ...] = ()
    requeue_after: timedelta | None = None
    """When to look again without being told to; None when nothing is under way."""

    @property
    def routing(self) -> Routing:
        """The whole wanted picture."""
        return self.status.routing


def decide(spec: Spec, status: Status, seen: Observation) -> Decision:
    """Next status and wanted routing; equal arguments give equal decisions.

    What a spec leaves out is filled in here too, so that no caller runs a strategy without steps.
    """
    spec = filled(spec)
    attended = attend(spec, status, seen)
    answers = (rule(spec, attended.status, seen) for rule in RULES)
    turn = next(answer for answer in answers if answer is not None)
    return Decision(
        status=_numbered(status, turn.status),
        events=(*attended.events, *turn.events),
        requeue_after=_wait(status, turn.status),
    )


def _numbered(before: Status, after: Status) -> Status:
    """Another picture gets the next number, so that whoever writes an older one can be told.

    What the router has reported until now is then not what is wanted.
    """
    if before.routing == after.routing:
        return after
    kept = after.steady_since if before.routing.routes == after.routing.routes else None
    return replace(after, epoch=before.epoch + 1, steady_since=kept)


def _wait(before: Status, after: Status) -> timedelta | None:
    """At once after a move, for the next rule may have an answer too; never while resting."""
    if _place(before) != _place(after):
        return timedelta(0)
    return None if after.phase in RESTING else POLL


def _place(status: Status) -> tuple[object, ...]:
    return (status.phase, status.step, status.pause, status.last_action)
