"""A demo of half a minute: two models of made-up trips, and a rollout that meets no resistance."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from house import ROOT
from sluice_operator.serving.port import PortPool
from training_rows import trips

SLUICE = Path(sys.executable).with_name("sluice")
HEARING = ("env", "--default-signal=INT")
"""A shell that starts something in the background makes it deaf to Ctrl-C."""
ROWS = 6000
WAITING = "import signal\nopen('waiting', 'w').close()\nsignal.pause()\n"
"""A program that does not end by itself."""
_SCRIPT = {
    "deployment": "trips",
    "prepare": ["tables.py"],
    "traffic": {
        "file": "raw/traffic.parquet",
        "id": "id",
        "asked": "asked_at",
        "label": "late",
        "known": "known_at",
        "per_second": 20,
        "sticky_users": 5,
        "sticky_share": 0.3,
    },
    "opening": {
        "name": "v1",
        "story": "the first",
        "project": "sluice.yaml",
        "deployment": "v1.yaml",
        "outcome": "Promoted",
    },
    "acts": [
        {
            "name": "v2",
            "story": "the second, much the same",
            "project": "sluice-2.yaml",
            "deployment": "v2.yaml",
            "outcome": "Promoted",
        }
    ],
}
_PROJECT = {
    "name": "trips",
    "source": {"path": "raw/trips.csv"},
    "schema": [
        {"name": "distance", "type": "float", "nullable": True},
        {"name": "hour", "type": "integer"},
        {"name": "carrier", "type": "string"},
        {"name": "late", "type": "integer"},
    ],
    "target": {"column": "late"},
    "features": {"numeric": ["distance", "hour"], "categorical": ["carrier"]},
    "split": {"method": "stratified", "holdout": 0.3},
    "estimator": {"class": "sklearn.linear_model.LogisticRegression", "parameters": {"C": 1.0}},
    "acceptance": [{"metric": "roc_auc", "minimum": 0.6}],
    "seed": 7,
}
_STRATEGIES = {
    "v1": {"strategy": {"type": "Immediate"}},
    "v2": {
        "strategy": {
            "type": "Canary",
            "steps": [
                {"mirror": {"percent": 100}},
                {"pause": {"duration": "3s"}},
                {"mirror": {"percent": 0}},
                {"setWeight": 25},
                {"pause": {"duration": "3s"}},
                {"setWeight": 100},
            ],
        },
        "gates": [{"name": "errors", "metric": "ErrorRate", "margin": "2"}],
        "rollback": {"bake": "0s"},
    },
}
_TABLES = """
from pathlib import Path
import pandas as pd
raw = Path(__file__).parent / "raw"
raw.mkdir()
rows = pd.read_csv(Path(__file__).parent / "all.csv", parse_dates=["asked_at", "known_at"])
rows.drop(columns=["id", "asked_at", "known_at"]).to_csv(raw / "trips.csv", index=False)
rows.to_parquet(raw / "traffic.parquet", index=False)
"""


def write_small_demo(folder: Path, **changes: Any) -> Path:
    """The folder of the demo, with keys of its script replaced by `changes`."""
    folder.mkdir(parents=True)
    rows = trips(ROWS)
    asked = pd.Timestamp("2026-01-01") + pd.to_timedelta(range(ROWS), unit="s")
    rows = rows.assign(asked_at=asked, known_at=asked + pd.Timedelta(seconds=5))
    rows.to_csv(folder / "all.csv", index=False)
    (folder / "tables.py").write_text(_TABLES)
    (folder / "waits.py").write_text(WAITING)
    _write(folder / "demo.yaml", _SCRIPT | changes)
    _write(folder / "sluice.yaml", _PROJECT)
    softer = {"class": "sklearn.linear_model.LogisticRegression", "parameters": {"C": 0.5}}
    _write(folder / "sluice-2.yaml", _PROJECT | {"estimator": softer})
    for number, (name, spec) in enumerate(_STRATEGIES.items(), start=1):
        _write(folder / f"{name}.yaml", _deployment(number, spec))
    return folder


def _deployment(version: int, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "trips"},
        "spec": {"model": {"uri": f"models:/trips/{version}"}, **spec},
    }


def _write(file: Path, document: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(document, sort_keys=False))


@dataclass(kw_only=True)
class Performance:
    """A demo that is being played, in a session of its own as a terminal gives it one."""

    out: Path
    project: Path
    port: int = field(default_factory=lambda: PortPool().lend())
    through_make: bool = False
    process: "subprocess.Popen[str]" = field(init=False)

    def __post_init__(self) -> None:
        words = [str(self.project), "--out", str(self.out), "--port", str(self.port)]
        make = ["make", "demo", f"DEMO={' '.join(words)}"]
        self.process = subprocess.Popen(
            [*HEARING, *(make if self.through_make else [str(SLUICE), "demo", *words])],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def ctrl_c(self) -> None:
        """What a terminal does: everybody in the group in the foreground hears it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def interrupt_alone(self) -> None:
        """What another program does: the demo itself hears it, and none of its children."""
        self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """For a story that went wrong; nothing where it has ended."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()

    def end(self) -> str:
        """What it has said, once it has ended."""
        return self.process.communicate(timeout=120)[0]

    def observed(self, kind: str) -> dict[str, int]:
        """What the router was seen to do last, `weights` or `mirror`; nothing before."""
        view = self.out / "home" / "view" / "trips.json"
        if not view.exists():
            return {}
        shares: dict[str, int] = (json.loads(view.read_text())["observed"] or {}).get(kind, {})
        return shares

    def left_behind(self) -> list[str]:
        """Command lines of running processes that name its folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(self.out) in words and int(process.name) != os.getpid():
                found.append(words)
        return found
