"""Who may do what: bearer tokens, of which only digests are on disk.

A token is 256 bits of chance, so a plain SHA-256 cannot be turned back by guessing, as the digest
of a password could.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sluice_ledger.errors import LedgerError
from sluice_ledger.fitness import reason_in

TOKEN_BYTES = 32


class Scope(StrEnum):
    """What a token allows."""

    WRITE = "write"
    """Hand in predictions: the serving runtimes."""
    LABEL = "label"
    """Hand in labels and KPI events: whoever knows the truth."""
    READ = "read"
    """Ask for counts: the operator."""
    ERASE = "erase"
    """Erase a subject: whoever answers for personal data."""


class Holder(BaseModel):
    """One token, known by its digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    """Who holds it; in logs."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]


class Tokens(BaseModel):
    """The file of tokens, in JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: tuple[Holder, ...]


class TokensError(LedgerError):
    """The file of tokens cannot be read, or is not as it should be."""


class Keyring:
    """The holders in a file, read anew when the file has changed."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            TokensError: It cannot be read, or is not as it should be.
        """
        self._path = path
        self._lock = threading.Lock()
        self._stamp, self._holders = self._read()

    def holder(self, token: str) -> Holder | None:
        """Whose token this is.

        Raises:
            TokensError: The file has changed to something that is not as it should be.
        """
        digest = digest_of(token)
        found = None
        for holder in self._current():
            # every one is compared, in constant time: how long it takes tells nothing
            if hmac.compare_digest(holder.sha256, digest):
                found = holder
        return found

    def _current(self) -> Sequence[Holder]:
        with self._lock:
            if self._stamped() != self._stamp:
                self._stamp, self._holders = self._read()
            return self._holders

    def _read(self) -> tuple[tuple[int, int], tuple[Holder, ...]]:
        stamp = self._stamped()
        try:
            return stamp, Tokens.model_validate_json(self._path.read_bytes()).tokens
        except OSError as broken:
            raise self._unreadable(broken) from broken
        except ValidationError as wrong:
            raise TokensError(
                f'{self._path}: {reason_in(wrong)}; write {{"tokens": [{{"name": …, "sha256": …,'
                ' "scopes": ["write"]}]}, as `python -m sluice_ledger.server token` prints it'
            ) from None

    def _stamped(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except OSError as broken:
            raise self._unreadable(broken) from broken
        return status.st_mtime_ns, status.st_ino

    def _unreadable(self, broken: OSError) -> TokensError:
        return TokensError(
            f"{self._path}: cannot read the tokens: {broken.strerror}; SLUICE_LEDGER_TOKENS_FILE"
            " must name a file that this process may read"
        )


def fresh_token() -> str:
    """A new token, to be shown once."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
