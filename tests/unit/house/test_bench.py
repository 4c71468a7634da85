"""`bench/run.py` finds what is to be run, and says what did not hold."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from house import ROOT

HOLDS = 'import sys\nif __name__ == "__main__":\n    print(sys.argv[1:])\n'
FAILS = 'import neighbour\nif __name__ == "__main__":\n    raise SystemExit(neighbour.STATUS)\n'


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "bench" / "run.py", tmp_path / "run.py")
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "neighbour.py").write_text("STATUS = 3\n")
    (tmp_path / "unit" / "holds.py").write_text(HOLDS)
    (tmp_path / "unit" / "fails.py").write_text(FAILS)
    return tmp_path


def run(bench: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, bench / "run.py", *options],
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_scripts_are_found_and_one_that_fails_is_named(bench: Path) -> None:
    done = run(bench)
    assert done.returncode == 1
    assert re.findall(r"=== (unit/\w+)$", done.stdout, re.MULTILINE) == ["unit/fails", "unit/holds"]
    assert "=== unit/fails: exit status 3" in done.stdout
    assert "1 of 2 held; failed: ['unit/fails']" in done.stdout


def test_one_script_can_be_chosen(bench: Path) -> None:
    done = run(bench, "unit/holds")
    assert (done.returncode, "1 of 1 held; failed: none" in done.stdout) == (0, True)


def test_a_script_that_is_not_there_is_refused_with_those_that_are(bench: Path) -> None:
    done = run(bench, "unit/hold")
    assert done.returncode == 2
    assert "unit/hold: no such benchmark; there are unit/fails, unit/holds" in done.stderr


def test_every_benchmark_of_the_house_is_in_its_readme() -> None:
    names = run(ROOT / "bench", "--list").stdout.split()
    assert len(names) >= 5
    text = (ROOT / "bench" / "README.md").read_text()
    assert [name for name in names if f"`{name}.py`" not in text] == []
