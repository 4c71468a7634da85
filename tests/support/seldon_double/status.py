"""Statuses as Seldon's operator writes them. Pure; `now` is an argument.

Seldon sets no observedGeneration anywhere.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from seldon_double.experiment import Experiment
from seldon_double.registry import Model, State

Json = dict[str, Any]

EXPERIMENT_TYPES = ("CandidatesReady", "ExperimentReady", "MirrorReady")
MODEL_READY = "ModelReady"


def condition(kind: str, *, true: bool, message: str = "", reason: str = "") -> Json:
    """One condition, without its time."""
    said = {"type": kind, "status": str(true), "message": message, "reason": reason}
    return {name: value for name, value in said.items() if value}


def model_conditions(model: Model) -> list[Json]:
    """The message is the state, the reason is the scheduler's text."""
    latest = model.latest
    ready = latest.state is State.AVAILABLE
    said = condition(MODEL_READY, true=ready, message=latest.state, reason=latest.reason)
    return with_ready([said], (MODEL_READY,))


def unreachable_model(error: str) -> list[Json]:
    """The scheduler does not answer, or does not accept the Model for now."""
    said = condition(MODEL_READY, true=False, message=State.PROGRESSING, reason=error)
    return with_ready([said], (MODEL_READY,))


def experiment_conditions(experiment: Experiment) -> list[Json]:
    """Whether it is in force, and whether those that it names can take requests."""
    candidates, mirror = experiment.candidates_ready, experiment.mirror_ready
    active = condition("ExperimentReady", true=experiment.active, reason=experiment.reason)
    said = [
        condition("CandidatesReady", true=candidates, reason=_ready_text("Candidates", candidates)),
        active,
        condition("MirrorReady", true=mirror, reason=_ready_text("Mirror", mirror)),
    ]
    return with_ready(said, EXPERIMENT_TYPES)


def with_ready(conditions: Iterable[Json], dependents: tuple[str, ...]) -> list[Json]:
    """Add `Ready`, which is false like the first of its dependents that is."""
    found = list(conditions)
    false = [c for c in found if c["type"] in dependents and c["status"] != "True"]
    ready = {**false[0], "type": "Ready"} if false else condition("Ready", true=True)
    return sorted([*found, ready], key=lambda c: str(c["type"]))


def merged(before: Mapping[str, Any], conditions: Iterable[Json], now: str) -> list[Json]:
    """Conditions with their times; what was said of other types stays, for ever."""
    old = {c["type"]: c for c in before.get("conditions", ())}
    new = {c["type"]: _timed(c, old.get(c["type"]), now) for c in conditions}
    return [(old | new)[kind] for kind in sorted(old | new)]


def server_status(loaded: int) -> Json:
    """A server with one replica that runs."""
    conditions = [condition(kind, true=True) for kind in ("Ready", "StatefulSetReady")]
    return {"loadedModels": loaded, "replicas": 1, "selector": "", "conditions": conditions}


def _timed(said: Json, before: Mapping[str, Any] | None, now: str) -> Json:
    same = before is not None and before["status"] == said["status"]
    time = before["lastTransitionTime"] if same and before is not None else now
    return {**said, "lastTransitionTime": time}


def _ready_text(who: str, ready: bool) -> str:
    return f"{who} ready" if ready else f"{who} not ready"
