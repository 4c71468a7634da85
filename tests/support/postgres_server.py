"""A real PostgreSQL 15 for tests: on loopback, as an unprivileged user, gone with the test run.

Commits are synced, as in production: what survives a SIGKILL here does so for the same reason.
"""

import contextlib
import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from eventually import eventually
from serving_process import free_ports

TOOL = Path(__file__).resolve().parents[2] / "tools" / "postgres.sh"
START_SECONDS = 60.0
GRACE_SECONDS = 20.0
UNPRIVILEGED = "nobody"
USER = "sluice"
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "logging_collector": "off",
}


class PostgresMissingError(Exception):
    """PostgreSQL cannot be had or started; the message says what to do."""


@functools.cache
def programs() -> Path:
    """The folder with postgres and initdb; they are downloaded when they are not there.

    Raises:
        PostgresMissingError: They cannot be had.
    """
    done = subprocess.run(["sh", str(TOOL)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PostgresMissingError(done.stderr.strip())
    return Path(done.stdout.strip())


@dataclass(kw_only=True)
class PostgresServer:
    """One cluster that can be stopped, killed and started again on what it has stored."""

    folder: Path
    """Open to the unprivileged user that the server runs as."""
    port: int = field(default_factory=lambda: free_ports(1)[0])
    settings: dict[str, str] = field(default_factory=dict)
    """Beside or instead of `SETTINGS`."""
    process: subprocess.Popen[bytes] | None = None
    _names: Iterator[int] = field(default_factory=itertools.count)

    def init(self) -> None:
        """Make the files of an empty cluster."""
        done = subprocess.run(
            [
                *_unprivileged(),
                str(programs() / "initdb"),
                *("--pgdata", str(self.folder / "data")),
                *("--username", USER, "--auth", "trust", "--encoding", "UTF8", "--no-locale"),
                "--no-sync",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=_environment(),
        )
        if done.returncode:
            raise PostgresMissingError(f"initdb: {done.stderr.strip() or done.stdout.strip()}")

    def start(self, within: float = START_SECONDS) -> None:
        """Start it, and wait until it answers; one that has crashed recovers first."""
        eventually(self._started, within, every=0.2)

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the server and to each process that it has started."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        children = _children(process.pid)
        for pid in (process.pid, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))

    def database(self, template: str = "template1") -> str:
        """The URL of a new database, a copy of a template."""
        name = f"ledger_{next(self._names)}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.url(name)

    def url(self, name: str) -> str:
        """What `open_ledger` takes."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{name}"

    def dsn(self, name: str) -> str:
        """What psycopg takes."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def _started(self) -> bool:
        """Whether it answers; launched again if it ended, as the dead may still hold its memory."""
        if self.process is None or self.process.poll() is not None:
            self.process = self._launched()
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as not_yet:
            raise AssertionError(f"{not_yet}\n{self._last_words()}") from not_yet
        return True

    def _launched(self) -> "subprocess.Popen[bytes]":
        options = {**SETTINGS, **self.settings, "port": str(self.port)}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [
                    *_unprivileged(),
                    str(programs() / "postgres"),
                    *("-D", str(self.folder / "data")),
                    *(
                        part
                        for name, value in options.items()
                        for part in ("-c", f"{name}={value}")
                    ),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=_environment(),
                process_group=0,
            )

    def _last_words(self) -> str:
        return "\n".join((self.folder / "log").read_text(errors="replace").splitlines()[-5:])


@contextmanager
def postgres(**settings: str) -> Iterator[PostgresServer]:
    """A running server; its folder is its own, since those of pytest are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="sluice-postgres-"))
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, user.pw_uid, user.pw_gid)
    server = PostgresServer(folder=folder, settings=settings)
    try:
        server.init()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> list[str]:
    """What stands before a command, so that it ends with us and is never root's.

    The leash of our other children does not survive the change of user; setpriv puts on its own.
    """
    leash = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() != 0:
        return leash
    user = pwd.getpwnam(UNPRIVILEGED)
    return [*leash, "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]


def _environment() -> dict[str, str]:
    """With the libraries that were unpacked beside the programs, if they were."""
    root = programs().parents[4]
    places = [str(path.parent) for path in root.glob("usr/lib/*/libpq.so.5")] if root.name else []
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "LD_LIBRARY_PATH": ":".join(places)}


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]
