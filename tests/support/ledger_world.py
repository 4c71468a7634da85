"""The same ledger in each of its forms, as somebody who writes to it or asks it sees it."""

import atexit
import functools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg
from ledger_service import service
from postgres_server import PostgresServer, postgres
from sluice_ledger.port import Ledger
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.records import Conflicts
from sluice_ledger.store import SqliteLedger
from sluice_ledger.tick import TICK_SECONDS, tick_of


class FullLedger(Ledger, Protocol):
    """With the one question beyond the port that all forms answer."""

    def conflicts(self) -> Conflicts: ...


@dataclass
class Hands:
    """A clock that a test turns; it begins in the present, so that no partition lies behind."""

    now: float = field(default_factory=lambda: TICK_SECONDS * float(tick_of(time.time())))

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerWorld:
    """One ledger that holds nothing yet."""

    clock: Hands

    open: Callable[[], FullLedger]
    """Another way in; whoever opens closes."""
    size: Callable[[], int]
    """Predictions and labels that it holds, counted past it."""


@functools.cache
def shared_postgres() -> PostgresServer:
    """One server for the whole run of the tests; each test takes a database of its own."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(postgres())


@functools.cache
def _template() -> str:
    """A database with our tables, of which others are copied faster than they are made."""
    url = shared_postgres().database()
    PostgresLedger(url).close()
    return url.rpartition("/")[2]


def new_database() -> str:
    """The URL of a ledger that holds nothing."""
    return shared_postgres().database(_template())


@contextmanager
def sqlite_world(folder: Path) -> Iterator[LedgerWorld]:
    path = folder / "ledger.db"
    clock = Hands()
    yield LedgerWorld(
        clock=clock, open=lambda: SqliteLedger(path, clock), size=lambda: _sqlite_size(path)
    )


@contextmanager
def postgres_world(folder: Path) -> Iterator[LedgerWorld]:
    url = new_database()
    clock = Hands()
    yield LedgerWorld(
        clock=clock, open=lambda: PostgresLedger(url, clock=clock), size=lambda: postgres_size(url)
    )


@contextmanager
def service_world(folder: Path) -> Iterator[LedgerWorld]:
    url = new_database()
    clock = Hands()
    with service(url, folder, clock) as address:
        yield LedgerWorld(clock=clock, open=address.ledger, size=lambda: postgres_size(url))


def _sqlite_size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as raw:
        query = "SELECT (SELECT COUNT(*) FROM prediction) + (SELECT COUNT(*) FROM label)"
        return int(raw.execute(query).fetchone()[0])


def postgres_size(url: str) -> int:
    """Predictions and labels in a database."""
    with psycopg.connect(url.replace("+psycopg", "")) as raw:
        query = "SELECT (SELECT COUNT(*) FROM prediction) + (SELECT COUNT(*) FROM label)"
        found = raw.execute(query).fetchone()
    assert found
    return int(found[0])
