"""From the body of a request to records: ours in JSON, or CloudEvents one by one or in batches.

A record that can never be kept is refused by itself, with its position; the others are taken.

Source: CloudEvents 1.0.2, JSON event format, sections 3 (envelope) and 4 (batch).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from sluice_ledger.arrival import About, Arrivals, digest_of
from sluice_ledger.errors import Refusal
from sluice_ledger.fitness import reason_in
from sluice_ledger.records import KpiEvent, Label, Prediction
from sluice_ledger.server.event import record_in
from sluice_ledger.server.refusal import HttpRefusal
from sluice_ledger.server.token import Scope
from sluice_ledger.wire import (
    CLOUD_EVENT,
    CLOUD_EVENTS,
    EVENTS,
    JSON,
    LABELS,
    MOST_RECORDS,
    PREDICTIONS,
    KpiEventIn,
    LabelIn,
    PredictionIn,
)

Read = TypeVar("Read", bound=PredictionIn | LabelIn | KpiEventIn)


class Batch(BaseModel, Generic[Read]):
    """The body of a request in our own JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    records: list[Read]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of record that can be handed in."""

    name: str
    path: str
    scope: Scope
    event_type: str
    """`type` of a CloudEvent that holds such a record."""
    batch: type[BaseModel]
    record: TypeAdapter[Any]
    arrivals: Callable[[Sequence[Any]], Arrivals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a body holds."""

    arrivals: Arrivals
    refused: tuple[Refusal, ...] = ()


def parsed(kind: Kind, content_type: str, body: bytes) -> Parsed:
    """The records of a body.

    Raises:
        HttpRefusal: The body as a whole is not what it should be.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media == JSON:
        try:
            whole = kind.batch.model_validate_json(body)
        except ValidationError:
            return _one_by_one(kind, _records(body))
        return _taken(kind, whole.records, ())  # type: ignore[attr-defined]
    if media in {CLOUD_EVENT, CLOUD_EVENTS}:
        return _one_by_one(kind, _events(body, batched=media == CLOUD_EVENTS), events=True)
    raise HttpRefusal(
        415, f"content-type {media!r}: write {JSON}, or {CLOUD_EVENT} or {CLOUD_EVENTS}"
    )


def _one_by_one(kind: Kind, items: Sequence[Any], *, events: bool = False) -> Parsed:
    fit, refused = [], []
    for index, item in enumerate(items):
        try:
            values = record_in(item, kind.event_type) if events else item
            fit.append(kind.record.validate_python(values))
        except ValidationError as wrong:
            refused.append(Refusal(index=index, reason=reason_in(wrong)))
        except ValueError as wrong:
            refused.append(Refusal(index=index, reason=str(wrong)))
    return _taken(kind, fit, tuple(refused))


def _taken(kind: Kind, records: Sequence[Any], refused: tuple[Refusal, ...]) -> Parsed:
    if len(records) > MOST_RECORDS:
        raise HttpRefusal(413, f"{len(records)} records: hand in at most {MOST_RECORDS} at once")
    return Parsed(arrivals=kind.arrivals(records), refused=refused)


def _records(body: bytes) -> Sequence[Any]:
    found = _json(body)
    if not isinstance(found, dict) or list(found) != ["records"]:
        raise HttpRefusal(400, 'body: not an object with `records` alone; write {"records": […]}')
    if not isinstance(found["records"], list):
        raise HttpRefusal(400, 'body: records: not a list; write {"records": […]}')
    return found["records"]


def _events(body: bytes, *, batched: bool) -> Sequence[Any]:
    found = _json(body)
    if batched and not isinstance(found, list):
        raise HttpRefusal(400, f"body: not a list of CloudEvents; send one event as {CLOUD_EVENT}")
    if not batched and not isinstance(found, dict):
        raise HttpRefusal(400, f"body: not a CloudEvent; send a list of them as {CLOUD_EVENTS}")
    return found if batched else [found]


def _json(body: bytes) -> Any:
    """Also what is no strict JSON, such as NaN: it is one record's fault, not of all of them."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise HttpRefusal(400, f"body: not JSON in UTF-8: {wrong}") from wrong


def _maker(kept: type) -> Callable[[Any], Any]:
    names = tuple(field.name for field in fields(kept))
    return lambda read: kept(**{name: getattr(read, name) for name in names})


def _about(records: Sequence[Any]) -> tuple[About, ...]:
    return tuple(
        About(request_id=one.request_id, subject=digest_of(one.subject))
        for one in records
        if one.subject
    )


def _arrivals(field: str, kept: type) -> Callable[[Sequence[Any]], Arrivals]:
    make = _maker(kept)

    def arrivals(records: Sequence[Any]) -> Arrivals:
        made: Mapping[str, Any] = {field: tuple(make(one) for one in records)}
        return Arrivals(**made, subjects=_about(records))

    return arrivals


KINDS = (
    Kind(
        name="prediction",
        path=PREDICTIONS,
        scope=Scope.WRITE,
        event_type="dev.sluice.prediction.v1",
        batch=Batch[PredictionIn],
        record=TypeAdapter(PredictionIn),
        arrivals=_arrivals("predictions", Prediction),
    ),
    Kind(
        name="label",
        path=LABELS,
        scope=Scope.LABEL,
        event_type="dev.sluice.label.v1",
        batch=Batch[LabelIn],
        record=TypeAdapter(LabelIn),
        arrivals=_arrivals("labels", Label),
    ),
    Kind(
        name="event",
        path=EVENTS,
        scope=Scope.LABEL,
        event_type="dev.sluice.kpi.v1",
        batch=Batch[KpiEventIn],
        record=TypeAdapter(KpiEventIn),
        arrivals=_arrivals("events", KpiEvent),
    ),
)
