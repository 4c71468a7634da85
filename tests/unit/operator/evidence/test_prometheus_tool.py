"""`tools/prometheus.sh` gets what the tests need, once, or says what to do."""

import os
import subprocess
from pathlib import Path

import pytest
from house import ROOT

TOOL = ROOT / "tools" / "prometheus.sh"


def run(home: Path, path: str = os.environ["PATH"]) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "SLUICE_PROMETHEUS_HOME": str(home), "PATH": path}
    return subprocess.run(
        ["/bin/sh", str(TOOL)], env=environment, capture_output=True, text=True, check=False
    )


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def fakes(tmp_path: Path) -> Path:
    """A folder of programs that come before the real ones."""
    return tmp_path / "bin"


def test_what_is_there_is_used_without_asking_apt(tmp_path: Path, fakes: Path) -> None:
    there = tmp_path / "home" / "3.5.0" / "usr" / "bin"
    program(there, "prometheus", "")
    program(there, "promtool", "")
    program(fakes, "apt-get", f"touch {tmp_path}/asked; exit 1")
    done = run(tmp_path / "home", f"{fakes}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout.strip()) == (0, str(there))
    assert not (tmp_path / "asked").exists()


def test_a_package_that_cannot_be_had_is_said_with_the_reason(tmp_path: Path, fakes: Path) -> None:
    program(fakes, "apt-get", 'echo "E: no network on the moon" >&2; exit 100')
    done = run(tmp_path / "home", f"{fakes}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "Debian's package prometheus cannot be had" in done.stderr
    assert "E: no network on the moon" in done.stderr
    assert list((tmp_path / "home").iterdir()) == [tmp_path / "home" / "lock"]


def test_lists_of_packages_are_fetched_when_apt_has_none(tmp_path: Path, fakes: Path) -> None:
    package = tmp_path / "tree"
    program(package / "usr" / "bin", "prometheus", "echo here")
    program(package / "usr" / "bin", "promtool", "")
    (package / "DEBIAN").mkdir()
    (package / "DEBIAN" / "control").write_text(
        "Package: prometheus\nVersion: 9.9\nArchitecture: all\nMaintainer: A <a@b.test>\n"
        "Description: a stand-in\n"
    )
    subprocess.run(
        ["dpkg-deb", "--build", package, tmp_path / "a.deb"], check=True, capture_output=True
    )
    program(
        fakes,
        "apt-get",
        f'if [ "$1" = update ]; then touch {tmp_path}/listed; exit 0; fi\n'
        f"[ -e {tmp_path}/listed ] && cp {tmp_path}/a.deb prometheus_9.9_all.deb",
    )
    done = run(tmp_path / "home", f"{fakes}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "home" / "9.9" / "usr" / "bin")
    assert subprocess.check_output([f"{done.stdout.strip()}/prometheus"], text=True) == "here\n"


def test_a_system_without_apt_is_told_where_to_put_the_programs(
    tmp_path: Path, fakes: Path
) -> None:
    fakes.mkdir()
    done = run(tmp_path / "home", str(fakes))
    assert done.returncode == 1
    assert "apt-get is missing" in done.stderr
    assert f"{tmp_path}/home/any/usr/bin" in done.stderr
