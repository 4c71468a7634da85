"""Templates in a cluster: a team writes its gates once, and a lost template promotes nobody."""

from typing import Any

import pytest
from admission_objects import template
from operator_world import CANARY, KEY, NAMESPACE, OperatorWorld
from sluice_operator.cluster.kind import (
    CLUSTER_GATE_TEMPLATE,
    GATE_TEMPLATE,
    MODEL_DEPLOYMENT,
    ROLLOUT_RUN,
)
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.world import World

V1, V2, V3 = "s3://models/v1", "s3://models/v2", "s3://models/v3"
SLO = {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.02"}
SPEC = CANARY | {"gates": [], "gateTemplates": [{"name": "house"}]}


class TemplatedWorld(OperatorWorld):
    """The operator's world, with templates in it."""

    def watch(self) -> None:
        super().watch()
        for kind in (GATE_TEMPLATE, CLUSTER_GATE_TEMPLATE):
            for body in self.memory.list(kind):
                self.feed(kind, "MODIFIED", body)
            for held in self.feed.store.all(kind):
                metadata = held["metadata"]
                if self.memory.get(kind, metadata.get("namespace", ""), metadata["name"]) is None:
                    self.feed(kind, "DELETED", held)

    def write(self, *gates: dict[str, Any]) -> None:
        """The team writes its template, or edits it."""
        body = template(*gates)
        if self.memory.get(GATE_TEMPLATE, NAMESPACE, "house") is None:
            metadata = body["metadata"] | {"namespace": NAMESPACE}
            self.memory.create(GATE_TEMPLATE, body | {"metadata": metadata})
        self.memory.edit(
            GATE_TEMPLATE, NAMESPACE, "house", lambda found: found.update(spec=body["spec"])
        )

    def remove(self) -> None:
        """Somebody deletes it."""
        self.memory.delete(GATE_TEMPLATE, NAMESPACE, "house")

    def condition(self, name: str) -> dict[str, Any]:
        """One condition of the deployment."""
        return next(c for c in self.status["conditions"] if c["type"] == name)

    def gates(self) -> dict[str, dict[str, Any]]:
        """Its gates, as people see them."""
        return {gate["name"]: gate for gate in self.status.get("gates", ())}


@pytest.fixture
def operator() -> TemplatedWorld:
    behaviours = {V2: Behaviour(), V3: Behaviour(error_rate=0.2)}
    world = World(behaviours=behaviours, traffic=Traffic(per_second=50))
    return TemplatedWorld(world=world)


@pytest.fixture
def serving(operator: TemplatedWorld) -> TemplatedWorld:
    operator.write(SLO)
    operator.apply(V1, **SPEC)
    operator.run(20)
    return operator


def test_gates_of_a_template_promote_a_good_candidate(serving) -> None:
    serving.apply(V2, **SPEC)
    serving.run(60)
    assert serving.gates().keys() == {"slo"}
    serving.run(120)
    assert serving.status["stable"]["uri"] == V2


def test_gates_of_a_template_take_a_bad_candidate_back(serving) -> None:
    serving.apply(V3, **SPEC)
    serving.run(120)
    assert serving.status["history"][-1]["outcome"] == "RolledBack"
    assert serving.status["history"][-1]["cause"].startswith("Gate slo: ")


def test_without_its_template_nothing_new_begins_and_the_object_says_why(serving) -> None:
    serving.remove()
    serving.apply(V2, **SPEC)
    serving.run(60)
    assert (serving.status["stable"]["uri"], serving.status["attempt"]) == (V1, 1)
    stalled = serving.condition("Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "TemplateUnmet")
    assert "there is no GateTemplate 'house'; create it" in stalled["message"]
    assert "there is no GateTemplate 'house'" in serving.status["message"]


def test_a_template_that_comes_is_seen_at_once(serving) -> None:
    serving.remove()
    serving.apply(V2, **SPEC)
    serving.run(60)
    serving.write(SLO)
    serving.run(15)
    assert serving.condition("Stalled")["status"] == "False"
    assert serving.status["attempt"] == 2


def test_a_first_model_is_adopted_without_its_template_but_not_replaced(operator) -> None:
    operator.apply(V1, **SPEC)
    operator.run(20)
    assert operator.status["stable"]["uri"] == V1
    assert operator.condition("Stalled")["reason"] == "TemplateUnmet"
    operator.apply(V2, **SPEC)
    operator.run(120)
    assert operator.status["stable"]["uri"] == V1
    assert operator.status["attempt"] == 1


def test_a_rollout_under_way_goes_on_with_the_gates_that_it_had(serving) -> None:
    serving.apply(V2, **SPEC)
    serving.run(30)
    serving.remove()
    serving.run(5)
    assert serving.condition("Stalled")["reason"] == "TemplateUnmet"
    assert serving.gates()["slo"]["samples"] > 0
    serving.run(140)
    assert serving.status["stable"]["uri"] == V2


def test_a_bad_candidate_is_taken_back_though_the_template_is_gone(serving) -> None:
    serving.apply(V3, **SPEC)
    serving.run(8)
    serving.remove()
    serving.run(100)
    assert serving.status["history"][-1]["outcome"] == "RolledBack"


@pytest.mark.parametrize(("candidate", "outcome"), [(V2, "Promoted"), (V3, "RolledBack")])
def test_a_new_process_still_knows_the_gates_of_a_template_that_is_gone(
    serving, candidate, outcome
) -> None:
    serving.apply(candidate, **SPEC)
    serving.run(9)
    serving.remove()
    serving.start()
    serving.run(200)
    assert serving.status["history"][-1]["outcome"] == outcome
    assert serving.status["attempt"] == 2


def test_a_process_that_knows_no_gates_promotes_nobody(serving) -> None:
    """The record is gone with the template: the candidate keeps what it has."""
    serving.apply(V2, **SPEC)
    serving.run(20)
    before = serving.status["traffic"]["desiredWeight"]
    serving.remove()
    run = serving.memory.get(ROLLOUT_RUN, NAMESPACE, f"{KEY[1]}-2")
    assert run is not None
    lost = {name: value for name, value in run["status"].items() if name != "checkpoint"}
    serving.memory.replace_status(ROLLOUT_RUN, {**run, "status": lost})
    serving.start()
    serving.run(600)
    assert serving.status["candidate"]["uri"] == V2
    assert serving.status["traffic"]["desiredWeight"] == before
    assert serving.condition("Stalled")["reason"] == "TemplateUnmet"
    serving.write(SLO)
    serving.run(300)
    assert serving.status["stable"]["uri"] == V2


def test_an_edited_template_restarts_the_gate_that_was_edited(serving) -> None:
    slow = {"name": "late", "metric": "LatencyExceedance", "threshold": "250ms"}
    serving.write(SLO, slow)
    serving.apply(V2, **SPEC)
    serving.run(30)
    counted = {name: gate["samples"] for name, gate in serving.gates().items()}
    serving.write(SLO | {"margin": "0.03"}, slow)
    serving.run(2)
    serving.run(35)
    after = {name: gate["samples"] for name, gate in serving.gates().items()}
    assert after["late"] > counted["late"]
    assert after["slo"] < after["late"]


def test_a_template_that_becomes_too_greedy_stalls_and_the_old_gates_hold(serving) -> None:
    own = {"name": "errors", "metric": "ErrorRate"}
    spec = SPEC | {"gates": [own]}
    serving.apply(V2, **spec)
    serving.run(20)
    serving.write(SLO | {"alpha": "0.045"})
    serving.run(20)
    assert "sum to 0.055; at most 0.05" in serving.condition("Stalled")["message"]
    assert serving.gates().keys() == {"errors", "slo"}


def test_templates_of_the_cluster_serve_every_namespace(operator) -> None:
    body = template(SLO, kind="ClusterGateTemplate")
    operator.memory.create(CLUSTER_GATE_TEMPLATE, body)
    refs = {"gateTemplates": [{"name": "house", "kind": "ClusterGateTemplate"}]}
    operator.apply(V1, **SPEC | refs)
    operator.run(20)
    operator.apply(V3, **SPEC | refs)
    operator.run(120)
    assert operator.status["history"][-1]["cause"].startswith("Gate slo: ")


def test_three_lines_of_strategy_are_carried_out_and_never_written(operator) -> None:
    short = {"strategy": {"type": "Canary"}}
    operator.apply(V1, **short)
    operator.run(20)
    operator.apply(V3, **short)
    operator.run(900)
    assert operator.status["history"][-1]["outcome"] == "RolledBack"
    assert operator.status["history"][-1]["peakWeight"] == 1
    spec = operator.memory.get(MODEL_DEPLOYMENT, *KEY)["spec"]
    assert spec == {"model": {"uri": V3}} | short
