"""Look, decide, act: the loop body that controller, laptop and simulator share."""

from dataclasses import dataclass

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.errors import SluiceError
from sluice_operator.model import Action, Observation
from sluice_operator.rollout.decide import Decision, decide
from sluice_operator.rollout.gate import questions_due
from sluice_operator.rollout.ports import Ports
from sluice_operator.rollout.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What people want of one deployment now."""

    spec: Spec
    actions: tuple[Action, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One turn of the loop: what was seen, what was decided, what went wrong while acting."""

    seen: Observation
    decision: Decision
    error: str = ""
    """Why the engine could not be told; the decision stands, the next turn tells it again."""


def look(wish: Wish, status: Status, ports: Ports) -> Observation:
    """Everything that this turn may know about the world."""
    serving = ports.serving.observe(status.deployment)
    windows = ports.evidence.windows(status.deployment, questions_due(wish.spec, status))
    return Observation(
        now=ports.clock(),
        serving=serving,
        windows=windows,
        actions=wish.actions,
        deleted=wish.deleted,
    )


def reconcile(wish: Wish, status: Status, ports: Ports) -> Reconciled:
    """One turn; repeating it after a lost status write decides the same again.

    An engine that refuses does not stop the decision from being remembered: a retreat is
    recorded even when the router is away, and told to it again at each turn.
    """
    seen = look(wish, status, ports)
    decision = decide(wish.spec, status, seen)
    try:
        ports.serving.route(status.deployment, decision.routing)
    except SluiceError as refused:
        return Reconciled(seen=seen, decision=decision, error=str(refused))
    return Reconciled(seen=seen, decision=decision)
