"""Seldon's operator, as the double has it: resources to the scheduler, its news to their status."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from seldon_double import status
from seldon_double.experiment import Experiment, RefusedError, Share
from seldon_double.registry import ModelSpec
from seldon_double.release import Release
from seldon_double.scheduler import Scheduler
from sluice_operator.cluster.kind import SELDON_EXPERIMENT, SELDON_MODEL, Kind, Object, name_of
from sluice_operator.cluster.port import Cluster
from sluice_operator.errors import ConflictError, MissingError

FINALIZERS = {
    SELDON_MODEL: "seldon.model.finalizer",
    SELDON_EXPERIMENT: "seldon.experiment.finalizer",
}
REFUSED = "rpc error: code = FailedPrecondition desc = "
AWAY = "rpc error: code = Unavailable desc = connection error: connection refused"

Json = dict[str, Any]


class Controller:
    """Attends to every Model and Experiment of one namespace whose generation it has not seen."""

    def __init__(self, cluster: Cluster, namespace: str, release: Release) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._release = release
        self._seen: dict[tuple[Kind, str], int] = {}
        """Generation that the scheduler has been told of."""
        self._strays: dict[tuple[Kind, str], list[Json]] = {}
        """Conditions that report a refusal."""
        self._refused: tuple[Object, str, float] | None = None
        """An Experiment that the scheduler refuses, and until when it is tried again."""
        self.deaf = False
        """Whether no news of Models comes from the scheduler any more: their status stands still
        and their finalizers stay, as in 2.6.0 once 64 KiB of news have been sent."""

    def attend(self, scheduler: Scheduler, *, away: bool) -> None:
        """Tell the scheduler what is new, unless it is away."""
        self._retries()
        for kind in FINALIZERS:
            found = self._cluster.list(kind, self._namespace)
            for body in found:
                self._tolerant(
                    lambda kind=kind, body=body: self._attend(kind, body, scheduler, away)
                )
            self._forget(kind, {name_of(body) for body in found}, scheduler)

    def report(self, scheduler: Scheduler) -> None:
        """Write each status that is not as it should be."""
        for kind in FINALIZERS:
            if kind is SELDON_MODEL and self.deaf:
                continue
            for body in self._cluster.list(kind, self._namespace):
                if self._is_current(kind, body) or (kind, name_of(body)) in self._strays:
                    self._tolerant(lambda kind=kind, body=body: self._write(kind, body, scheduler))

    def _attend(self, kind: Kind, body: Object, scheduler: Scheduler, away: bool) -> None:
        metadata = body["metadata"]
        if away:
            self._note_absence(kind, body)
        elif metadata.get("deletionTimestamp"):
            self._let_go(kind, body, scheduler)
        elif FINALIZERS[kind] not in metadata.get("finalizers", ()):
            self._cluster.replace(kind, _with_finalizers(body, add=FINALIZERS[kind]))
        elif not self._is_current(kind, body) and not (kind is SELDON_EXPERIMENT and self._refused):
            self._tell(kind, body, scheduler)

    def _tell(self, kind: Kind, body: Object, scheduler: Scheduler) -> None:
        name, generation = name_of(body), body["metadata"]["generation"]
        self._strays.pop((kind, name), None)
        try:
            if kind is SELDON_MODEL:
                scheduler.load_model(name, model_spec(body))
            else:
                scheduler.start_experiment(experiment_of(body))
        except RefusedError as refused:
            self._note_refusal(kind, body, f"{REFUSED}{refused}")
        self._seen[kind, name] = generation

    def _retries(self) -> None:
        """A refused Experiment is asked for again; until that is over, no other one is."""
        if self._refused is None or time.monotonic() < self._refused[2]:
            return
        body, error, _ = self._refused
        self._strays[SELDON_EXPERIMENT, name_of(body)] = [stray(error)]
        self._refused = None

    def _note_refusal(self, kind: Kind, body: Object, error: str) -> None:
        if kind is SELDON_MODEL:
            self._strays[kind, name_of(body)] = status.unreachable_model(error)
            return
        self._refused = (body, error, time.monotonic() + self._release.refusal_seconds)
        self._retries()

    def _note_absence(self, kind: Kind, body: Object) -> None:
        if self._is_current(kind, body) or body["metadata"].get("deletionTimestamp"):
            return
        said = status.unreachable_model(AWAY) if kind is SELDON_MODEL else [stray(AWAY)]
        self._strays[kind, name_of(body)] = said

    def _let_go(self, kind: Kind, body: Object, scheduler: Scheduler) -> None:
        name = name_of(body)
        if FINALIZERS[kind] not in body["metadata"].get("finalizers", ()):
            return
        if kind is SELDON_MODEL and (not self._unloaded(name, scheduler) or self.deaf):
            return
        if kind is SELDON_EXPERIMENT:
            scheduler.stop_experiment(name)
        self._cluster.replace(kind, _with_finalizers(body, remove=FINALIZERS[kind]))
        self._seen.pop((kind, name), None)
        self._strays.pop((kind, name), None)

    def _unloaded(self, name: str, scheduler: Scheduler) -> bool:
        model = scheduler.models.get(name)
        if model is None:
            return True
        if not model.deleting:
            scheduler.unload_model(name)
        if any(version.server for version in model.versions):
            return False
        scheduler.forget_model(name)
        return True

    def _forget(self, kind: Kind, present: set[str], scheduler: Scheduler) -> None:
        """Somebody took the finalizer away and the object with it."""
        for known, name in list(self._seen):
            if known is kind and name not in present:
                del self._seen[kind, name]
                if kind is SELDON_EXPERIMENT:
                    scheduler.stop_experiment(name)
                elif name in scheduler.models and not scheduler.models[name].deleting:
                    scheduler.unload_model(name)

    def _write(self, kind: Kind, body: Object, scheduler: Scheduler) -> None:
        before = body.get("status") or {}
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions = status.merged(before, self._conditions(kind, body, scheduler), now)
        after = {**before, "conditions": conditions}
        if kind is SELDON_MODEL:
            after["replicas"] = 1
        if after != before:
            self._cluster.replace_status(kind, {**body, "status": after})

    def _conditions(self, kind: Kind, body: Object, scheduler: Scheduler) -> list[Json]:
        name = name_of(body)
        said: list[Json] = []
        if kind is SELDON_MODEL and name in scheduler.models:
            said = status.model_conditions(scheduler.models[name])
        elif kind is SELDON_EXPERIMENT and name in scheduler.experiments:
            said = status.experiment_conditions(scheduler.experiments[name])
        strays = self._strays.get((kind, name), [])
        named = {c["type"] for c in strays}
        return [*(c for c in said if c["type"] not in named), *strays]

    def _is_current(self, kind: Kind, body: Object) -> bool:
        return self._seen.get((kind, name_of(body))) == body["metadata"]["generation"]

    def _tolerant(self, work: Callable[[], None]) -> None:
        """Whoever lost a race looks again next time."""
        try:
            work()
        except (ConflictError, MissingError):
            return


def model_spec(body: Object) -> ModelSpec:
    """What a Model resource asks for."""
    spec = body["spec"]
    kind = (spec["modelType"],) if spec.get("modelType") else ()
    return ModelSpec(
        uri=spec["storageUri"],
        requirements=(*spec.get("requirements", ()), *kind),
        server=spec.get("server") or "",
        parameters=tuple((p["name"], p["value"]) for p in spec.get("parameters", ())),
        secret=spec.get("secretName") or "",
    )


def experiment_of(body: Object) -> Experiment:
    """What an Experiment resource asks for."""
    spec = body["spec"]
    mirror = spec.get("mirror")
    return Experiment(
        name=name_of(body),
        default=spec.get("default") or "",
        candidates=tuple(Share(name=c["name"], weight=c["weight"]) for c in spec["candidates"]),
        mirror=Share(name=mirror["name"], weight=mirror["percent"]) if mirror else None,
    )


def stray(error: str) -> Json:
    """What a refused Experiment gets: a condition of Models, which no later success takes away."""
    return status.condition(status.MODEL_READY, true=False, reason=error)


def _with_finalizers(body: Object, *, add: str = "", remove: str = "") -> Object:
    present = [f for f in body["metadata"].get("finalizers", ()) if f != remove]
    finalizers = [*present, add] if add else present
    return {**body, "metadata": {**body["metadata"], "finalizers": finalizers}}
