"""Templates: which gates hold when a deployment has its own and names those of others."""

from pathlib import Path

import pytest
import yaml
from admission_objects import ERRORS, PAIRS, SLO, deployment, template
from sluice_operator.api.load import load, parse, parse_template, read
from sluice_operator.api.template import MissingTemplateError, effective, gates_of, in_force
from sluice_operator.api.v1alpha1 import Spec, TemplateKind
from sluice_operator.errors import SpecError

HOUSE = template(ERRORS | {"margin": "3"}, SLO)
ALL = template(SLO | {"margin": "0.5"}, {"name": "late", "metric": "LatencyExceedance"})
ALL |= {"kind": "ClusterGateTemplate", "metadata": {"name": "all"}}
TEMPLATES = gates_of(map(parse_template, (HOUSE, ALL)))
REFS = [{"name": "house"}, {"name": "all", "kind": "ClusterGateTemplate"}]


def borrowing(*gates: dict, refs: list[dict] = REFS, **spec) -> Spec:
    return parse(deployment(gates=list(gates), gateTemplates=refs, **spec)).spec


def margins(spec: Spec) -> dict[str, float]:
    return {gate.name: gate.margin for gate in spec.gates}


def test_without_templates_nothing_changes() -> None:
    spec = parse(deployment()).spec
    assert effective(spec, TEMPLATES) is spec


def test_own_gates_win_then_those_of_the_first_template() -> None:
    spec = effective(borrowing(ERRORS), TEMPLATES)
    assert margins(spec) == {"errors": 2.0, "slo": 0.02, "late": 1.5}


def test_what_is_in_force_names_no_templates_any_more() -> None:
    assert effective(borrowing(), TEMPLATES).gate_templates == ()


def test_a_missing_template_is_told_with_its_place() -> None:
    with pytest.raises(MissingTemplateError) as told:
        effective(borrowing(refs=[*REFS, {"name": "nowhere"}]), TEMPLATES)
    assert str(told.value) == (
        "spec.gateTemplates[2]: there is no GateTemplate 'nowhere'; create it, or remove the name"
    )


def test_a_template_of_the_namespace_is_no_template_of_the_cluster() -> None:
    with pytest.raises(MissingTemplateError, match="no ClusterGateTemplate 'house'"):
        effective(borrowing(refs=[{"name": "house", "kind": "ClusterGateTemplate"}]), TEMPLATES)


def test_gates_that_break_a_rule_together_are_refused() -> None:
    greedy = gates_of([parse_template(template(SLO | {"alpha": "0.045"}))])
    with pytest.raises(SpecError, match=r"with its gateTemplates: .* sum to 0.055; at most 0.05"):
        effective(borrowing(ERRORS, refs=[{"name": "house"}]), greedy)


def test_an_analysis_must_name_a_gate_of_the_whole() -> None:
    steps = [{"setWeight": 10}, {"analysis": {"gates": ["slow"]}}]
    asked = borrowing(strategy={"type": "Canary", "steps": steps})
    with pytest.raises(SpecError, match=r"no gate is called 'slow'; spec\.gates has errors, late"):
        effective(asked, TEMPLATES)


def test_more_gates_than_one_deployment_may_have_are_refused() -> None:
    many = [PAIRS | {"name": f"g{i}", "role": "Observe"} for i in range(32)]
    mirrored = {"type": "Canary", "steps": [{"mirror": {"percent": 9}}, {"setWeight": 9}]}
    house = gates_of([parse_template(template(*many))])
    with pytest.raises(SpecError, match="33 in all; at most 32"):
        effective(borrowing(ERRORS, refs=[{"name": "house"}], strategy=mirrored), house)


def test_defaults_are_filled_in_around_the_gates_of_templates() -> None:
    spec = in_force(borrowing(strategy={"type": "Canary"}), TEMPLATES)
    assert margins(spec) == {"errors": 3.0, "slo": 0.02, "late": 1.5}
    assert spec.strategy.steps


def test_a_template_is_read_as_strictly_as_a_deployment() -> None:
    with pytest.raises(SpecError, match=r"spec.gates\[0\].marign: unknown field; did you mean"):
        parse_template(template(ERRORS | {"marign": "2"}))
    with pytest.raises(SpecError, match="2 gates are called 'errors'"):
        parse_template(template(ERRORS, ERRORS))


def test_a_file_may_hold_templates_and_deployments(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all([HOUSE, deployment(), ALL]))
    found = read(path)
    assert [one.metadata.name for one in found.deployments] == ["churn"]
    assert set(found.gates) == {
        (TemplateKind.GATE_TEMPLATE, "house"),
        (TemplateKind.CLUSTER_GATE_TEMPLATE, "all"),
    }
    assert load(path) == found.deployments[0]


def test_a_file_with_two_deployments_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(yaml.safe_dump_all([deployment(), deployment()]))
    assert len(read(path).deployments) == 2
    with pytest.raises(SpecError, match="has 2 ModelDeployments; expected one"):
        load(path)
