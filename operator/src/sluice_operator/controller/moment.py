"""Moments as the API writes them, exact to the microsecond."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def moment_text(moment: datetime) -> str:
    """RFC 3339 in UTC, as Kubernetes' MicroTime."""
    return moment.astimezone(UTC).strftime(_FORMAT)


def moment_of(text: str) -> datetime:
    """The moment that was written; also one without fraction."""
    return datetime.fromisoformat(text)


def optional_moment(text: str | None) -> datetime | None:
    """None for a moment that is not there."""
    return moment_of(text) if text else None
