"""What the profile `kind` asks of its node, with Seldon's own Pods: cores and memory, by Pod."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HELM = Path(__file__).resolve().parents[1] / "helm"
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}
GIB = 2**30
WORKLOADS = frozenset({"Deployment", "StatefulSet", "Job"})
SELDON = HELM / "kind" / "seldon-setup.values.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What one kind of Pod asks for, all replicas together."""

    name: str
    cores: float
    memory: float
    """Bytes."""


def main() -> int:
    """Print the table; fail if it does not fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--helm", default="helm", help="the program")
    parser.add_argument("--kube-version", default="1.34.0")
    parser.add_argument("--most-gib", type=float, default=8.0)
    given = parser.parse_args()
    asked = footprints(rendered(given.helm, given.kube_version))
    for one in asked:
        print(f"{one.name:50} {one.cores:6.2f} cores {one.memory / GIB:6.2f} GiB")
    memory = sum(one.memory for one in asked) / GIB
    print(f"{'all':50} {sum(one.cores for one in asked):6.2f} cores {memory:6.2f} GiB")
    return 0 if memory <= given.most_gib else 1


def rendered(helm: str, kube_version: str) -> list[dict[str, Any]]:
    """The objects of the profile."""
    profile = HELM / "sluice" / "values-kind.yaml"
    command = [helm, "template", "sluice", str(HELM / "sluice"), "--kube-version", kube_version]
    done = subprocess.run(
        [*command, "--values", str(profile)], check=True, capture_output=True, text=True
    )
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def footprints(objects: list[dict[str, Any]]) -> list[Footprint]:
    """Of every workload; Seldon's, of which only its own charts know the Pods, from our values."""
    ours = [_of_workload(one) for one in objects if one["kind"] in WORKLOADS]
    return sorted([*ours, *_of_seldon(objects)], key=lambda one: -one.memory)


def _of_workload(workload: dict[str, Any]) -> Footprint:
    pod = workload["spec"]["template"]["spec"]
    replicas = workload["spec"].get("replicas", 1)
    name = f"{workload['kind']} {workload['metadata']['name']} x{replicas}"
    first = max((_sum([c]) for c in pod.get("initContainers", ())), default=(0.0, 0.0))
    cores, memory = map(max, zip(_sum(pod["containers"]), first, strict=True))
    return Footprint(name=name, cores=replicas * cores, memory=replicas * memory)


def _of_seldon(objects: list[dict[str, Any]]) -> Iterator[Footprint]:
    values = yaml.safe_load(SELDON.read_text(encoding="utf-8"))
    for name in ("controller", "scheduler", "envoy"):
        yield _flat(f"Seldon {name}", [values[name]["resources"]], 1)
    servers = values["serverConfig"]
    for one in objects:
        if one["kind"] == "Server":
            (mlserver,) = (c for c in one["spec"]["podSpec"]["containers"] if "resources" in c)
            parts = [servers[p]["resources"] for p in ("agent", "rclone")]
            asked = [*parts, mlserver["resources"]["requests"]]
            yield _flat(f"Server {one['metadata']['name']}", asked, one["spec"]["replicas"])


def _flat(name: str, asked: list[dict[str, str]], replicas: int) -> Footprint:
    cores = sum(quantity(one["cpu"]) for one in asked)
    memory = sum(quantity(one["memory"]) for one in asked)
    return Footprint(name=f"{name} x{replicas}", cores=cores * replicas, memory=memory * replicas)


def _sum(containers: list[dict[str, Any]]) -> tuple[float, float]:
    asked = [container["resources"]["requests"] for container in containers]
    return sum(quantity(a["cpu"]) for a in asked), sum(quantity(a["memory"]) for a in asked)


def quantity(text: str) -> float:
    """A quantity of Kubernetes as a number: `250m` is 0.25."""
    if text.endswith("m"):
        return float(text[:-1]) / 1000
    unit = next((unit for unit in UNITS if text.endswith(unit)), "")
    return float(text.removesuffix(unit)) * UNITS.get(unit, 1)


if __name__ == "__main__":
    sys.exit(main())
