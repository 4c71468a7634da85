"""The scripts that prepare PostgreSQL and the object store, on real servers."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from eventually import eventually
from helm_charts import CHARTS
from object_store import object_store
from postgres_server import UNPRIVILEGED, programs
from serving_process import free_ports

PREPARE = CHARTS / "postgresql" / "files" / "prepare.sh"
HBA = CHARTS / "postgresql" / "files" / "pg_hba.conf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the Pod of PostgreSQL has mounted."""

    folder: Path

    def secret(self, name: str, password: str) -> None:
        """A Secret with a password."""
        path = self.folder / name / "password"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(password)

    def run(self, *command: str) -> "subprocess.Popen[str]":
        """A process of the Pod, as the user of the Pod."""
        user = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={
                "PATH": f"{programs()}:{os.environ['PATH']}",
                "PGDATA": str(self.folder / "data"),
                "SLUICE_SECRETS": str(self.folder),
                "SLUICE_SOCKET": str(self.folder / "socket"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
        )

    def prepare(self, *databases: str) -> None:
        """The init container."""
        process = self.run("sh", str(self.folder / "prepare.sh"), *databases)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said


@pytest.fixture
def claim() -> Iterator[Claim]:
    """A folder that is open to the unprivileged user; those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="sluice-claim-"))
    shutil.copy(PREPARE, folder)
    shutil.copy(HBA, folder)
    (folder / "socket").mkdir()
    claim = Claim(folder=folder)
    claim.secret("administrator", "first")
    claim.secret("owners/ledger", "it's a $secret")
    claim.secret("owners/mlflow", "other")
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    yield claim
    shutil.rmtree(folder)


@pytest.fixture
def served(claim: Claim) -> Iterator[int]:
    """The server as the chart starts it, on a port of loopback."""
    claim.prepare("ledger", "mlflow")
    claim.prepare("ledger", "mlflow")  # a second start of the Pod
    (port,) = free_ports(1)
    server = claim.run(
        "postgres",
        *("-c", f"port={port}", "-c", "listen_addresses=127.0.0.1"),
        *("-c", f"hba_file={claim.folder / 'pg_hba.conf'}"),
        *("-c", f"unix_socket_directories={claim.folder / 'socket'}"),
    )
    yield port
    server.terminate()
    server.wait(timeout=60)


def logged_in(port: int, user: str, password: str) -> str:
    """Which database answers; it is named after its owner."""
    with psycopg.connect(
        host="127.0.0.1", port=port, user=user, dbname=user, password=password
    ) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
        assert row is not None
        connection.execute("CREATE TABLE own (one integer)")
    return str(row[0])


def refused(port: int, user: str, database: str, password: str) -> bool:
    try:
        psycopg.connect(
            host="127.0.0.1", port=port, user=user, dbname=database, password=password
        ).close()
    except psycopg.OperationalError as broken:
        return "could not connect" not in str(broken) and "refused" not in str(broken)
    return False


def test_each_owner_opens_its_own_database_with_its_own_password(served: int) -> None:
    def opened() -> str:
        try:
            return logged_in(served, "ledger", "it's a $secret")
        except psycopg.OperationalError as not_yet:
            raise AssertionError(str(not_yet)) from not_yet

    assert eventually(opened, within=60, every=0.2) == "ledger"
    assert logged_in(served, "mlflow", "other") == "mlflow"
    assert refused(served, "ledger", "ledger", "other")
    assert refused(served, "mlflow", "ledger", "other")
    assert refused(served, "postgres", "postgres", "")


def test_a_password_that_changes_counts_from_the_next_start_on(claim: Claim) -> None:
    claim.prepare("ledger")
    claim.secret("owners/ledger", "changed")
    claim.prepare("ledger", "mlflow")
    said, _ = claim.run("sh", "-c", "pg_controldata | grep 'cluster state'").communicate(timeout=60)
    assert "shut down" in said


def test_buckets_are_made_once_and_left_alone_afterwards(tmp_path: Path) -> None:
    with object_store(tmp_path) as store:
        kept = store.put("mlflow", "model.pkl", b"model")
        said = [buckets(store.environment, "mlflow", "mlpipeline") for _ in range(2)]
        assert said[0].splitlines() == ["mlflow: was there", "mlpipeline: made"]
        assert said[1].splitlines() == ["mlflow: was there", "mlpipeline: was there"]
        assert (store.root / kept.removeprefix("s3://")).read_bytes() == b"model"


def buckets(environment, *names: str) -> str:
    done = subprocess.run(
        [sys.executable, str(CHARTS / "object-store" / "files" / "buckets.py"), *names],
        env={**os.environ, **environment, "S3_ENDPOINT": environment["AWS_ENDPOINT_URL"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_stores_only_user_has_the_keys_of_the_secret(tmp_path: Path) -> None:
    script = CHARTS / "object-store" / "files" / "users.sh"
    keys = {"AWS_ACCESS_KEY_ID": "name", "AWS_SECRET_ACCESS_KEY": "word"}
    subprocess.run(["sh", str(script), str(tmp_path / "users")], env=os.environ | keys, check=True)
    (user,) = json.loads((tmp_path / "users").read_text())["identities"]
    assert user["credentials"] == [{"accessKey": "name", "secretKey": "word"}]
    assert (tmp_path / "users").stat().st_mode & 0o077 == 0
