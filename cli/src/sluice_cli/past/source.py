"""Where the record of an attempt is read: a home, an object in a cluster, or a file with one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from sluice_operator.controller.journal import entries_of
from sluice_operator.errors import SpecError
from sluice_operator.laptop.home import Home
from sluice_operator.laptop.run_record import replay
from sluice_operator.rollout.replay import Replayed, replayed

from sluice_cli.past.shown import differences

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
    unlike: Mapping[int, str] = field(default_factory=dict)
    """Number of each decision that the record shows otherwise than it was made, to what differs."""

    def difference(self, number: int) -> str:
        """How a decision differs from what was recorded; empty if it does not."""
        if not self.turns[number - 1].equal:
            return "another decision was made then"
        return self.unlike.get(number, "")

    @property
    def differing(self) -> Iterator[int]:
        """Numbers of the decisions that differ from what was recorded."""
        numbers = range(1, len(self.turns) + 1)
        return (number for number in numbers if self.difference(number))


def past_of(where: Where, name: str, attempt: int) -> Past:
    """The attempt of that number; of 0 the last one.

    Raises:
        SpecError: There is no such record, or not enough of it.
        JournalError: It is damaged.
    """
    if where.file is not None:
        return _of_runs(_runs_in(where.file), name, attempt, str(where.file))
    if where.is_cluster:
        from sluice_cli.past.cluster import runs_of  # noqa: PLC0415 - slow to import

        runs = runs_of(where.kubeconfig, where.context, where.namespace, name)
        return _of_runs(runs, name, attempt, f"namespace {runs[0]['metadata']['namespace']}")
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
    maps = (one for one in documents if isinstance(one, dict))
    flat = [item for one in maps for item in one.get("items") or [one]]
    runs: list[Plain] = [
        one for one in flat if isinstance(one, dict) and one.get("kind") == "RolloutRun"
    ]
    for run in runs:
        _refuse_cut(run, path)
    return runs


def _refuse_cut(run: Plain, path: Path) -> None:
    spec, metadata = run.get("spec") or {}, run.get("metadata") or {}
    if "deployment" not in spec or "attempt" not in spec or "name" not in metadata:
        raise SpecError(
            f"{path}: a RolloutRun without metadata.name, spec.deployment or spec.attempt; write"
            " it with `kubectl get rrun NAME -o yaml`"
        )


def _of_runs(runs: Sequence[Plain], name: str, attempt: int, place: str) -> Past:
    mine = [run for run in runs if name in {"", run["spec"]["deployment"]}]
    number = attempt or max((run["spec"]["attempt"] for run in mine), default=0)
    found = [run for run in mine if run["spec"]["attempt"] == number]
    whole = next((run for run in found if not run["spec"].get("page")), None)
    if whole is None:
        raise SpecError(_absent(runs, name, attempt, place))
    turns = tuple(replayed(entries_of(found)))
    if not turns:
        raise SpecError(
            f"{whole['metadata']['name']}: its journal is empty, so it cannot be replayed;"
            " operators before this version kept none"
        )
    decisions = whole["status"].get("decisions", ())
    return Past(
        name=whole["spec"]["deployment"],
        attempt=number,
        turns=turns,
        sources=dict(_sources(decisions)),
        notes=(*_beginning(whole, turns), *_gaps(turns)),
        unlike=dict(differences(turns, decisions)),
    )


def _absent(runs: Sequence[Plain], name: str, attempt: int, place: str) -> str:
    """Which record there is none of, and which there are."""
    of = f" of attempt {attempt}" if attempt else ""
    names = sorted(
        {f"{run['spec']['deployment']} attempt {run['spec']['attempt']}" for run in runs}
    )
    return (
        f"{name or 'RolloutRun'}: no record{of} in {place}; there is {', '.join(names) or 'none'}"
    )


def _sources(decisions: Sequence[Plain]) -> Iterator[tuple[str, str]]:
    for decision in decisions:
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
