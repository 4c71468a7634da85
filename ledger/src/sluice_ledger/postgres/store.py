"""The ledger on PostgreSQL, for any number of readers and writers on any number of machines."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import psycopg
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from sluice_ledger.arrival import Arrivals, Erased, Taken, digest_of
from sluice_ledger.errors import LedgerError, RefusedError, StoreError
from sluice_ledger.fitness import sorted_out
from sluice_ledger.postgres import look, question
from sluice_ledger.postgres.erase import erase
from sluice_ledger.postgres.intake import Intake
from sluice_ledger.postgres.migrate import migrate
from sluice_ledger.postgres.partition import drop_days, make_days
from sluice_ledger.postgres.write import write, write_subjects
from sluice_ledger.records import (
    ArmOutcomes,
    Conflicts,
    KpiEvent,
    KpiOutcomes,
    Label,
    PairedOutcomes,
    Prediction,
)

_OPTIONS = (
    # a commit is on disk when it returns, whatever the server's own default is
    "-c synchronous_commit=on -c statement_timeout=60000 -c lock_timeout=20000"
    # young partitions have no statistics, and a plan that reads one whole would be kept too long
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
)
_CONNECT = {
    "connect_timeout": 5,
    "prepare_threshold": None,  # a plan made for an empty partition must not outlive it
    "keepalives_idle": 10,
    "options": _OPTIONS,
}


def utc_today() -> date:
    """The day by which partitions are cut."""
    return datetime.now(UTC).date()


class PostgresLedger:
    """A `Ledger` in a database; one object may be used from several threads."""

    def __init__(self, url: str, today: Callable[[], date] = utc_today) -> None:
        """Connect, and bring the tables to this program's version.

        Raises:
            StoreError: The database cannot be reached, is of a newer version or does not sync.
            LedgerError: The URL is not one of PostgreSQL.
        """
        self._today = today
        self._engine = _engine(url)
        self._name = self._engine.url.render_as_string(hide_password=True)
        try:
            self._prepare()
        except StoreError:
            self._engine.dispose()
            raise

    def append(self, pieces: Sequence[Arrivals]) -> tuple[Taken, ...]:
        """Keep all pieces in one commit, or none, and say what became of each.

        The records must have passed `fitness`.

        Raises:
            StoreError: Nothing was kept; trying again may help.
        """
        with self._writing("write") as (connection, last, day):
            intake = Intake(look.known(connection, pieces), last, day)
            taken = tuple(intake.take(piece) for piece in pieces)
            subjects = [one for piece in pieces for one in piece.subjects]
            write_subjects(connection, subjects, day)
            write(connection, intake.written, intake.last, day)
        return taken

    def append_predictions(self, predictions: Iterable[Prediction]) -> int:
        """See `Ledger.append_predictions`."""
        fit, refusals = sorted_out(predictions)
        (taken,) = self.append([Arrivals(predictions=tuple(fit))])
        if refusals:
            raise RefusedError(self._name, refusals)
        return taken.new

    def append_labels(self, labels: Iterable[Label]) -> int:
        """See `Ledger.append_labels`."""
        fit, refusals = sorted_out(labels)
        (taken,) = self.append([Arrivals(labels=tuple(fit))])
        if refusals:
            raise RefusedError(self._name, refusals)
        return taken.new

    def append_events(self, events: Iterable[KpiEvent]) -> int:
        """Keep the new ones, all or none, and return how many were new.

        Raises:
            StoreError: Nothing was kept; trying again may help.
            RefusedError: Some can never be kept; the others were.
        """
        fit, refusals = sorted_out(events)
        (taken,) = self.append([Arrivals(events=tuple(fit))])
        if refusals:
            raise RefusedError(self._name, refusals)
        return taken.new

    def paired_outcomes(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedOutcomes:
        """See `Ledger.paired_outcomes`."""
        first, second = sorted((stable, candidate))
        asked = {"deployment": deployment, "first": first, "second": second, "cursor": cursor}
        last, counts, waiting = self._asked(asked, question.PAIRS, question.WAITING_PAIRS)
        worse, same, better = counts if candidate == second else counts[::-1]
        return PairedOutcomes(
            worse=int(worse),
            same=int(same),
            better=int(better),
            unlabelled=int(waiting[0]),
            cursor=last,
        )

    def arm_outcomes(self, deployment: str, revision: str, cursor: int) -> ArmOutcomes:
        """See `Ledger.arm_outcomes`."""
        asked = {"deployment": deployment, "revision": revision, "cursor": cursor}
        last, counts = self._asked(asked, question.ANSWERS)
        return ArmOutcomes(total=int(counts[0]), wrong=int(counts[1]), cursor=last)

    def kpi_outcomes(self, deployment: str, revision: str, name: str, cursor: int) -> KpiOutcomes:
        """Events that followed answers of one revision, complete after the cursor.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        asked = {"deployment": deployment, "revision": revision, "name": name, "cursor": cursor}
        last, (count, total, squares) = self._asked(asked, question.KPI)
        return KpiOutcomes(count=int(count), total=total, squares=squares, cursor=last)

    def last_arrival(self) -> int:
        """See `Ledger.last_arrival`."""
        (last,) = self._asked({})
        return int(last)

    def conflicts(self) -> Conflicts:
        """How many arrivals contradicted what was there.

        Raises:
            StoreError: The rows cannot be read.
        """
        _, (predictions, labels, events) = self._asked({}, question.CONFLICTS)
        return Conflicts(predictions=predictions, labels=labels, events=events)

    def erase(self, subject: str) -> Erased:
        """Take away everything about a subject; what arrives about it later is not kept.

        Raises:
            StoreError: Nothing was erased; trying again may help.
        """
        with self._writing("erase") as (connection, _, day):
            return erase(connection, digest_of(subject), day)

    def keep(self, days: int) -> tuple[date, ...]:
        """Make the partitions of the next days, drop what is older than so many; return those.

        Raises:
            StoreError: Nothing was changed; trying again may help.
        """
        with self._writing("keep the days in order") as (connection, _, day):
            make_days(connection, day)
            return drop_days(connection, day - timedelta(days=days))

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        with self._transaction("open") as connection:
            if connection.execute(text("SHOW fsync")).scalar_one() != "on":
                raise StoreError(
                    f"{self._name}: the server runs with fsync = off, so a crash of its machine"
                    " would lose what the ledger has promised to keep; set fsync = on"
                )
            migrate(connection)
            _, day = look.lock(connection)
            make_days(connection, max(day, self._today()))

    @contextlib.contextmanager
    def _writing(self, verb: str) -> Generator[tuple[Connection, int, date]]:
        """The connection, the last number and today; the only writer until the commit."""
        with self._transaction(verb) as connection:
            last, day = look.lock(connection)
            today = max(day, self._today())  # a clock that goes back does not reopen a day
            if today > day:
                make_days(connection, today)
                connection.execute(text("UPDATE arrival SET day = :day"), {"day": today})
            yield connection, last, today

    def _asked(self, values: dict[str, Any], *questions: str) -> tuple[Any, ...]:
        """The last number, then one row for each question, all of one snapshot."""
        with self._transaction("read", "REPEATABLE READ") as connection:
            last = connection.execute(text(question.LAST_ARRIVAL)).scalar_one()
            rows = [tuple(connection.execute(text(one), values).one()) for one in questions]
        return int(last), *rows

    @contextlib.contextmanager
    def _transaction(self, verb: str, isolation: str = "READ COMMITTED") -> Generator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection.execution_options(isolation_level=isolation)
                with connection.begin():
                    yield connection
        except (SQLAlchemyError, psycopg.Error) as broken:
            raise StoreError(
                f"{self._name}: cannot {verb}: {_first_line(broken)}; what the ledger held before"
                " is intact: check that the database can be reached and has space, then try again"
            ) from broken


def check_url(url: str) -> None:
    """Whether it is a URL of PostgreSQL, without asking any database.

    Raises:
        LedgerError: It is not.
    """
    _engine(url).dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername != "postgresql+psycopg":
            raise LedgerError(_WRONG_URL)
        return create_engine(parsed, connect_args=_CONNECT, pool_pre_ping=True, pool_timeout=20)
    except (SQLAlchemyError, ValueError) as wrong:
        raise LedgerError(_WRONG_URL) from wrong


# the URL itself is not repeated: it may hold a password
_WRONG_URL = (
    "ledger URL: not of the form postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE; write for"
    " example postgresql+psycopg://sluice@127.0.0.1:5432/ledger"
)


def _first_line(broken: Exception) -> str:
    said = (
        broken.orig if isinstance(broken, SQLAlchemyError) and hasattr(broken, "orig") else broken
    )
    return (str(said) or type(broken).__name__).strip().splitlines()[0]
