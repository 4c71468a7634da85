"""`sluice up`, `down`, `apply`, `delete`: an installation on this machine."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from sluice_operator.api.load import Documents, read
from sluice_operator.api.v1alpha1 import ModelDeployment, TemplateKind
from sluice_operator.errors import SpecError, WorldError
from sluice_operator.laptop.home import Home, read_json
from sluice_operator.laptop.lock import already_running, holder
from sluice_operator.serving.process import Process

from sluice_cli.home import HomeOption
from sluice_cli.project import WorkspaceOption
from sluice_cli.shown import say

START_SECONDS = 30.0
STOP_SECONDS = 30.0
_DEPLOYMENT = "modeldeployment"
_TEMPLATES = {kind.lower(): kind for kind in TemplateKind}
"""Kinds as commands print them, and take them."""


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (up, down, apply, delete):
        app.command()(command)


def up(
    home: HomeOption,
    port: Annotated[int, typer.Option(help="where requests are answered, on 127.0.0.1")] = 9000,
    workspace: WorkspaceOption = Path("build/sluice"),
    foreground: Annotated[bool, typer.Option("--foreground", help="stay until Ctrl-C")] = False,
) -> None:
    """Start serving: Envoy, a model server per revision, and the rollout controller."""
    if foreground:
        from sluice_cli.installation import serve  # noqa: PLC0415 - slow to import

        serve(home, port, workspace)
        return
    log = _prepared_log(home)
    with log.open("ab") as sink:
        begin = sink.tell()
        child = subprocess.Popen(
            _command(home, port, workspace),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    try:
        await_answer(home, child.pid, lambda: child.poll() is not None, Log(log, begin))
    except BaseException:
        child.terminate()
        child.wait(STOP_SECONDS)
        raise
    say(f"up: http://127.0.0.1:{port}/v2/models/NAME/infer (pid {child.pid})")


def down(home: HomeOption) -> None:
    """Stop everything that `sluice up` started; what was learned stays in the home."""
    pid = holder(home)
    if pid is None:
        say(f"{home.root}: nothing is up")
        return
    with suppress(ProcessLookupError):
        _end(pid, home)
    say("down")


def _end(pid: int, home: Home) -> None:
    """The lock is free before the process has ended, so the process itself is waited for.

    Raises:
        ProcessLookupError: It has ended already.
    """
    process = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        if not select.select([process], [], [], STOP_SECONDS)[0]:
            raise WorldError(
                f"pid {pid} has not stopped within {STOP_SECONDS:.0f} s; see {home.root / 'logs'}"
            )
    finally:
        os.close(process)


def apply(
    file: Annotated[
        Path, typer.Option("--file", "-f", help="ModelDeployments and templates of gates")
    ],
    home: HomeOption,
) -> None:
    """Say which model is wanted; the controller does the rest."""
    wanted = read(file)
    for name in apply_all(home, wanted):
        say(f"{name} applied")
    if wanted.deployments and holder(home) is None:
        say("[yellow]nothing is up yet: run `sluice up`[/]")


def apply_all(home: Home, wanted: Documents) -> Iterator[str]:
    """Keep all that a file asks for, templates first; what each is called.

    Raises:
        SpecError: A template is missing, or breaks a rule together with a deployment that names it;
            nothing has been kept then.
    """
    for one in (*wanted.deployments, *_others(home, wanted)):
        try:
            home.in_force(one.spec, wanted.gates)
        except SpecError as broken:
            raise SpecError(f"{one.metadata.name}: {broken}") from broken
    for template in wanted.templates:
        home.keep(template)
        yield f"{template.kind.lower()}/{template.metadata.name}"
    for deployment in wanted.deployments:
        home.apply(deployment)
        yield f"{_DEPLOYMENT}/{deployment.metadata.name}"


def _others(home: Home, wanted: Documents) -> Iterator[ModelDeployment]:
    """Deployments of the home that the templates of the file concern."""
    given = {deployment.metadata.name for deployment in wanted.deployments}
    for name in home.deployments() if wanted.templates else ():
        other = home.wanted(name)
        borrows = any((ref.kind, ref.name) in wanted.gates for ref in other.spec.gate_templates)
        if name not in given and borrows:
            yield other


def delete(
    name: Annotated[
        str, typer.Argument(help="a ModelDeployment, or KIND/NAME as `sluice apply` prints it")
    ],
    home: HomeOption,
) -> None:
    """Take a deployment down, first its routes, then its servers; or forget a template of gates."""
    kind, _, plain = name.rpartition("/")
    if kind.lower() in {"", _DEPLOYMENT}:
        home.delete(plain)
        say(f"{_DEPLOYMENT}/{plain} is being deleted")
        return
    template = _TEMPLATES.get(kind.lower())
    if template is None:
        known = ", ".join((_DEPLOYMENT, *_TEMPLATES))
        raise SpecError(f"{name}: there is no kind {kind!r}; the kinds are {known}")
    home.drop(template, plain)
    say(f"{template.lower()}/{plain} deleted")


@contextmanager
def child_installation(home: Home, port: int, workspace: Path) -> Iterator[None]:
    """An installation that lives as long as this process does, and not a moment longer.

    Raises:
        AlreadyRunningError: One is up already.
        WorldError: It did not come up; the message has the end of its log.
    """
    log = _prepared_log(home)
    begin = log.stat().st_size if log.exists() else 0
    child = Process(_command(home, port, workspace), log)
    try:
        await_answer(home, child.pid, child.ended, Log(log, begin))
        yield
    finally:
        child.close(STOP_SECONDS)


def _prepared_log(home: Home) -> Path:
    if (pid := holder(home)) is not None:
        raise already_running(home, pid)
    home.create()
    return home.root / "logs" / "controller.log"


def _command(home: Home, port: int, workspace: Path) -> list[str]:
    options = ["--home", str(home.root), "--port", str(port), "--workspace", str(workspace)]
    return [sys.executable, "-m", "sluice_cli.main", "up", "--foreground", *options]


@dataclass(frozen=True, slots=True)
class Log:
    """What one process has written to a log that it shares with those before it."""

    path: Path
    begin: int

    def end(self) -> str:
        """Its last words, or the refusal in them."""
        text = self.path.read_bytes()[self.begin :].decode(errors="replace")
        lines = text.splitlines()
        refused = [line for line in lines if line.startswith("sluice:")]
        return "\n".join(refused[-1:] or lines[-10:]) + f"\n(all of it: {self.path})"


def await_answer(home: Home, pid: int, ended: Callable[[], bool], log: Log) -> None:
    """Return once the installation of that process says where it listens.

    Raises:
        WorldError: It ended instead, or took too long; the message has the end of its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while (read_json(home.endpoint) or {}).get("pid") != pid:
        if ended() or time.monotonic() > deadline:
            raise WorldError(f"sluice did not come up:\n{log.end()}")
        time.sleep(0.05)
