"""The stand-in server as a `Runtime` of the local engine, and its model packages."""

import json
import sys
from pathlib import Path
from typing import Any

import standin_server
from sluice_operator.model import Revision
from sluice_operator.serving.runtime import MlServerRuntime, Placement


class StandInRuntime:
    """Reads the same two files as MLServer."""

    def prepare(self, folder: Path, placement: Placement) -> tuple[str, ...]:
        MlServerRuntime(python=Path(sys.executable)).prepare(folder, placement)
        return (sys.executable, "-S", standin_server.__file__, str(folder))


def standin(folder: Path, name: str, **behaviour: Any) -> Revision:
    """A revision whose server behaves as told."""
    model = folder / name
    model.mkdir(parents=True, exist_ok=True)
    revision = Revision(name=name, uri=str(model), digest=f"sha256:{0:064x}")
    behave(revision, **behaviour)
    return revision


def behave(revision: Revision, **behaviour: Any) -> None:
    """From now on the server behaves like this."""
    fresh = Path(revision.uri) / "behaviour.new"
    fresh.write_text(json.dumps(behaviour))
    fresh.rename(Path(revision.uri) / "behaviour.json")


def received(revision: Revision) -> list[dict[str, Any]]:
    """What the server was asked, in order."""
    file = Path(revision.uri) / "received.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
