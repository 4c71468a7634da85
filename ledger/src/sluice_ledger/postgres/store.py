"""The ledger on PostgreSQL, for any number of readers and writers on any number of machines."""

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
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
from sluice_ledger.postgres import look, question, score_question
from sluice_ledger.postgres.backfill import count_what_is_there
from sluice_ledger.postgres.erase import erase
from sluice_ledger.postgres.intake import Intake, Present
from sluice_ledger.postgres.migrate import migrate
from sluice_ledger.postgres.partition import drop_days, make_days
from sluice_ledger.postgres.write import write, write_subjects
from sluice_ledger.records import (
    ArmOutcomes,
    BinnedScores,
    Bins,
    CohortOutcomes,
    Conflicts,
    Due,
    KeyFigure,
    KpiEvent,
    KpiOutcomes,
    Label,
    PairedOutcomes,
    PairedPredictions,
    PredictedClasses,
    Prediction,
    Score,
    ScoreDeciles,
    WorthOutcomes,
)
from sluice_ledger.tick import SHOWN_CLASSES, horizon, tick_of, ticks_in

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

    def __init__(
        self,
        url: str,
        today: Callable[[], date] = utc_today,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Connect, and bring the tables to this program's version.

        Args:
            url: Where the database is.
            today: The day of what arrives now.
            clock: Seconds since the epoch, by which arrivals are put into ticks.

        Raises:
            StoreError: The database cannot be reached, is of a newer version or does not sync.
            LedgerError: The URL is not one of PostgreSQL.
        """
        self._today = today
        self._clock = clock
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
        with self._writing("write") as (connection, present):
            intake = Intake(look.known(connection, pieces), present)
            taken = tuple(intake.take(piece) for piece in pieces)
            subjects = [one for piece in pieces for one in piece.subjects]
            write_subjects(connection, subjects, present.day)
            write(connection, intake.written, present._replace(last=intake.last))
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
        """See `Ledger.append_events`."""
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
        """See `Ledger.kpi_outcomes`."""
        asked = {"deployment": deployment, "revision": revision, "name": name, "cursor": cursor}
        last, (count, total, squares) = self._asked(asked, question.KPI)
        return KpiOutcomes(count=int(count), total=total, squares=squares, cursor=last)

    def cohort_outcomes(self, due: Due) -> CohortOutcomes:
        """See `Ledger.cohort_outcomes`."""
        cursor, (matured, labelled, wrong) = self._asked_due(due, question.COHORT)
        return CohortOutcomes(
            matured=int(matured), labelled=int(labelled), wrong=int(wrong), cursor=cursor
        )

    def worth_outcomes(self, due: Due, figure: KeyFigure) -> WorthOutcomes:
        """See `Ledger.worth_outcomes`."""
        bounds = {
            "name": figure.name,
            "lowest": -math.inf if figure.lowest is None else figure.lowest,
            "highest": math.inf if figure.highest is None else figure.highest,
        }
        cursor, (count, total, squares) = self._asked_due(due, question.WORTH, bounds)
        # each answer is worth that before its first event
        nothing = figure.cut(0.0)
        return WorthOutcomes(
            count=int(count),
            total=total + int(count) * nothing,
            squares=squares + int(count) * nothing * nothing,
            cursor=cursor,
        )

    def predicted_classes(self, deployment: str, revision: str, cursor: int) -> PredictedClasses:
        """See `Ledger.predicted_classes`."""
        asked = {"deployment": deployment, "revision": revision, "cursor": cursor}
        with self._snapshot() as (connection, last, _):
            rows = connection.execute(text(question.CLASSES), asked).all()
        named = [(str(one), int(often)) for one, often in rows if one is not None]
        others = sum(int(often) for one, often in rows if one is None)
        others += sum(often for _, often in named[SHOWN_CLASSES:])
        return PredictedClasses(counts=tuple(named[:SHOWN_CLASSES]), rest=others, cursor=last)

    def score_deciles(self, deployment: str, revision: str, score: Score) -> ScoreDeciles:
        """See `Ledger.score_deciles`."""
        with self._snapshot() as (connection, _, _):
            return score_question.deciles(connection, deployment, revision, score)

    def binned_scores(
        self, deployment: str, revision: str, bins: Bins, cursor: int
    ) -> BinnedScores:
        """See `Ledger.binned_scores`."""
        asked = {"deployment": deployment, "revision": revision, "cursor": cursor}
        with self._snapshot() as (connection, last, _):
            counts, rest = score_question.counted(connection, asked, bins)
        return BinnedScores(counts=counts, rest=rest, cursor=last)

    def paired_predictions(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedPredictions:
        """See `Ledger.paired_predictions`."""
        first, second = sorted((stable, candidate))
        asked = {"deployment": deployment, "first": first, "second": second, "cursor": cursor}
        last, (same, different) = self._asked(asked, question.AGREEMENT)
        return PairedPredictions(same=int(same), different=int(different), cursor=last)

    def present_tick(self) -> int:
        """See `Ledger.present_tick`."""
        self._note_time()
        with self._snapshot() as (_, _, tick):
            return tick

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
        with self._writing("erase") as (connection, present):
            return erase(connection, digest_of(subject), present.day)

    def keep(self, days: int) -> tuple[date, ...]:
        """Make the partitions of the next days, drop what is older than so many; return those.

        Raises:
            StoreError: Nothing was changed; trying again may help.
        """
        with self._writing("keep the days in order") as (connection, present):
            make_days(connection, present.day)
            return drop_days(connection, present.day - timedelta(days=days))

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
            before = migrate(connection)
            day = max(look.lock(connection).day, self._today())
            make_days(connection, day)
            if before == 1:
                count_what_is_there(connection, day, tick_of(self._clock()))

    @contextlib.contextmanager
    def _writing(self, verb: str) -> Generator[tuple[Connection, Present]]:
        """The connection and where the ledger stands; the only writer until the commit."""
        with self._transaction(verb) as connection:
            found = look.lock(connection)
            # a clock that goes back reopens neither a day nor a tick
            today = max(found.day, self._today())
            if today > found.day:
                make_days(connection, today)
                connection.execute(text("UPDATE arrival SET day = :day"), {"day": today})
            tick = max(found.tick, tick_of(self._clock()))
            yield connection, Present(found.last, today, tick)

    def _asked_due(
        self, due: Due, one: str, more: Mapping[str, Any] | None = None
    ) -> tuple[int, Sequence[Any]]:
        """The next cursor and one row, for a question about answers that have come of age."""
        self._note_time()
        with self._snapshot() as (connection, _, tick):
            last = horizon(tick, due.maturity_seconds)
            asked = {
                "deployment": due.deployment,
                "revision": due.revision,
                "cursor": due.cursor,
                "age": ticks_in(due.maturity_seconds),
                "horizon": last,
            }
            row = connection.execute(text(one), {**asked, **(more or {})}).one()
        return max(due.cursor, last), row

    def _note_time(self) -> None:
        """A ledger to which nobody writes grows older all the same."""
        now = {"tick": tick_of(self._clock())}
        with self._snapshot() as (_, _, tick):
            is_behind = tick < now["tick"]
        if is_behind:
            with self._transaction("note the time") as connection:
                connection.execute(text(question.NOTE_TIME), now)

    def _asked(self, values: dict[str, Any], *questions: str) -> tuple[Any, ...]:
        """The last number, then one row for each question, all of one snapshot."""
        with self._snapshot() as (connection, last, _):
            rows = [tuple(connection.execute(text(one), values).one()) for one in questions]
        return last, *rows

    @contextlib.contextmanager
    def _snapshot(self) -> Generator[tuple[Connection, int, int]]:
        """The connection, the last number and the present tick."""
        with self._transaction("read", "REPEATABLE READ") as connection:
            last, tick = connection.execute(text(question.PRESENT)).one()
            yield connection, int(last), int(tick)

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
