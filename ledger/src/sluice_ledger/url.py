"""Where a ledger is, as one line of text for settings and command lines."""

from pathlib import Path

from sluice_ledger.errors import LedgerError
from sluice_ledger.port import Ledger
from sluice_ledger.store import SqliteLedger

_SQLITE = "sqlite:///"


def url_of(path: Path) -> str:
    """The URL of the SQLite ledger in a file, the same from every working directory."""
    return f"{_SQLITE}{path.resolve()}"


def open_ledger(url: str) -> Ledger:
    """The ledger behind a URL; `sqlite:///a.db` is relative, `sqlite:////srv/a.db` is not.

    Raises:
        LedgerError: The URL names no ledger that this program knows.
        StoreError: The ledger cannot be opened.
    """
    path = url.removeprefix(_SQLITE)
    if path in {url, ""}:
        raise LedgerError(
            f"ledger URL {url!r}: not of the form sqlite:///PATH; write for example"
            " sqlite:///ledger.db, or sqlite:////srv/sluice/ledger.db for a path from the root"
        )
    return SqliteLedger(Path(path))
