"""What the ledger's service takes and loses: `python bench/ledger/throughput.py [--quick]`.

On two cores: a real PostgreSQL with synced commits, the service as a process, and writers that
spool and ship as serving runtimes do. Each request is answered by two revisions, so pairs are
counted, too, and one in twenty gets a label. After a third of the time the service gets a SIGKILL,
after two thirds every process of PostgreSQL; each is started again after a pause. Before, the
ledger is given days that are over, since every arrival is looked for in each day that is kept.

In the end count and digest of what the spools took are compared with the rows in the database, and
the windows that a reader has seen all the while with what the writers have done. Prints a table,
writes build/bench/throughput.json, and exits with 1 if something was lost or too slow.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table
from sluice_ledger.errors import StoreError
from sluice_ledger.postgres.store import PostgresLedger, utc_today
from sluice_ledger.records import Prediction

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "support")]

from ledger_service import ServiceProcess, token_of  # type: ignore[import-not-found]  # noqa: E402
from postgres_server import PostgresServer, postgres  # type: ignore[import-not-found]  # noqa: E402
from writer import CANDIDATE, DEPLOYMENT, STABLE, Tally  # noqa: E402

RESULTS = ROOT / "build" / "bench"
WANTED_PER_SECOND = 5_000
CORES = 2
LOOK_SECONDS = 2.0
DOWN_SECONDS = 3.0
RECOVERY_SECONDS = 600.0
"""PostgreSQL replays what it has written since its last checkpoint; here, up to 1 GiB."""
WRITER = "import sys; sys.path.insert(0, sys.argv.pop(1)); import writer; sys.exit(writer.main())"
OLD_ROWS = """
INSERT INTO prediction
SELECT day, 0, md5(day::text || number), 0, 'bench', 'bench-0', '1', 0.5, false, 0
FROM unnest(CAST(%s AS date[])) AS day, generate_series(1, %s) AS number
"""

FIELDS = tuple(field.name for field in fields(Prediction))
ALL_ROWS = """
SELECT request_id, row_index, deployment, revision, prediction, confidence, mirrored, at
FROM prediction WHERE revision <> 'bench-0'
"""


@dataclass(kw_only=True)
class Reader:
    """Asks for windows as an operator does, in spite of everything."""

    service: ServiceProcess
    worse: int = 0
    pairs: int = 0
    looks: int = 0
    failures: int = 0
    slowest_seconds: float = 0.0
    cursor: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look from time to time, as long as the block runs."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self.ended.set()
            thread.join()

    def _run(self) -> None:
        while not self.ended.wait(LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        """One window."""
        begun = time.monotonic()
        try:
            with self.service.address.ledger() as ledger:
                seen = ledger.paired_outcomes(DEPLOYMENT, STABLE, CANDIDATE, self.cursor)
        except StoreError:
            self.failures += 1
            return
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - begun)
        self.cursor, self.looks = seen.cursor, self.looks + 1
        self.worse += seen.worse
        self.pairs += seen.worse + seen.same + seen.better


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Seconds of it."""

    service: float
    postgres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came out."""

    seconds: float
    """From the first record written to the last one shipped."""
    promised: int
    kept: int
    per_second: float
    lag_seconds: float
    """How long the last record took to arrive after writing had ended."""
    same_digest: bool
    labels: int
    pairs_counted: int
    worse_promised: int
    worse_counted: int
    looks: int
    failed_looks: int
    slowest_look_seconds: float
    failed_shipments: int
    left: int
    service_cpu_us: float
    """Of one prediction, start-ups and looks included."""
    postgres_cpu_us: float
    writer_cpu_us: float
    cores_at_wanted_rate: float
    """Of all three together."""


def main() -> int:
    """Run it; 1 if a claim does not hold."""
    given = _arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with (
        tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder,
        postgres(shared_buffers="512MB") as server,
    ):
        database = server.database()
        _fill(database, given.days, given.rows)
        service = ServiceProcess(database=database, folder=Path(folder))
        service.start()
        try:
            figures = _measured(given, server, service)
        finally:
            service.kill()
    return _report(given, figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="seconds: shows that it works")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rate", type=float, default=5_200.0, help="predictions per second")
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--days", type=int, help="days that are over, kept beside today")
    parser.add_argument("--rows", type=int, help="predictions of each of these days")
    given = parser.parse_args()
    given.seconds = given.seconds or (30.0 if given.quick else 600.0)
    given.days = (3 if given.quick else 29) if given.days is None else given.days
    given.rows = (1_000 if given.quick else 100_000) if given.rows is None else given.rows
    return given


def _fill(database: str, days: int, rows: int) -> None:
    """Days that are over, made by the ledger itself, one by one."""
    old = [utc_today() - timedelta(days=back) for back in range(days, 0, -1)]
    for day in old:
        PostgresLedger(database, today=lambda day=day: day).close()  # type: ignore[misc]
    PostgresLedger(database).close()
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as raw:
        raw.execute(OLD_ROWS, (old, rows))
        raw.execute("VACUUM ANALYZE prediction")


def _measured(
    given: argparse.Namespace, server: PostgresServer, service: ServiceProcess
) -> Figures:
    with tempfile.TemporaryDirectory(prefix="sluice-spool-") as spools:
        reader = Reader(service=service)
        begun = time.monotonic()
        before = _cpu(server, service).postgres  # the days that are over are not this load
        with reader.looking(), _writers(given, service, Path(spools)) as writers:
            killed = _kill_in_the_middle(given, server, service, begun)
            said = [json.loads(writer.communicate()[0]) for writer in writers]
            seconds = time.monotonic() - begun
        reader.look()
    ended = _cpu(server, service)
    spent = Cpu(
        service=killed.service + ended.service,
        postgres=killed.postgres - before + ended.postgres,
    )
    return _figures(seconds, said, _kept(service), (reader, spent))


@contextmanager
def _writers(
    given: argparse.Namespace, service: ServiceProcess, spools: Path
) -> Iterator[list["subprocess.Popen[str]"]]:
    """All of them; none outlives the block, however it ends."""
    writers = [_writer(given, service, spools, number) for number in range(given.writers)]
    try:
        yield writers
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()


def _writer(
    given: argparse.Namespace, service: ServiceProcess, spools: Path, number: int
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            *(sys.executable, "-c", WRITER, str(HERE)),
            *("--name", f"writer-{number}", "--ledger", service.address.url),
            *("--spool", str(spools / str(number)), "--seconds", str(given.seconds)),
            *("--rate", str(given.rate / given.writers)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SLUICE_LEDGER_TOKEN": token_of("all")},
    )


def _kill_in_the_middle(
    given: argparse.Namespace, server: PostgresServer, service: ServiceProcess, begun: float
) -> Cpu:
    """The service after a third, PostgreSQL after two; what they had used until then."""
    _sleep_until(begun + given.seconds / 3)
    of_service = _cpu(server, service).service
    service.kill()
    time.sleep(DOWN_SECONDS)
    service.start()
    _sleep_until(begun + given.seconds * 2 / 3)
    of_postgres = _cpu(server, service).postgres
    server.kill()
    time.sleep(DOWN_SECONDS)
    server.start(RECOVERY_SECONDS)
    return Cpu(service=of_service, postgres=of_postgres)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _kept(service: ServiceProcess) -> Tally:
    """Count and digest of the rows in the database, read past the ledger."""
    tally = Tally()
    with (
        psycopg.connect(service.database.replace("+psycopg", "")) as raw,
        raw.cursor(name="all_rows") as rows,
    ):
        rows.itersize = 20_000
        for values in rows.execute(ALL_ROWS):
            tally.add(Prediction(**dict(zip(FIELDS, values, strict=True))))
    return tally


def _cpu(server: PostgresServer, service: ServiceProcess) -> Cpu:
    """Of both in their present lives."""
    assert service.process
    assert server.process
    children = sum(_cpu_of(int(child)) for child in _children_of(server.process.pid))
    return Cpu(
        service=_cpu_of(service.process.pid),
        postgres=_cpu_of(server.process.pid) + children,
    )


def _cpu_of(pid: int) -> float:
    """Of a process and of its children that have ended.

    Source: proc_pid_stat(5).
    """
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, values[11:15])) / os.sysconf("SC_CLK_TCK")


def _children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _figures(
    seconds: float, said: list[dict[str, object]], kept: Tally, seen: tuple[Reader, Cpu]
) -> Figures:
    reader, spent = seen

    def total(name: str) -> float:
        return sum(float(str(one[name])) for one in said)

    digest = sum(int(str(one["digest"]), 16) for one in said) % (1 << 256)
    written = max(float(str(one["written_seconds"])) for one in said)
    shipped = max(float(str(one["shipped_seconds"])) for one in said)
    each = [1e6 * used / kept.count for used in (spent.service, spent.postgres)]
    each.append(1e6 * total("cpu_seconds") / kept.count)
    return Figures(
        seconds=round(seconds, 1),
        promised=int(total("count")),
        kept=kept.count,
        per_second=round(kept.count / shipped, 1),
        lag_seconds=round(shipped - written, 2),
        same_digest=digest == kept.digest,
        labels=int(total("labels")),
        pairs_counted=reader.pairs,
        worse_promised=int(total("worse")),
        worse_counted=reader.worse,
        looks=reader.looks,
        failed_looks=reader.failures,
        slowest_look_seconds=round(reader.slowest_seconds, 3),
        failed_shipments=int(total("failures")),
        left=int(total("left")),
        service_cpu_us=round(each[0], 1),
        postgres_cpu_us=round(each[1], 1),
        writer_cpu_us=round(each[2], 1),
        cores_at_wanted_rate=round(sum(each) * WANTED_PER_SECOND / 1e6, 2),
    )


def _report(given: argparse.Namespace, figures: Figures) -> int:
    claims = {
        "nothing lost: as many predictions as the spools took": figures.kept == figures.promised,
        "nothing changed: the same digest": figures.same_digest,
        "windows add up over both kills": (figures.pairs_counted, figures.worse_counted)
        == (figures.labels, figures.worse_promised),
        "nothing left in a spool": figures.left == 0,
        f"at least {WANTED_PER_SECOND} predictions/s": figures.per_second >= WANTED_PER_SECOND,
    }
    table = Table(
        "figure", "value", title="ledger: throughput over two kills", title_justify="left"
    )
    for name, value in asdict(figures).items():
        table.add_row(name.replace("_", " "), str(value))
    console = Console()
    console.print(table)
    for claim, holds in claims.items():
        console.print(f"{'holds' if holds else 'FAILS'}: {claim}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    record = {
        "name": "throughput",
        "quick": given.quick,
        "options": {name: getattr(given, name) for name in ("seconds", "rate", "writers", "days")},
        "machine": {"cores": CORES, "load": os.getloadavg()},
        "rows": [asdict(figures)],
        "claims": [{"claim": claim, "holds": holds} for claim, holds in claims.items()],
    }
    path = RESULTS / "throughput.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    console.print(f"written to {path.relative_to(ROOT)}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
