"""Scalars of the wire: how they are written, read and limited, in one place."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core.core_schema import ValidationInfo

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
DURATION = r"^(([0-9]{1,6}(\.[0-9]{1,3})?(h|m|s))|([0-9]{1,6}ms)){1,4}$"
"""Whole milliseconds, so that what is read can be written without loss."""
DURATION_LENGTH = 20
LONGEST = timedelta(hours=8760)
"""A year; no duration of a rollout is longer, and none can overflow a clock."""
DECIMAL = r"^[0-9]{1,5}(\.[0-9]{1,6})?$"
"""As many digits as a float keeps and `format_decimal` writes."""
DECIMAL_LENGTH = 12
SIGNED_DECIMAL = r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$"
"""Sums of money and the like; fifteen digits are what a float keeps."""
SIGNED_DECIMAL_LENGTH = 17
URI = r"^([a-z][a-z0-9+.-]*://|models:/)."


def parse_duration(text: Any) -> timedelta:
    """`1h30m`, `90s`, `500ms` as Go and Kubernetes write durations.

    Raises:
        ValueError: The text is no such duration; the message shows one that is.

    Source: https://pkg.go.dev/time#ParseDuration, without sign and without units below ms.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or len(text) > DURATION_LENGTH or not _matches(DURATION, text):
        raise ValueError(f"{text!r} is not a duration; write for example 30s, 10m or 1h30m")
    span = timedelta(seconds=sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text)))
    if span > LONGEST:
        raise ValueError(f"{text} is longer than a year; write at most 8760h")
    return span


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as the same duration."""
    millis = round(duration / timedelta(milliseconds=1))
    parts = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, millis = divmod(millis, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_decimal(value: Any, info: ValidationInfo) -> float:
    """A number that travels as text, because floats have no exact form on the wire.

    Raises:
        ValueError: Not the text of a number; code, unlike documents, may give the number itself.
    """
    return _number(value, info, DECIMAL, DECIMAL_LENGTH)


def parse_signed_decimal(value: Any, info: ValidationInfo) -> float:
    """The same for numbers that may be large or below zero.

    Raises:
        ValueError: Likewise.
    """
    return _number(value, info, SIGNED_DECIMAL, SIGNED_DECIMAL_LENGTH)


def _number(value: Any, info: ValidationInfo, pattern: str, longest: int) -> float:
    if info.mode == "python" and isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str) or len(value) > longest or not _matches(pattern, value):
        raise ValueError(f'{value!r} is not a decimal number in quotes; write for example "1.5"')
    return float(value)


def format_decimal(value: float) -> str:
    """The text that `parse_decimal` reads back as the same number."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def known_scheme(uri: str) -> str:
    """The URI itself.

    Raises:
        ValueError: It does not say by what means the package is fetched.
    """
    if not _matches(URI, uri):
        raise ValueError(f"{uri!r} has no scheme; write for example models:/churn/3 or s3://b/p")
    return uri


def _matches(pattern: str, text: str) -> bool:
    """As RE2 does in the API server: `$` is the end of the text, newline or not."""
    return re.search(pattern.removesuffix("$") + r"\Z" * pattern.endswith("$"), text) is not None


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": DURATION_LENGTH,
            "pattern": DURATION,
        }
    ),
]
Decimal = Annotated[
    float,
    BeforeValidator(parse_decimal),
    PlainSerializer(format_decimal, return_type=str),
    WithJsonSchema({"type": "string", "maxLength": DECIMAL_LENGTH, "pattern": DECIMAL}),
]
SignedDecimal = Annotated[
    float,
    BeforeValidator(parse_signed_decimal),
    PlainSerializer(format_decimal, return_type=str),
    WithJsonSchema(
        {"type": "string", "maxLength": SIGNED_DECIMAL_LENGTH, "pattern": SIGNED_DECIMAL}
    ),
]
Uri = Annotated[str, Field(min_length=1, max_length=2048), AfterValidator(known_scheme)]
Percent = Annotated[int, Field(ge=0, le=100)]
Name = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
SecretName = Annotated[
    str,
    Field(
        max_length=253, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
    ),
]
Quantity = Annotated[
    str, Field(max_length=20, pattern=r"^([1-9][0-9]{0,14}(\.[0-9]{1,3})?(Ki|Mi|Gi|Ti|k|M|G|T)?)?$")
]
