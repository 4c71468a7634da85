"""What comes to the ledger in one piece, and what became of it."""

import hashlib
from dataclasses import dataclass

from sluice_ledger.records import KpiEvent, Label, Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom a request was about."""

    request_id: str
    subject: bytes
    """Digest of the subject's key; the key itself is never kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Records that were handed in together: all of them are kept, or none."""

    predictions: tuple[Prediction, ...] = ()
    labels: tuple[Label, ...] = ()
    events: tuple[KpiEvent, ...] = ()
    subjects: tuple[About, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the records of one `Arrivals`; subjects are not counted."""

    new: int = 0
    known: int = 0
    """Said before, the same way."""
    contradicting: int = 0
    """Said before in another way; kept apart, never used."""
    erased: int = 0
    """About a request that was erased; not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure has taken away."""

    requests: int
    predictions: int
    labels: int
    events: int


def digest_of(text: str) -> bytes:
    """SHA-256, under which subjects and erased requests are known."""
    return hashlib.sha256(text.encode()).digest()
