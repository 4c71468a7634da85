"""The errors of the ledger, named by what did not happen.

LedgerError
├─ SpoolError     records could not be kept on disk
├─ StoreError     the store could not be opened, read or written: trying again may help
└─ RefusedError   single records can never be kept: all others were
"""

from dataclasses import dataclass


class LedgerError(Exception):
    """Root of the errors that the ledger raises on purpose."""


class SpoolError(LedgerError):
    """Records could not be kept in a spool; what it held before is intact."""


class StoreError(LedgerError):
    """The store could not be opened, read or written; what it held before is intact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One record that no ledger can keep."""

    index: int
    """Position among the records that were handed in, from 0."""
    reason: str
    """Field and problem, such as `row: Input should be greater than or equal to 0`."""


class RefusedError(LedgerError):
    """Some records can never be kept, whoever tries again; all others were kept."""

    def __init__(self, place: str, refusals: tuple[Refusal, ...]) -> None:
        self.refusals = refusals
        first = refusals[0]
        super().__init__(
            f"{place}: refused {len(refusals)} records and kept the others; record"
            f" {first.index}: {first.reason}; correct these and hand them in again"
        )
