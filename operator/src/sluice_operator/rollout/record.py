"""The status as JSON and back, exactly: a restart must decide as if it had never happened."""

from typing import Any

from pydantic import TypeAdapter

from sluice_operator.model import Observation
from sluice_operator.rollout.decide import Decision
from sluice_operator.rollout.status import Status

_STATUS: TypeAdapter[Status] = TypeAdapter(Status)
_SEEN: TypeAdapter[Observation] = TypeAdapter(Observation)
_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


def status_to_json(status: Status) -> str:
    """Text from which `status_from_json` makes an equal status."""
    return _STATUS.dump_json(status).decode()


def status_from_json(text: str) -> Status:
    """The status that was written.

    Raises:
        pydantic.ValidationError: The text is not a status.
    """
    return _STATUS.validate_json(text)


def seen_to_plain(seen: Observation) -> Any:
    """One observation as plain JSON values, for the record of a run."""
    return _SEEN.dump_python(seen, mode="json")


def seen_from_plain(plain: Any) -> Observation:
    """The observation that was recorded."""
    return _SEEN.validate_python(plain)


def decision_to_plain(decision: Decision) -> Any:
    """One decision as plain JSON values, for the record of a run."""
    return _DECISION.dump_python(decision, mode="json")
