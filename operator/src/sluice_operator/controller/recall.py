"""The memory of a rollout, read back: the object's status, and the evidence in its RolloutRun."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.cluster.kind import ROLLOUT_RUN, Object, name_of, namespace_of
from sluice_operator.cluster.port import Cluster
from sluice_operator.controller.moment import moment_of, optional_moment
from sluice_operator.errors import SluiceError
from sluice_operator.judge.update import restart_safe
from sluice_operator.model import Revision
from sluice_operator.rollout.status import (
    Attempt,
    GateState,
    Outcome,
    Pause,
    PauseReason,
    Phase,
    Retreat,
    Status,
)

_GATES: TypeAdapter[dict[str, GateState]] = TypeAdapter(dict[str, GateState])


class StatusFormatError(SluiceError):
    """The status of an object cannot be read; the message says what to do."""


def run_name(deployment: str, attempt: int) -> str:
    """Name of the RolloutRun of an attempt."""
    return f"{deployment}-{attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What the last operator knew."""

    status: Status
    spec: Spec | None = None
    """What it went by, if something is being judged: templates may have gone since."""


def checkpoint_of(status: Status, spec: Spec | None = None) -> str:
    """The evidence of all gates, the step that it was gathered in, and the spec, as JSON text.

    It has the characters of names as they are: six for one would make it too long.
    """
    revision = status.judged.name if status.judged else ""
    gates = _GATES.dump_python(dict(status.gates), mode="json")
    kept = {"step": status.step, "revision": revision, "gates": gates}
    whole = kept | ({"spec": spec.to_wire()} if spec is not None else {})
    return json.dumps(whole, ensure_ascii=False)


def recalled(cluster: Cluster, body: Object) -> Recalled:
    """What the last operator knew; evidence is read only when something is being judged.

    Raises:
        ClusterError: The RolloutRun could not be read.
        StatusFormatError: The status is damaged.
    """
    status = status_of(body)
    if status.judged is None or status.attempt == 0:
        return Recalled(status=status)
    run = cluster.get(ROLLOUT_RUN, namespace_of(body), run_name(name_of(body), status.attempt))
    text = (run or {}).get("status", {}).get("checkpoint") or "{}"
    return Recalled(status=with_checkpoint(status, text), spec=_spec_in(text, status.judged.name))


def _spec_in(text: str, revision: str) -> Spec | None:
    """The spec of a checkpoint; None if it is of another revision, or of another version of us."""
    kept = json.loads(text)
    if kept.get("revision") != revision or "spec" not in kept:
        return None
    try:
        return Spec.model_validate(kept["spec"])
    except ValueError:
        return None


def with_checkpoint(status: Status, text: str) -> Status:
    """The status with the evidence that was kept of it.

    Evidence of another revision does not count. Evidence of an earlier step is older than the
    status: the safety in it was proven under other traffic, and is to be proven anew.

    Raises:
        StatusFormatError: The text is no checkpoint.
    """
    assert status.judged is not None
    try:
        checkpoint = json.loads(text)
        if checkpoint.get("revision") != status.judged.name:
            return status
        gates = _GATES.validate_python(checkpoint["gates"])
    except (ValueError, KeyError, AttributeError) as damaged:
        raise StatusFormatError(
            f"evidence of {status.judged.name} cannot be read ({damaged}); delete the RolloutRun"
            f" {run_name(status.deployment, status.attempt)} to start it anew"
        ) from damaged
    if checkpoint.get("step") != status.step:
        gates = {
            name: replace(gate, evidence=restart_safe(gate.evidence))
            for name, gate in gates.items()
        }
    return replace(status, gates=gates)


def status_of(body: Object) -> Status:
    """The object's status without evidence; a new object has an empty one.

    Raises:
        StatusFormatError: Somebody wrote something else into it.
    """
    plain = body.get("status") or {}
    try:
        return _status(name_of(body), plain) if plain else Status(deployment=name_of(body))
    except (KeyError, TypeError, ValueError, AttributeError) as damaged:
        raise StatusFormatError(
            f"status of {namespace_of(body)}/{name_of(body)} cannot be read ({damaged!r}); restore"
            " it, or clear it to have the present model adopted anew"
        ) from damaged


def _status(name: str, plain: Mapping[str, Any]) -> Status:
    traffic, step = plain.get("traffic") or {}, plain.get("step") or {}
    pause, retreat = plain.get("pause"), plain.get("retreat")
    return Status(
        deployment=name,
        phase=Phase(pause["phase"] if pause else plain["phase"]),
        since=optional_moment(plain.get("since")),
        attempt=plain.get("attempt", 0),
        stable=_revision(plain.get("stable")),
        candidate=_revision(plain.get("candidate")),
        previous=_revision(plain.get("previous")),
        step=step.get("index", 0),
        step_since=optional_moment(step.get("since")),
        weight=traffic.get("desiredWeight", 0),
        mirror=traffic.get("mirrorPercent", 0),
        epoch=traffic.get("epoch", 0),
        peak_weight=traffic.get("peakWeight", 0),
        going_back=plain.get("goingBack", False),
        pause=_pause(pause) if pause else None,
        retreat=Retreat(outcome=Outcome(retreat["outcome"]), cause=retreat["cause"])
        if retreat
        else None,
        blind_since=optional_moment(plain.get("blindSince")),
        unready_since=optional_moment(plain.get("unreadySince")),
        stable_away=plain.get("stableAway", False),
        drift_since=optional_moment(plain.get("driftSince")),
        steady_since=optional_moment(plain.get("steadySince")),
        rejected=tuple(plain.get("rejected", ())),
        last_action=plain.get("lastAction", ""),
        history=tuple(_attempt(past) for past in plain.get("history", ())),
        message=plain.get("message", ""),
    )


def _revision(plain: Mapping[str, Any] | None) -> Revision | None:
    if not plain:
        return None
    return Revision(
        name=plain["name"],
        uri=plain["uri"],
        digest=plain.get("digest", ""),
        requirements=tuple(plain.get("requirements", ())),
    )


def _pause(plain: Mapping[str, Any]) -> Pause:
    return Pause(
        reason=PauseReason(plain["reason"]),
        since=moment_of(plain["since"]),
        message=plain.get("message", ""),
    )


def _attempt(plain: Mapping[str, Any]) -> Attempt:
    revision = _revision(plain["revision"])
    assert revision is not None
    return Attempt(
        number=plain["number"],
        revision=revision,
        outcome=Outcome(plain["outcome"]),
        cause=plain["cause"],
        peak_weight=plain["peakWeight"],
        ended_at=moment_of(plain["endedAt"]),
    )
