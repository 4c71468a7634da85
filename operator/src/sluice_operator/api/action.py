"""RolloutAction: one request of a person; created once, carried out once, kept as proof."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from sluice_operator.api.fields import Name
from sluice_operator.api.status import Instant, Text
from sluice_operator.api.wire import ObjectMeta, Report, Wire
from sluice_operator.model import Verb


class ActionState(StrEnum):
    """What became of a request."""

    DONE = "Done"
    """It was carried out."""
    IGNORED = "Ignored"
    """It did not fit the moment and did nothing; the message says why."""


class ActionSpec(Wire):
    """What is asked, of what, by whom and why; never changes."""

    target: Annotated[Name, Field(max_length=45)]
    """The ModelDeployment, of the same namespace."""
    revision: Name
    """The revision that the person saw; nothing happens if another one is there by then."""
    verb: Verb
    """What is asked. Who asks needs the right to do the same verb, in lower case, on that
    ModelDeployment."""
    by: Annotated[str, Field(min_length=1, max_length=512)]
    """Who asks: the name by which the API server knows the user."""
    reason: Annotated[str, Field(max_length=1024)] = ""
    """Why, for those who read it later."""


class ActionStatus(Report):
    """What became of it; written by the operator only."""

    state: ActionState | None = None
    """Absent until the operator has seen it."""
    message: Text = ""
    """What happened, or why nothing did."""
    at: Instant | None = None
    """When."""


class RolloutAction(Wire):
    """Asks a rollout to pause, go on, stop, try again or go back."""

    api_version: Literal["sluice.dev/v1alpha1"]
    kind: Literal["RolloutAction"]
    metadata: ObjectMeta
    spec: ActionSpec
    status: ActionStatus = ActionStatus()
