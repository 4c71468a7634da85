"""Every benchmark in turn: `python bench/run.py [--list] [--quick] [NAME ...]`.

A benchmark is a script in a folder below this one that can be run by itself; what else lies there
is what scripts share. New ones are found, none is listed here.
"""

import argparse
import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    """Run them; the exit status is 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="such as judge/cost; all if left out")
    parser.add_argument("--list", action="store_true", help="print their names, run none")
    parser.add_argument("--quick", action="store_true", help="few runs: shows that they work")
    given = parser.parse_args()
    known = {name_of(script): script for script in scripts()}
    if given.list:
        print("\n".join(known))
        return 0
    if unknown := [name for name in given.names if name not in known]:
        parser.error(f"{unknown[0]}: no such benchmark; there are {', '.join(known)}")
    chosen = given.names or list(known)
    failed = [name for name in chosen if not run(name, known[name], quick=given.quick)]
    print(f"\n{len(chosen) - len(failed)} of {len(chosen)} held; failed: {failed or 'none'}")
    return 1 if failed else 0


def scripts() -> Iterator[Path]:
    """Every script that can be run by itself, by folder and name."""
    for path in sorted(FOLDER.glob("*/*.py")):
        if any(is_entry(node) for node in ast.parse(path.read_text(encoding="utf-8")).body):
            yield path


def is_entry(node: ast.stmt) -> bool:
    """Whether a statement asks if its module is the program."""
    return isinstance(node, ast.If) and "__name__ ==" in ast.unparse(node.test)


def name_of(script: Path) -> str:
    """Folder and name, without the suffix."""
    return script.relative_to(FOLDER).with_suffix("").as_posix()


def run(name: str, script: Path, *, quick: bool) -> bool:
    """One benchmark, and whether it held what it claims."""
    options = ["--quick"] if quick and "--quick" in said(script, "--help") else []
    print(f"\n=== {name} {' '.join(options)}".rstrip(), flush=True)
    begun = time.monotonic()
    status = subprocess.run(
        [sys.executable, script, *options], env=environment(), check=False
    ).returncode
    print(f"=== {name}: exit status {status} after {time.monotonic() - begun:.0f} s", flush=True)
    return status == 0


def said(script: Path, option: str) -> str:
    """What a script prints when it is given one option."""
    return subprocess.run(
        [sys.executable, script, option],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def environment() -> dict[str, str]:
    """Ours, but scripts may import their neighbours, which a safe path would prevent."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}


if __name__ == "__main__":
    sys.exit(main())
