"""Programs that a benchmark starts: controllers, and the worlds around them.

All of them end with the benchmark, even if that is killed.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sluice_operator.serving.process import Process

HERE = Path(__file__).resolve().parent
SUPPORT = HERE.parents[1] / "tests" / "support"
ENV = "/usr/bin/env"

sys.path.insert(0, str(SUPPORT))  # whoever imports this first may import what tests share


def program(command: Sequence[str], log: Path, variables: Mapping[str, str]) -> Process:
    """A program with some variables more, or fewer where they are empty.

    The thread that calls this must live as long as the program.
    """
    gone = [part for name, value in variables.items() if not value for part in ("-u", name)]
    set_ = [f"{name}={value}" for name, value in variables.items() if value]
    return Process([ENV, *gone, *set_, *command], log)


def world(module: str, log: Path, *arguments: str) -> Process:
    """A process that runs `serve(*arguments)` of a module of this folder.

    No script of its own: what can be run by itself counts as a benchmark.
    """
    code = f"import sys, {module}; {module}.serve(*sys.argv[1:])"
    variables = {"PYTHONPATH": f"{HERE}:{SUPPORT}", "PYTHONSAFEPATH": ""}
    return program([sys.executable, "-c", code, *arguments], log, variables)


def python(module: str, log: Path, variables: Mapping[str, str]) -> Process:
    """`python -m module` with a clean set of SLUICE_* variables."""
    inherited = {name: "" for name in os.environ if name.startswith("SLUICE_")}
    return program([sys.executable, "-m", module], log, {**inherited, **variables})
