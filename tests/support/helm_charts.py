"""Our charts as tests see them: rendered by the real helm, and installed where one asks."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from control_plane import kubernetes_version
from house import ROOT

CHARTS = ROOT / "helm"
PARTS = (
    "operator",
    "postgresql",
    "object-store",
    "ledger",
    "mlflow",
    "prometheus",
    "grafana-dashboards",
    "seldon",
    "kfp",
)
PROFILES = ("kind", "dev", "test", "staging", "prod")
WORKLOADS = ("Deployment", "StatefulSet", "Job")

FAST = ("--qps", "1000", "--burst-limit", "1000")
"""helm asks no more often than this; a loopback API server is not to be spared."""

Object = dict[str, Any]


class HelmError(Exception):
    """helm refused; the message is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A chart with values."""

    chart: str
    files: tuple[str, ...] = ()
    """Files of values, below the chart."""
    sets: tuple[str, ...] = ()
    """As `--set-json` takes them."""

    def __str__(self) -> str:
        """What a test is named after."""
        return "-".join((self.chart, *(Path(file).stem for file in self.files)))

    @property
    def options(self) -> list[str]:
        """For the command line."""
        folder = CHARTS / self.chart
        named = [option for file in self.files for option in ("--values", str(folder / file))]
        return [*named, *(option for one in self.sets for option in ("--set-json", one))]


def alone(chart: str, *sets: str) -> Wish:
    """A part by itself, with the least that it must be told."""
    least = "ci/alone-values.yaml"
    files = (least,) if (CHARTS / chart / least).exists() else ()
    return Wish(chart=chart, files=files, sets=sets)


def profile(name: str, *sets: str) -> Wish:
    """The umbrella with one of its profiles, and names where the profile asks for them."""
    given = (f"values-{name}.yaml", f"ci/{name}-values.yaml")
    files = tuple(file for file in given if (CHARTS / "sluice" / file).exists())
    return Wish(chart="sluice", files=files, sets=sets)


EVERYTHING = (*(profile(name) for name in PROFILES), *(alone(chart) for chart in PARTS))


@cache
def helm() -> Path:
    """The program.

    Raises:
        HelmError: It is not there.
    """
    home = os.environ.get("SLUICE_NODE_HOME") or Path.home() / ".cache" / "sluice" / "node"
    program = Path(home) / kubernetes_version() / "bin" / "helm"
    if not os.access(program, os.X_OK):
        raise HelmError(f"{program} is not there: `make helm` builds it")
    return program


def run(*arguments: str, home: Path | None = None) -> str:
    """What helm prints.

    Raises:
        HelmError: It refused.
    """
    done = subprocess.run(
        [str(helm()), *arguments, *FAST],
        env=os.environ | ({"HOME": str(home)} if home else {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise HelmError(f"{done.stdout}{done.stderr}")
    return done.stdout


@cache
def rendered(wish: Wish, namespace: str = "sluice", release: str = "sluice") -> tuple[Object, ...]:
    """Every object that an installation would make."""
    text = run(
        "template",
        release,
        str(CHARTS / wish.chart),
        *("--namespace", namespace, "--kube-version", kubernetes_version()),
        *wish.options,
    )
    return tuple(one for one in yaml.load_all(text, Loader=yaml.CSafeLoader) if one)


def named(objects: Sequence[Object], kind: str, name: str) -> Object:
    """The one object of that kind and name."""
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def pods(objects: Sequence[Object]) -> Iterator[tuple[str, Object]]:
    """The Pod that each workload would start, and the workload's name; Seldon's servers too.

    Of a Server, without containers that only add to those of its ServerConfig.
    """
    for one in objects:
        if one["kind"] in WORKLOADS:
            yield f"{one['kind']} {one['metadata']['name']}", one["spec"]["template"]["spec"]
        if one["kind"] == "ServerConfig":
            yield f"ServerConfig {one['metadata']['name']}", one["spec"]["podSpec"]
        if one["kind"] == "Server":
            pod = one["spec"]["podSpec"]
            whole = [container for container in pod["containers"] if "image" in container]
            yield f"Server {one['metadata']['name']}", pod | {"containers": whole}


def containers(pod: Object) -> list[Object]:
    """All of them, those that prepare included."""
    return [*pod.get("initContainers", ()), *pod["containers"]]
