"""Field types of the project file: durations, moments, names."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.json_schema import WithJsonSchema

_DURATION = re.compile(r"(?P<amount>\d+)(?P<unit>[smhdw])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOMENT_SCHEMA = {"type": "string", "examples": ["2013-01-31", "2013-01-31T18:00:00Z"]}
_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_LABEL_LENGTH = 45
_DURATION_SCHEMA = {"type": "string", "pattern": r"^(\d+[smhdw])+$", "examples": ["0s", "12h"]}


class Section(BaseModel):
    """What all parts of the project file share: frozen, no unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


def parse_duration(value: Any) -> Any:
    """The `timedelta` of a text such as `90s`, `12h` or `1d12h`; other types pass through.

    Raises:
        ValueError: The text is not a row of numbers with a unit.
    """
    if not isinstance(value, str):
        return value
    parts = list(_DURATION.finditer(value))
    if not parts or "".join(part.group() for part in parts) != value:
        raise ValueError(f"{value!r} is not a duration; write one like 90s, 12h or 7d")
    amounts = (timedelta(**{_UNITS[p["unit"]]: int(p["amount"])}) for p in parts)
    return sum(amounts, timedelta())


def format_duration(value: timedelta) -> str:
    """The text that `parse_duration` reads back."""
    return f"{int(value.total_seconds())}s"


def calendar_date(value: Any) -> Any:
    """The value, if it begins like a date; pydantic would take 2024 for seconds since 1970.

    Raises:
        ValueError: It does not.
    """
    if isinstance(value, datetime) or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise ValueError("must be a date or a time, such as 2013-01-31")


def utc_naive(value: datetime) -> datetime:
    """The moment in UTC without a zone; a moment without a zone is taken as UTC."""
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)


def dns_label(value: str) -> str:
    """The value itself, if it can be part of the name of a Kubernetes object.

    Raises:
        ValueError: It cannot; the message offers the nearest name that can.
    """
    if _LABEL.fullmatch(value) and len(value) <= _LABEL_LENGTH:
        return value
    near = re.sub(r"[^a-z0-9]+", "-", value.lower())[:_LABEL_LENGTH].strip("-") or "my-model"
    raise ValueError(
        f"names have lower-case letters, digits and dashes, at most {_LABEL_LENGTH};"
        f" for example {near!r}"
    )


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    Field(ge=timedelta(0)),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema(_DURATION_SCHEMA),
]
"""A length of time such as `90s`, `12h` or `7d`."""

Moment = Annotated[
    datetime,
    BeforeValidator(calendar_date),
    AfterValidator(utc_naive),
    WithJsonSchema(_MOMENT_SCHEMA),
]
"""A date, or date and time, in UTC."""

DnsLabel = Annotated[
    str,
    AfterValidator(dns_label),
    WithJsonSchema({"type": "string", "pattern": _LABEL.pattern, "maxLength": _LABEL_LENGTH}),
]
"""Lower-case letters, digits and dashes (RFC 1123), at most 45: it becomes part of object names."""

ColumnName = Annotated[str, Field(min_length=1)]
"""The name of a column."""

Share = Annotated[float, Field(gt=0, lt=1)]
"""A part of the whole, between 0 and 1, both excluded."""
