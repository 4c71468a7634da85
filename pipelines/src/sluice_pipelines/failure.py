"""From the output of a failed step to one line for a person."""

import re
from collections.abc import Sequence
from typing import Final

_TRACEBACK: Final = "Traceback (most recent call last):"
_RAISED: Final = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*): (?P<message>.*)$")
POD_MARK: Final = "Pod failed: "
"""Begins the line that says what was wrong with the Pod of a step, which no program in it can."""
_OURS: Final = ("sluice_components.errors.", "sluice_package.error.")


class PipelineError(Exception):
    """Root of what goes wrong with pipelines.

    PipelineError
    ├─ PipelineFailedError      a step failed; the message says which, and why
    └─ KubeflowError            Kubeflow does not do what was asked of it
       ├─ KubeflowAwayError       no answer: trying again may help
       ├─ KubeflowRefusedError    no login, or no right
       ├─ KubeflowTooOldError     it does not speak the API in version v2beta1
       ├─ KubeflowMissingError    there is no such run or schedule
       └─ RunFailedError          a run has ended otherwise than well
    """


class KubeflowError(PipelineError):
    """Kubeflow does not do what was asked of it."""


class KubeflowAwayError(KubeflowError):
    """Kubeflow does not answer, or cannot just now."""


class KubeflowRefusedError(KubeflowError):
    """Kubeflow does not know us, or does not allow it."""


class KubeflowTooOldError(KubeflowError):
    """What answers does not speak the API that we speak."""


class KubeflowMissingError(KubeflowError):
    """There is no such run or schedule."""


class RunFailedError(KubeflowError):
    """A run in Kubeflow has ended otherwise than well."""


class PipelineFailedError(PipelineError):
    """A step failed; the message names the step, the reason and the log."""

    def __init__(self, step: str, reason: str, log: str) -> None:
        """Keep the parts for callers that show them in their own way."""
        super().__init__(f"{step}: {reason} (log: {log})")
        self.step = step
        self.reason = reason
        self.log = log


def reason_in(lines: Sequence[str]) -> str:
    """Why the step failed: the message of our own errors, or the kind and message of others."""
    told = next((line.strip() for line in reversed(lines) if POD_MARK in line), "")
    if told:
        return told.partition(POD_MARK)[2]
    raised = _last_raised(lines)
    if raised is None:
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"ended without a Python error; its last words: {last or 'none'}"
    kind, message = raised
    if kind.startswith(_OURS):
        return message
    return f"{kind.rpartition('.')[2]}: {message}"


def _last_raised(lines: Sequence[str]) -> tuple[str, str] | None:
    starts = [number for number, line in enumerate(lines) if line.strip() == _TRACEBACK]
    if not starts:
        return None
    margin = len(lines[starts[-1]]) - len(lines[starts[-1]].lstrip())
    body = [line[margin:].rstrip() for line in lines[starts[-1] + 1 :]]
    for number, line in enumerate(body):
        # frames and their code are indented; the first line that is not is the error
        if (found := _RAISED.match(line)) is not None:
            return found["kind"], " ".join([found["message"], *_rest(body[number + 1 :])]).strip()
    return None


def _rest(lines: Sequence[str]) -> list[str]:
    """Further lines of a message, up to the next empty one."""
    end = next((number for number, line in enumerate(lines) if not line), len(lines))
    return [line.strip() for line in lines[:end]]
