"""Scenario files: a story in commands, and below `----` what the real loop did with it.

Commands, one a line; `given` is followed by an indented YAML spec without its model:

    given                          the strategy, gates and so on of every model of the story
    wants v2 error_rate=0.05       apply a model, and how it will behave
    traffic per_second=50          what users send from now on
    world metrics_down=true        break or mend a part of the world
    ask Pause v2 because-of-this   a person asks
    delete                         the object is deleted
    restart                        the controller starts anew from its saved status
    run 30s                        time passes
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from sluice_operator.api.fields import parse_duration
from sluice_operator.api.load import parse
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Action, Revision, Verb
from sluice_operator.rollout.reconcile import Reconciled, Wish
from sluice_operator.rollout.record import status_from_json, status_to_json
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.status import Status
from sluice_operator.simulation.behaviour import Behaviour
from sluice_operator.simulation.run import run
from sluice_operator.simulation.world import START, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Commands and the trace they should leave."""

    commands: str
    expected: str


def blocks_of(path: Path) -> tuple[Block, ...]:
    """The blocks of a scenario file; blank lines part them."""
    parts = path.read_text().strip().split("\n\n")
    return tuple(
        Block(commands=commands.strip("\n"), expected=expected.strip("\n"))
        for commands, _, expected in (part.partition("----") for part in parts)
    )


def rewritten(blocks: tuple[Block, ...], traces: list[str]) -> str:
    """The file with the traces that were seen."""
    pairs = zip(blocks, traces, strict=True)
    return "\n\n".join(f"{b.commands}\n----\n{trace}".rstrip() for b, trace in pairs) + "\n"


@dataclass(slots=True, kw_only=True)
class Story:
    """A scenario while it is being told."""

    world: World = field(default_factory=World)
    plan: dict[str, Any] = field(default_factory=dict)
    spec: Spec | None = None
    status: Status = field(default_factory=lambda: Status(deployment="churn"))
    names: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    actions: tuple[Action, ...] = ()
    deleted: bool = False
    shown: str = ""

    def tell(self, block: Block) -> str:
        """Carry out the commands of one block; the trace that it leaves."""
        lines = [line for line in block.commands.splitlines() if not line.startswith("#")]
        trace: list[str] = []
        while lines:
            verb, *words = lines.pop(0).split()
            if verb == "given":
                body = list(takewhile(lambda line: line.startswith(" "), lines))
                del lines[: len(body)]
                self.plan = yaml.safe_load("\n".join(body))
            elif verb == "run":
                trace += self._run(parse_duration(words[0]))
            else:
                getattr(self, f"_{verb}")(*words)
        return "\n".join(trace)

    def _wants(self, version: str, *settings: str) -> None:
        uri = f"models:/churn/{version}"
        document = {
            "apiVersion": "sluice.dev/v1alpha1",
            "kind": "ModelDeployment",
            "metadata": {"name": "churn"},
            "spec": {"model": {"uri": uri}, **self.plan},
        }
        self.spec = parse(document).spec
        revision = wanted_revision("churn", self.spec)
        self.names[revision.name] = version
        if settings or uri not in self.world.behaviours:
            self.world.behaviours[uri] = replace(Behaviour(), **_settings(settings))

    def _traffic(self, *settings: str) -> None:
        self.world.traffic = replace(self.world.traffic, **_settings(settings))

    def _world(self, *settings: str) -> None:
        for name, value in _settings(settings).items():
            setattr(self.world, name, value)

    def _behaviour(self, version: str, *settings: str) -> None:
        uri = f"models:/churn/{version}"
        self.world.behaviours[uri] = replace(self.world.behaviours[uri], **_settings(settings))

    def _ask(self, verb: str, version: str, *reason: str) -> None:
        self.asked += 1
        name = next((n for n, v in self.names.items() if v == version), version)
        why = " ".join(reason)
        number = f"{self.asked:03d}"
        action = Action(id=number, verb=Verb(verb), revision=name, by="ann", reason=why)
        self.actions = (*self.actions, action)

    def _delete(self) -> None:
        self.deleted = True

    def _restart(self) -> None:
        self.status = status_from_json(status_to_json(self.status))

    def _run(self, span: timedelta) -> Iterator[str]:
        assert self.spec is not None
        wish = Wish(spec=self.spec, actions=self.actions, deleted=self.deleted)
        for turn in run(self.world, wish, self.status, span):
            self.status = turn.decision.status
            yield from self._lines(turn)

    def _lines(self, turn: Reconciled) -> Iterator[str]:
        seconds = (turn.seen.now - START).total_seconds()
        picture = self._picture(turn)
        events = turn.decision.events
        texts = [f"{e.reason}: {self._named(e.message)}" for e in events] or [""]
        if not events and picture == self.shown:
            return
        self.shown = picture
        for text in texts:
            yield f"{seconds:5.0f}s {picture}  {text}".rstrip()

    def _picture(self, turn: Reconciled) -> str:
        """Phase, and what the router did before this decision was acted upon."""
        status = turn.decision.status
        routes = turn.seen.serving.routes
        if routes is None:
            return f"{status.shown_phase:13} router?"
        weights = [f"{self.names.get(n, n)}={w}" for n, w in sorted(routes.weights.items())]
        mirror = [f"mirror({self.names.get(n, n)})={w}" for n, w in routes.mirror.items()]
        return f"{status.shown_phase:13} {' '.join([*weights, *mirror]) or '-':24}"

    def _named(self, text: str) -> str:
        for name, version in self.names.items():
            text = text.replace(name, version)
        return text


def _settings(words: tuple[str, ...]) -> dict[str, Any]:
    return {key: _value(text) for key, _, text in (word.partition("=") for word in words)}


def _value(text: str) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return parse_duration(text)
    except ValueError:
        return text


def revision(deployment: str, version: str) -> Revision:
    """A revision for tests that need no spec."""
    return Revision(name=f"{deployment}-{version}", uri=f"models:/{deployment}/{version}")
