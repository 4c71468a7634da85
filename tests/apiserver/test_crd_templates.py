"""Templates of gates on a real API server: a gate keeps the same rules wherever it is written."""

from collections.abc import Iterator

import pytest
from admission_corpus import CASES, Case
from admission_objects import ERRORS, PAIRS, deployment, template
from control_plane import ControlPlane
from sluice_kinds import Admission, install_kinds, resource
from sluice_operator.api.admission.rule import WITH_GATES
from sluice_operator.api.rule import RULES

KINDS = ("GateTemplate", "ClusterGateTemplate")
PLURAL = {kind: f"{kind.lower()}s" for kind in KINDS}
OF_GATES = {rule.name for rule in RULES if rule.kinds == WITH_GATES} - {"durations-end"}
GATED = [case for case in CASES if case.rule in OF_GATES]


@pytest.fixture(scope="module")
def admission(control_plane: ControlPlane) -> Iterator[Admission]:
    install_kinds(control_plane)
    with control_plane.client() as client:
        yield Admission(client, "default")


def told_by(answer: str) -> list[str]:
    return [rule.name for rule in RULES if rule.message in answer]


def in_template(document: dict, kind: str) -> dict:
    return template(*document["spec"]["gates"], kind=kind)


def test_every_rule_about_a_gate_is_asked_here() -> None:
    assert len(GATED) >= 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", GATED, ids=lambda case: case.rule)
def test_a_template_keeps_the_rules_of_gates(case: Case, kind: str, admission: Admission) -> None:
    assert admission.says(in_template(case.accepted, kind), PLURAL[kind]) == ""
    answer = admission.says(in_template(case.refused, kind), PLURAL[kind])
    assert told_by(answer) == [case.rule], answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_of_no_gate_is_refused(kind: str, admission: Admission) -> None:
    assert "spec.gates" in admission.says(template(kind=kind), PLURAL[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_of_many_gates_is_admitted(kind: str, admission: Admission) -> None:
    many = [PAIRS | {"name": f"g{i}", "role": "Observe"} for i in range(32)]
    assert admission.says(template(*many, kind=kind), PLURAL[kind]) == ""
    one_more = [*many, PAIRS | {"name": "g32", "role": "Observe"}]
    assert admission.says(template(*one_more, kind=kind), PLURAL[kind]) != ""


def test_a_deployment_may_name_gates_that_only_a_template_has(admission: Admission) -> None:
    borrowing = deployment(
        strategy={"type": "Canary", "steps": [{"setWeight": 10}, _waits_for("slo")]},
        gates=[],
        gateTemplates=[{"name": "house"}, {"name": "all", "kind": "ClusterGateTemplate"}],
    )
    assert admission.says(borrowing) == ""
    alone = deployment(strategy=borrowing["spec"]["strategy"], gates=[ERRORS])
    assert told_by(admission.says(alone)) == ["analysis-names-known-gates"]


def test_what_is_left_out_is_not_written_into_the_object(
    control_plane: ControlPlane, namespace: str
) -> None:
    install_kinds(control_plane)
    with control_plane.client() as client:
        short = deployment(
            strategy={"type": "Canary"}, gates=[{"name": "x", "metric": "ErrorRate"}]
        )
        made = client.post(resource(namespace), json=short).raise_for_status().json()
    assert made["spec"]["strategy"]["steps"] == []
    assert not {"margin", "alpha", "role", "comparison"} & made["spec"]["gates"][0].keys()


def _waits_for(gate: str) -> dict:
    return {"analysis": {"gates": [gate]}}
