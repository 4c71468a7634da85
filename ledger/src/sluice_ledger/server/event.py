"""CloudEvents that carry our records in their data.

`time` stands for a missing `at`, and `source` and `id` together for a missing `event_id`, since
they name an event as the specification has it.

Source: CloudEvents 1.0.2, section "Context Attributes".
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from sluice_ledger.fitness import reason_in

Present = Annotated[str, Field(min_length=1)]


class CloudEvent(BaseModel):
    """The envelope; extension attributes are allowed and left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    specversion: Literal["1.0"]
    type: Present
    source: Present
    id: Present
    time: Annotated[AwareDatetime, Field(strict=False)] | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]


def record_in(item: object, event_type: str) -> dict[str, Any]:
    """The fields of the record that an event carries.

    Raises:
        ValueError: It is no such event; the message names the attribute.
    """
    try:
        event = CloudEvent.model_validate(item)
    except ValidationError as wrong:
        raise ValueError(f"CloudEvent: {reason_in(wrong)}") from None
    if event.type != event_type:
        raise ValueError(f"CloudEvent: type: is {event.type!r}; this path takes {event_type!r}")
    return {**_defaults(event, event_type), **event.data}


def _defaults(event: CloudEvent, event_type: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if event.time is not None:
        told["at"] = _seconds(event.time)
    if event_type == "dev.sluice.kpi.v1":
        told["event_id"] = f"{event.source}#{event.id}"
    return told


def _seconds(time: datetime) -> float:
    return time.timestamp()
