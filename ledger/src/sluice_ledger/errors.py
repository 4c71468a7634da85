"""The errors of the ledger, named by what did not happen.

LedgerError
├─ SpoolError   records could not be kept on disk
└─ StoreError   the store could not be opened, read or written
"""


class LedgerError(Exception):
    """Root of the errors that the ledger raises on purpose."""


class SpoolError(LedgerError):
    """Records could not be kept in a spool; what it held before is intact."""


class StoreError(LedgerError):
    """The store could not be opened, read or written; what it held before is intact."""
