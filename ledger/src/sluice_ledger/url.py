"""Where a ledger is, as one line of text for settings and command lines."""

from pathlib import Path

from sluice_ledger.errors import LedgerError
from sluice_ledger.port import Ledger
from sluice_ledger.store import SqliteLedger

_SQLITE = "sqlite:///"
_POSTGRES = "postgresql+psycopg://"
_HTTP = ("http://", "https://")


def url_of(path: Path) -> str:
    """The URL of the SQLite ledger in a file, the same from every working directory."""
    return f"{_SQLITE}{path.resolve()}"


def open_ledger(url: str) -> Ledger:
    """The ledger behind a URL; `sqlite:///a.db` is relative, `sqlite:////srv/a.db` is not.

    `http://HOST:PORT` asks the service, `postgresql+psycopg://…` the database behind it. Each is
    imported when it is asked for, since images hold only what they use.

    Raises:
        LedgerError: The URL names no ledger that this program knows.
        StoreError: The ledger cannot be opened.
    """
    if url.startswith(_HTTP):
        return _client(url)
    if url.startswith(_POSTGRES):
        return _postgres(url)
    path = url.removeprefix(_SQLITE)
    if path in {url, ""}:
        raise LedgerError(
            f"ledger URL {_harmless(url)!r}: not of the form sqlite:///PATH, http://HOST:PORT or"
            " postgresql+psycopg://USER@HOST/DATABASE; write for example sqlite:///ledger.db, or"
            " sqlite:////srv/sluice/ledger.db for a path from the root"
        )
    return SqliteLedger(Path(path))


def _client(url: str) -> Ledger:
    try:
        from sluice_ledger.client import HttpLedger  # noqa: PLC0415 - needs httpx
    except ModuleNotFoundError as missing:
        raise _without("client", missing) from missing
    return HttpLedger.from_environment(url)


def _postgres(url: str) -> Ledger:
    try:
        from sluice_ledger.postgres.store import PostgresLedger  # noqa: PLC0415 - needs SQLAlchemy
    except ModuleNotFoundError as missing:
        raise _without("server", missing) from missing
    return PostgresLedger(url)


def _without(extra: str, missing: ModuleNotFoundError) -> LedgerError:
    return LedgerError(
        f"this ledger URL needs the package {missing.name}, which is not installed here; install"
        f" sluice-ledger[{extra}]"
    )


def _harmless(url: str) -> str:
    """Without the password that may stand in it."""
    scheme, found, rest = url.partition("://")
    return f"{scheme}{found}…@{rest.rpartition('@')[2]}" if "@" in rest else url
