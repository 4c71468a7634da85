"""From the status of a Pod to a sentence on what is wrong with it, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Pod = Mapping[str, Any]

_STUCK: Final = {
    "ImagePullBackOff": "the image cannot be pulled; correct `image`, or give `pull_secrets`",
    "ErrImagePull": "the image cannot be pulled; correct `image`, or give `pull_secrets`",
    "ErrImageNeverPull": "the image is not on the node; load it there",
    "InvalidImageName": "the image has no valid name; correct `image`",
    "CreateContainerConfigError": "a Secret, ConfigMap or key is missing",
    "CreateContainerError": "the container cannot be made",
    "RunContainerError": "the container cannot be started; the image needs sh and python3",
}
_PHASES: Final = {
    "DeadlineExceeded": "it ran longer than it may; raise `timeout` of the step",
    "Evicted": "the node ran out of room; raise `memory` of the step, so that it is set aside",
}
_OUT_OF_MEMORY: Final = "OOMKilled"
_OWN_ERROR: Final = 1
"""Exit status of a Python program that raised; its log says more than we could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What keeps a Pod from doing its work."""

    text: str
    may_pass: bool = False
    """Whether waiting may help: another Pod may end, a Secret may come."""


def has_ended(pod: Pod) -> bool:
    """Whether nothing more will happen to it."""
    return phase_of(pod) in {"Succeeded", "Failed"}


def phase_of(pod: Pod) -> str:
    """As Kubernetes reports it; `Pending` before it has said anything."""
    return str(pod.get("status", {}).get("phase") or "Pending")


def trouble_of(pod: Pod) -> Trouble | None:
    """What is wrong; None for a Pod that does well, or failed by an error that its log tells."""
    match phase_of(pod):
        case "Failed":
            return _why_failed(pod)
        case "Pending":
            return _why_waiting(pod)
        case _:
            return None


def _why_failed(pod: Pod) -> Trouble | None:
    status = pod["status"]
    if status.get("reason"):
        said = f"{status['reason']}: {status.get('message') or 'no message'}"
        advice = _PHASES.get(status["reason"], "see `kubectl describe pod`")
        return Trouble(text=f"{said}; {advice}")
    ended = _state(pod).get("terminated", {})
    if ended.get("reason") == _OUT_OF_MEMORY:
        limit = pod["spec"]["containers"][0]["resources"]["limits"].get("memory", "no limit")
        return Trouble(
            text=f"killed at its memory limit of {limit}; raise `memory_limit` of the step"
        )
    code = ended.get("exitCode", 0)
    if code == _OWN_ERROR:
        return None
    return Trouble(text=f"ended with status {code} ({ended.get('reason') or 'no reason'})")


def _why_waiting(pod: Pod) -> Trouble | None:
    waiting = _state(pod).get("waiting", {})
    if waiting.get("reason") in _STUCK:
        advice = _STUCK[waiting["reason"]]
        said = f"{waiting['reason']}: {waiting.get('message') or 'no message'}"
        return Trouble(text=f"{said}; {advice}", may_pass=True)
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            said = condition.get("message") or condition.get("reason") or "no message"
            advice = "lower `cpu` or `memory` of the step, or add a node"
            return Trouble(text=f"no node takes it: {said}; {advice}", may_pass=True)
    return None


def _state(pod: Pod) -> Mapping[str, Any]:
    containers = pod.get("status", {}).get("containerStatuses") or [{}]
    state: Mapping[str, Any] = containers[0].get("state", {})
    return state
