"""A late traffic write of a killed operator, arriving at every moment of its successor."""

from typing import Any

import pytest
from cluster_fault import FaultPlan, Strike
from operator_storm import Replica, Storm, Weather
from operator_story import DEEDS, STORIES
from sluice_operator.cluster.kind import SELDON_EXPERIMENT
from sluice_operator.controller.turn import Turns

LANDINGS = range(1, 16)


class LateStorm(Storm):
    """The process dies in the middle of a write; a person aborts; the write arrives."""

    landing = 1

    def _bury(self, dead: Replica) -> None:
        self.kills += 1
        self.replicas.remove(dead)
        self._start(FaultPlan())
        self.replicas[-1].cluster.interrupt(self.landing, dead.cluster.land)
        DEEDS["asks"](self, "Abort")


def traffic_writes() -> list[int]:
    """Numbers of the calls that write the Experiment, in a rollout without faults."""
    storm = Storm(1, STORIES["good"], Weather(calm_after=1_000, longest=60))
    storm._start(FaultPlan())
    numbers: list[int] = []
    (replica,) = storm.replicas
    replace = replica.cluster.replace

    def counted(kind: Any, body: Any) -> Any:
        if kind == SELDON_EXPERIMENT:
            numbers.append(replica.cluster.calls + 1)
        return replace(kind, body)

    replica.cluster.replace = counted  # type: ignore[method-assign]
    for second in range(60):
        storm._second(second)
    return numbers


def wrong_weights(kill_at: int) -> list[str]:
    found: list[str] = []
    for landing in LANDINGS:
        plan = FaultPlan(kill_at=kill_at, kill=Strike.LATE)
        storm = LateStorm(1, STORIES["good"], Weather(plan=plan, calm_after=1_000, longest=60))
        storm.landing = landing
        found += storm.run().wrong
    return found


@pytest.mark.parametrize("number", range(4))
def test_a_late_write_of_a_killed_operator_raises_no_weight(number):
    assert wrong_weights(traffic_writes()[number]) == []


def test_without_the_fence_it_would(monkeypatch):
    def unfenced(self: Turns, memory: Any, body: Any, spec: Any) -> Any:
        memory.sure = True
        return body

    monkeypatch.setattr(Turns, "_fence", unfenced)
    found = [wrong for kill_at in traffic_writes() for wrong in wrong_weights(kill_at)]
    assert any("but the record allows" in wrong for wrong in found)
