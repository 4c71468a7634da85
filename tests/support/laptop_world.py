"""A laptop as its user has it: the `sluice` command, real processes, real traffic."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from eventually import eventually
from laptop_packages import COMMON, asking, copy_of, region_package
from laptop_users import Users
from sluice_cli.rollout import view
from sluice_operator.api.load import parse
from sluice_operator.laptop.home import Home
from sluice_operator.laptop.lock import holder
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.serving.port import PortPool

NAME = "loans"
BIN = Path(sys.executable).parent
START_SECONDS = 90.0
"""In which a model server should have started, with other programs at work."""


@dataclass(frozen=True)
class Ran:
    """One `sluice` command that has ended."""

    code: int
    out: str
    err: str


@dataclass(kw_only=True)
class Laptop:
    """One installation."""

    folder: Path
    port: int = field(default_factory=lambda: PortPool().lend())
    packages: int = 0

    @property
    def home(self) -> Home:
        return Home(root=self.folder / "home")

    def command(self, *words: str) -> list[str]:
        """The command line of `sluice` for this home."""
        return [str(BIN / "sluice"), *words, "--home", str(self.home.root)]

    def run(self, *words: str) -> Ran:
        """`sluice ...`, whatever comes of it."""
        ran = subprocess.run(self.command(*words), capture_output=True, text=True, check=False)
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def sluice(self, *words: str) -> str:
        """`sluice ...`, which must succeed; what it printed."""
        ran = self.run(*words)
        assert ran.code == 0, f"sluice {' '.join(words)}: {ran.err or ran.out}\n{self.log()}"
        return ran.out

    def up_words(self) -> list[str]:
        """`sluice up` for this laptop, without its home."""
        return ["up", "--port", str(self.port), "--workspace", str(self.folder / "workspace")]

    def up(self) -> int:
        """Bring it up; the process of the controller."""
        said = self.sluice(*self.up_words())
        assert f"(pid {self.controller()})" in said
        return self.controller()

    def log(self) -> str:
        """The end of the controller's log."""
        file = self.home.root / "logs" / "controller.log"
        return file.read_text()[-3000:] if file.exists() else ""

    def package(self, *, knows_rare: bool = True) -> Path:
        """A model package that was not served before."""
        original = self.folder / "packages" / f"original-{knows_rare}"
        if not original.exists():
            region_package(original, knows_rare=knows_rare)
        self.packages += 1
        return copy_of(original, self.folder / "packages" / str(self.packages))

    def document(self, package: Path, name: str = NAME, **spec: Any) -> dict[str, Any]:
        """A ModelDeployment that wants a package."""
        return {
            "apiVersion": "sluice.dev/v1alpha1",
            "kind": "ModelDeployment",
            "metadata": {"name": name},
            "spec": {"model": {"uri": package.as_uri()}, **spec},
        }

    def write(self, document: Mapping[str, Any]) -> str:
        """The document in a file."""
        file = self.folder / "deployment.yaml"
        file.write_text(yaml.safe_dump(document, sort_keys=False))
        return str(file)

    def apply(self, package: Path, name: str = NAME, **spec: Any) -> str:
        """`sluice apply`; the name of the revision that is wanted now."""
        document = self.document(package, name, **spec)
        self.sluice("apply", "-f", self.write(document))
        return wanted_revision(name, parse(document).spec).name

    def view(self, name: str = NAME) -> dict[str, Any]:
        """What `sluice rollout get -o json` prints, without the second that a process takes."""
        return view(self.home, name)

    def until(
        self,
        check: Callable[[dict[str, Any]], Any],
        name: str = NAME,
        within: float = START_SECONDS,
    ) -> dict[str, Any]:
        """The first view of which something is true."""
        try:
            return eventually(
                lambda: seen if check(seen := self.seen(name)) else None, within, every=0.05
            )
        except AssertionError as never:
            raise AssertionError(f"{never}\n{self.seen(name)}\n{self.log()}") from never

    def seen(self, name: str = NAME) -> dict[str, Any]:
        """The view, or nothing before the first look."""
        return self.view(name) if self.home.view_file(name).exists() else {"phase": ""}

    def until_phase(self, phase: str, name: str = NAME) -> dict[str, Any]:
        """The view of a deployment that has come to a phase."""
        return self.until(lambda seen: seen["phase"] == phase, name)

    def serve_first(self, name: str = NAME, **spec: Any) -> str:
        """The first model, until it answers; the name of its revision."""
        revision = self.apply(self.package(), name, strategy=IMMEDIATE, **spec)
        seen = self.until(lambda seen: seen["phase"] in {"Healthy", "Failed"}, name)
        assert seen["phase"] == "Healthy", seen["message"]
        return revision

    def url(self, name: str = NAME) -> str:
        """Where the model answers."""
        return f"http://127.0.0.1:{self.port}/v2/models/{name}/infer"

    def users(self, per_second: float = 20, region: str = COMMON, **more: Any) -> Users:
        """Users who ask about one region."""
        url = self.url(more.pop("name", NAME))
        return Users(url=url, per_second=per_second, say=lambda _: asking(region), **more)

    def ask(self, name: str = NAME, **headers: str) -> httpx.Response:
        """One request of one user."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return httpx.post(
            self.url(name), json=asking(COMMON), headers=sent, timeout=20, trust_env=False
        )

    def controller(self) -> int:
        """The process of the controller."""
        pid = holder(self.home)
        assert pid is not None, f"nothing is up\n{self.log()}"
        return pid

    def processes(self) -> dict[str, int]:
        """`envoy` and each revision that runs, with their process numbers."""
        children = children_of(self.controller())
        return {role: child for child in children if (role := role_of(child))}

    def kill(self, role: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to Envoy, or to the model server of a revision."""
        pid = self.processes()[role]
        os.kill(pid, how)
        return pid


IMMEDIATE = {"type": "Immediate"}


def canary(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A strategy of these steps."""
    return {"type": "Canary", "steps": list(steps), **more}


ERRORS = {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "2"}


def watched(weight: int) -> dict[str, Any]:
    """A share of the traffic for longer than any test takes; the gate is armed meanwhile."""
    steps = (
        {"setWeight": weight},
        {"analysis": {"gates": ["errors"], "minDuration": "10m", "maxDuration": "1h"}},
        {"setWeight": 100},
    )
    return {"strategy": canary(*steps), "gates": [ERRORS]}


WATCHED_HALF = watched(50)


def children_of(pid: int) -> Sequence[int]:
    """Processes that a process has started and that still run."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in found for child in text_of(file).split()]


def role_of(pid: int) -> str:
    """What a process of an installation is for; empty for one that has just ended."""
    command = text_of(Path(f"/proc/{pid}/cmdline")).split("\0")
    folder = next((word for word in command if "/servers/" in word), "")
    return Path(folder).name or ("envoy" if any("envoy" in word for word in command) else "")


def text_of(file: Path) -> str:
    """What stands in a file below /proc; nothing once its process or thread has ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid: int) -> bool:
    """A zombie is not alive, it only has not been waited for."""
    stat = text_of(Path(f"/proc/{pid}/stat"))
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


@contextmanager
def laptop_in(folder: Path) -> Iterator[Laptop]:
    """An installation that is up, and gone afterwards with all that it started."""
    laptop = Laptop(folder=folder)
    laptop.up()
    try:
        yield laptop
    finally:
        pids = list(laptop.processes().values())
        laptop.sluice("down")
        assert not any(is_alive(pid) for pid in pids), "a process was left behind"
