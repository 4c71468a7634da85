"""Before the play: a place that nobody else uses, the project in it, and its data."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sluice_operator.errors import WorldError
from sluice_operator.laptop.home import Home
from sluice_operator.laptop.lock import alone, holder
from sluice_operator.serving.port import refuse_taken

from sluice_cli.demo.script import Script
from sluice_cli.shown import console

SHOWN_LINES = 10
"""As many last lines of a program that failed are told."""


@contextmanager
def reserved(out: Path, port: int) -> Iterator[None]:
    """The folder and the port for one demo, asked for before anything is removed or trained.

    Raises:
        WorldError: Another demo plays there, or something is served from there.
        PortTakenError: Another program listens on the port.
    """
    out.mkdir(parents=True, exist_ok=True)
    with alone(out / "lock", lambda pid: _already_playing(out, pid)):
        _refuse_live(Home(root=out / "home"))
        refuse_taken(port, "--port")
        yield


def _already_playing(out: Path, pid: str) -> WorldError:
    return WorldError(
        f"{out}: a demo is being played there (pid {pid or 'unknown'}); wait for its end, or "
        "choose another folder with --out and another port with --port"
    )


def _refuse_live(home: Home) -> None:
    """What an earlier demo left is removed, unless somebody goes on with it."""
    pid = holder(home)
    if pid is not None:
        raise WorldError(
            f"{home.root}: sluice is up there (pid {pid}), and a demo begins anew; run "
            f"`sluice down --home {home.root}` first, or choose another folder with --out"
        )


def fresh_copy(project: Path, out: Path) -> Path:
    """The project where the demo may write; what an earlier demo left is removed."""
    folder = out / "project"
    for old in (folder, out / "home", out / "workspace"):
        shutil.rmtree(old, ignore_errors=True)
    ignored = shutil.ignore_patterns("raw", "__pycache__")
    shutil.copytree(project, folder, ignore=ignored)
    return folder


def prepare(script: Script, folder: Path) -> None:
    """Run the programs that write the raw tables and the traffic.

    Raises:
        WorldError: One of them failed; the message has its last words.
    """
    for program in script.prepare:
        with console.status(f"preparing data: {program}"):
            ran = subprocess.run(
                [sys.executable, program],
                cwd=folder,
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
            )
        if ran.returncode:
            raise WorldError(_failure(folder / program, ran))


def _failure(program: Path, ran: "subprocess.CompletedProcess[str]") -> str:
    lines = (ran.stderr.strip() or ran.stdout.strip() or "it said nothing").splitlines()
    words = "\n".join(f"  {line}" for line in lines[-SHOWN_LINES:])
    return (
        f"{program}: ended with code {ran.returncode}, so there are no data to train on:\n{words}\n"
        "mend the program, or what it asks for, and run `sluice demo` again"
    )
