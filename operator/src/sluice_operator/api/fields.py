"""Scalars of the wire: how they are written, read and limited, in one place."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|h|m|s))+")
_DECIMAL = re.compile(r"\d+(?:\.\d+)?")


def parse_duration(text: Any) -> timedelta:
    """`1h30m`, `90s`, `500ms` as Go and Kubernetes write durations.

    Raises:
        ValueError: The text is no such duration; the message shows one that is.

    Source: https://pkg.go.dev/time#ParseDuration, without sign and without units below ms.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write for example 30s, 10m or 1h30m")
    return timedelta(seconds=sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text)))


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as the same duration."""
    millis = round(duration / timedelta(milliseconds=1))
    parts = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, millis = divmod(millis, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_decimal(value: Any) -> float:
    """A number that travels as text, because floats have no exact form on the wire.

    Raises:
        ValueError: Neither a number nor the text of one.
    """
    if not _DECIMAL.fullmatch(str(value)):
        raise ValueError(f'{value!r} is not a decimal number; write for example "1.5"')
    return float(value)


def format_decimal(value: float) -> str:
    """The text that `parse_decimal` reads back as the same number."""
    return f"{value:f}".rstrip("0").rstrip(".") if value < 1 else f"{value:g}"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "maxLength": 20}),
]
Decimal = Annotated[
    float,
    BeforeValidator(parse_decimal),
    PlainSerializer(format_decimal, return_type=str),
    WithJsonSchema({"type": "string", "maxLength": 12, "pattern": r"^[0-9]+(\.[0-9]+)?$"}),
]
Percent = Annotated[int, Field(ge=0, le=100)]
Name = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
