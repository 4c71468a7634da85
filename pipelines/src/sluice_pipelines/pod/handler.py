"""Kubeflow's local orchestrator, told to give its tasks to Pods in place of Docker containers.

`kfp.local` looks its handler for containers up at each task, under a name that is replaced here
while a run lasts. Conditions, loops, retries and its cache stay its own.
"""

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import yaml
from kfp.local import status, task_dispatcher

from sluice_pipelines.pod.spec import Work
from sluice_pipelines.pod.yard import PodYard

_INPUT: Final = "--executor_input"
_LONGEST_NAME: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What the compiler knows of each step, and Kubeflow does not tell its handlers."""

    pipeline: str
    resources: Mapping[str, Mapping[str, str]]
    platform: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, text: str) -> "Compiled":
        """From the IR YAML with its platform document."""
        running, *others = yaml.safe_load_all(text)
        executors = running["deploymentSpec"]["executors"]
        platforms = others[0]["platforms"]["kubernetes"]["deploymentSpec"] if others else {}
        return cls(
            pipeline=running["pipelineInfo"]["name"],
            resources={
                _step(name): one["container"].get("resources", {})
                for name, one in executors.items()
            },
            platform={_step(name): one for name, one in platforms.get("executors", {}).items()},
        )


class PodTaskHandler:
    """One task of Kubeflow's local orchestrator; its arguments are what that hands over."""

    def __init__(
        self,
        yard: PodYard,
        compiled: Compiled,
        *,
        image: str,
        full_command: Sequence[str],
        env_vars: Mapping[str, str] | None = None,
        **_others: Any,
    ) -> None:
        step = step_of(full_command)
        self._yard = yard
        self._work = Work(
            step=step,
            name=pod_name(compiled.pipeline, step),
            image=image,
            command=full_command,
            variables=env_vars or {},
            resources=compiled.resources.get(step, {}),
            platform=compiled.platform.get(step, {}),
        )

    def run(self) -> status.Status:
        """Carry the task out; it prints what the step prints."""
        done = self._yard.carry_out(self._work, print)
        return status.Status.SUCCESS if done else status.Status.FAILURE


@contextlib.contextmanager
def steps_as_pods(yard: PodYard, compiled: Compiled) -> Iterator[None]:
    """While this lasts, what Kubeflow would run in Docker runs as Pods."""
    module: Any = task_dispatcher.docker_task_handler
    before: Callable[..., Any] = module.DockerTaskHandler
    module.DockerTaskHandler = partial(PodTaskHandler, yard, compiled)
    try:
        with warnings.catch_warnings():
            # it says that limits are ignored, which here they are not
            warnings.filterwarnings("ignore", message=".* have no effect in the current local")
            yield
    finally:
        module.DockerTaskHandler = before


def step_of(command: Sequence[str]) -> str:
    """The step that a command is for: the folder that it has to leave its output file in."""
    given = json.loads(command[list(command).index(_INPUT) + 1])
    return Path(given["outputs"]["outputFile"]).parent.name


def pod_name(pipeline: str, step: str) -> str:
    """A name that no other attempt has."""
    end = f"-{step}-{uuid4().hex[:6]}"
    return f"{pipeline[: _LONGEST_NAME - len(end)]}{end}"


def _step(label: str) -> str:
    return label.removeprefix("exec-")
