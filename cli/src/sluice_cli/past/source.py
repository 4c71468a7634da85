"""Where the record of an attempt is read: a home, an object in a cluster, or a file with one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from sluice_operator.controller.journal import entries_of
from sluice_operator.errors import SpecError
from sluice_operator.laptop.home import Home
from sluice_operator.laptop.run_record import replay
from sluice_operator.rollout.replay import Replayed, replayed

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What the command line says about it."""

    home: Home
    file: Path | None = None
    """One RolloutRun as YAML, a list of them, or several documents."""
    kubeconfig: Path | None = None
    context: str = ""
    namespace: str = ""

    @property
    def is_cluster(self) -> bool:
        """Whether a cluster is asked."""
        return bool(self.kubeconfig or self.context or self.namespace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One attempt, decided again."""

    name: str
    attempt: int
    turns: Sequence[Replayed]
    sources: Mapping[str, str]
    """What was asked for the counts of each gate, where that is known."""
    notes: Sequence[str] = ()
    """What of the record is missing."""


def past_of(where: Where, name: str, attempt: int) -> Past:
    """The attempt of that number; of 0 the last one.

    Raises:
        SpecError: There is no such record, or not enough of it.
        JournalError: It is damaged.
    """
    if where.file is not None:
        return _of_runs(_runs_in(where.file), name, attempt, str(where.file))
    if where.is_cluster:
        return _of_runs(_runs_of(where, name), name, attempt, f"namespace {_namespace(where)}")
    number = attempt or where.home.status(name).attempt
    path = where.home.run_file(name, number)
    if not path.exists():
        where.home.wanted(name)
        raise SpecError(f"{name}: attempt {number} has no record at {path}")
    turns = tuple(replay(path))
    return Past(name=name, attempt=number, turns=turns, sources={}, notes=_gaps(turns))


def _runs_in(path: Path) -> list[Plain]:
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as broken:
        raise SpecError(f"{path}: is no YAML: {broken}") from broken
    flat = (item for one in documents if one for item in one.get("items", [one]))
    return [one for one in flat if one.get("kind") == "RolloutRun"]


def _namespace(where: Where) -> str:
    return where.namespace or "default"


def _runs_of(where: Where, name: str) -> list[Plain]:
    """Every RolloutRun of a deployment in a cluster."""
    from sluice_operator.cluster.client import (  # noqa: PLC0415 - slow to import
        KubernetesCluster,
        login,
    )
    from sluice_operator.cluster.kind import DEPLOYMENT_LABEL, ROLLOUT_RUN  # noqa: PLC0415

    cluster = KubernetesCluster(login(where.kubeconfig, where.context), user_agent="sluice")
    selector = f"{DEPLOYMENT_LABEL}={name}"
    return list(cluster.list(ROLLOUT_RUN, _namespace(where), selector=selector))


def _of_runs(runs: Sequence[Plain], name: str, attempt: int, place: str) -> Past:
    mine = [run for run in runs if name in {"", run["spec"]["deployment"]}]
    number = attempt or max((run["spec"]["attempt"] for run in mine), default=0)
    found = [run for run in mine if run["spec"]["attempt"] == number]
    whole = next((run for run in found if not run["spec"].get("page")), None)
    if whole is None:
        of = f" of attempt {number}" if number else ""
        raise SpecError(f"{name or 'RolloutRun'}: no record{of} in {place}")
    turns = tuple(replayed(entries_of(found)))
    if not turns:
        raise SpecError(
            f"{whole['metadata']['name']}: its journal is empty, so it cannot be replayed;"
            " operators before this version kept none"
        )
    return Past(
        name=whole["spec"]["deployment"],
        attempt=number,
        turns=turns,
        sources=dict(_sources(whole)),
        notes=(*_beginning(whole, turns), *_gaps(turns)),
    )


def _sources(run: Plain) -> Iterator[tuple[str, str]]:
    for decision in run["status"].get("decisions", ()):
        for gate in decision.get("gates", ()):
            if gate.get("source"):
                yield gate["name"], gate["source"]


def _beginning(run: Plain, turns: Sequence[Replayed]) -> Iterator[str]:
    """That looks before the first one are not there."""
    first = turns[0]
    if first.before.attempt == first.decision.status.attempt:
        yield (
            f"can be replayed from {first.seen.now:%Y-%m-%d %H:%M:%S} on; the attempt began at"
            f" {run['status'].get('startedAt', 'an unknown time')}"
        )


def _gaps(turns: Sequence[Replayed]) -> tuple[str, ...]:
    """Looks that another process made and could not write down any more."""
    return tuple(
        f"looks between {one.seen.now:%H:%M:%S} and {other.seen.now:%H:%M:%S} are not in the record"
        for one, other in pairwise(turns)
        if other.resumed
    )
