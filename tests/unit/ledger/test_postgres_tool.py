"""`tools/postgres.sh` finds or gets what the tests need, or says what to do."""

import os
import subprocess
from pathlib import Path

from house import ROOT

TOOL = ROOT / "tools" / "postgres.sh"


def run(home: Path, path: str, system: Path) -> "subprocess.CompletedProcess[str]":
    told = {"SLUICE_POSTGRES_HOME": str(home), "SLUICE_POSTGRES_BIN": str(system), "PATH": path}
    return subprocess.run(
        ["/bin/sh", str(TOOL)],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
    )


def program(folder: Path, name: str, text: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_server_that_the_system_has_is_used(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        program(tmp_path / "system", name)
    done = run(tmp_path / "home", os.environ["PATH"], tmp_path / "system")
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "system"))
    assert not (tmp_path / "home").exists()


def test_one_that_was_unpacked_before_is_used_without_asking_apt(tmp_path: Path) -> None:
    there = tmp_path / "home" / "15.9" / "usr" / "lib" / "postgresql" / "15" / "bin"
    for name in ("postgres", "initdb"):
        program(there, name)
    program(tmp_path / "bin", "apt-get", f"touch {tmp_path}/asked; exit 1")
    done = run(tmp_path / "home", f"{tmp_path / 'bin'}:{os.environ['PATH']}", tmp_path / "none")
    assert (done.returncode, done.stdout.strip()) == (0, str(there))
    assert not (tmp_path / "asked").exists()


def test_packages_that_cannot_be_had_are_said_with_the_reason(tmp_path: Path) -> None:
    program(tmp_path / "bin", "apt-get", 'echo "E: no network on the moon" >&2; exit 100')
    done = run(tmp_path / "home", f"{tmp_path / 'bin'}:{os.environ['PATH']}", tmp_path / "none")
    assert done.returncode == 1
    assert "Debian's package postgresql-15 cannot be had" in done.stderr
    assert "E: no network on the moon" in done.stderr
    assert list((tmp_path / "home").iterdir()) == [tmp_path / "home" / "lock"]


def test_packages_are_unpacked_with_what_this_system_lacks_beside_them(tmp_path: Path) -> None:
    tree, debs = tmp_path / "tree", tmp_path / "debs"
    debs.mkdir()
    for name in ("postgres", "initdb"):
        program(tree / "usr" / "lib" / "postgresql" / "15" / "bin", name, "echo here")
    pack(tree, "postgresql-15", debs)
    library = tmp_path / "library" / "usr" / "lib" / "some-triplet" / "libpq.so.5"
    library.parent.mkdir(parents=True)
    library.touch()
    pack(tmp_path / "library", "libpq5", debs)
    program(
        tmp_path / "bin",
        "apt-get",
        f'if [ "$1" = install ]; then echo "Inst libpq5 (15)"; echo "Inst postgresql-15 (15)"; fi\n'
        f'if [ "$1" = download ]; then cp {debs}/*.deb .; fi',
    )
    done = run(tmp_path / "home", f"{tmp_path / 'bin'}:{os.environ['PATH']}", tmp_path / "none")
    assert done.returncode == 0, done.stderr
    assert subprocess.check_output([f"{done.stdout.strip()}/postgres"], text=True) == "here\n"
    assert (tmp_path / "home" / "15.9" / "usr" / "lib" / "some-triplet" / "libpq.so.5").exists()


def test_a_system_without_apt_is_told_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin", "id", "echo 1000")
    done = run(tmp_path / "home", str(tmp_path / "bin"), tmp_path / "none")
    assert done.returncode == 1
    assert "apt-get is missing" in done.stderr
    assert "SLUICE_POSTGRES_BIN" in done.stderr


def pack(tree: Path, name: str, into: Path) -> None:
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: 15.9\nArchitecture: all\nMaintainer: A <a@b.test>\n"
        "Description: a stand-in\n"
    )
    subprocess.run(
        ["dpkg-deb", "--build", tree, into / f"{name}_15.9_all.deb"],
        check=True,
        capture_output=True,
    )
