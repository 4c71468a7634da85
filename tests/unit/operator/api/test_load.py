"""A ModelDeployment as a person writes it: what is taken, and how each mistake is told."""

from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sluice_operator.api.load import load, parse
from sluice_operator.api.v1alpha1 import Comparison, GateRole
from sluice_operator.errors import SpecError

GOOD: dict[str, Any] = {
    "apiVersion": "sluice.dev/v1alpha1",
    "kind": "ModelDeployment",
    "metadata": {"name": "churn", "labels": {"team": "growth"}},
    "spec": {
        "model": {"uri": "models:/churn/3"},
        "strategy": {
            "type": "Canary",
            "steps": [
                {"mirror": {"percent": 20}},
                {"analysis": {"gates": ["acc"], "minDuration": "30s", "maxDuration": "1h30m"}},
                {"mirror": {"percent": 0}},
                {"setWeight": 10},
                {"setWeight": 50},
            ],
        },
        "gates": [
            {"name": "errors", "metric": "ErrorRate", "margin": "1.5"},
            {
                "name": "acc",
                "metric": "Accuracy",
                "comparison": "Paired",
                "role": "Objective",
                "margin": "0.02",
            },
        ],
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good document with one value replaced; a path ending in `-` removes the key."""
    document = deepcopy(GOOD)
    *parents, last = path.removesuffix("-").split(".")
    at: Any = document
    for part in parents:
        at = at[int(part)] if part.isdigit() else at[part]
    if path.endswith("-"):
        del at[last]
    else:
        at[int(last) if last.isdigit() else last] = value
    return document


def test_a_good_document_gets_its_defaults() -> None:
    spec = parse(GOOD).spec
    assert spec.gate("errors").role is GateRole.GUARDRAIL
    assert spec.gate("acc").comparison is Comparison.PAIRED
    assert spec.progress_deadline == timedelta(minutes=10)
    assert spec.strategy.steps[1].analysis is not None
    assert spec.strategy.steps[1].analysis.max_duration == timedelta(minutes=90)


def test_what_was_read_is_written_so_that_it_reads_the_same() -> None:
    wanted = parse(GOOD)
    assert parse(wanted.to_wire()) == wanted


STEPS = "spec.strategy.steps"
BAD = {
    "unknown field": (changed("spec.stratgy", {}), "spec.stratgy: unknown field; did you mean st"),
    "unknown field in a step": (
        changed(f"{STEPS}.3", {"setweight": 10}),
        "spec.strategy.steps[3].setweight: unknown field; did you mean setWeight?",
    ),
    "missing model": (changed("spec.model-", None), "spec.model: missing"),
    "no scheme": (changed("spec.model.uri", "churn/3"), "spec.model.uri: 'churn/3' has no scheme"),
    "falling weights": (
        changed(f"{STEPS}.4.setWeight", 5),
        "spec.strategy.steps[4].setWeight: 5 after 10; give weights in rising order",
    ),
    "weight over 100": (changed(f"{STEPS}.4.setWeight", 101), "less than or equal to 100"),
    "two kinds in a step": (
        changed(f"{STEPS}.3", {"setWeight": 10, "pause": {}}),
        "spec.strategy.steps[3]: has 2 kinds; give exactly one of",
    ),
    "a step of no kind": (changed(f"{STEPS}.3", {"name": "x"}), "has 0 kinds"),
    "unknown gate": (
        changed(f"{STEPS}.1.analysis.gates", ["accuracy"]),
        "no gate is called 'accuracy'; spec.gates has acc, errors",
    ),
    "two gates of one name": (changed("spec.gates.1.name", "errors"), "2 gates are called"),
    "paired without a mirror": (
        changed(STEPS, [{"setWeight": 10}]),
        "spec.gates[1] (acc): a Paired gate needs a mirror step",
    ),
    "ratio of one": (changed("spec.gates.0.margin", "1"), "give one over 1, for example 1.5"),
    "margin in words": (changed("spec.gates.0.margin", "much"), "'much' is not a decimal number"),
    "loss of all": (changed("spec.gates.1.margin", "1"), "give a share below 1"),
    "alpha too large": (changed("spec.gates.0.alpha", "0.2"), "less than or equal to 0.05"),
    "bad duration": (
        changed(f"{STEPS}.1.analysis.maxDuration", "1 hour"),
        "'1 hour' is not a duration; write for example 30s, 10m or 1h30m",
    ),
    "least longer than most": (
        changed(f"{STEPS}.1.analysis.minDuration", "2h"),
        "minDuration is longer than maxDuration",
    ),
    "deadline too short": (changed("spec.progressDeadline", "5s"), "spec.progressDeadline: "),
    "no experiment": (changed("spec.strategy", {"type": "ABTest"}), "an ABTest needs it"),
    "shadow with weight": (changed("spec.strategy.type", "Shadow"), "Shadow never sets a weight"),
    "immediate with steps": (changed("spec.strategy.type", "Immediate"), "Immediate strategy has"),
    "unknown strategy": (changed("spec.strategy.type", "BigBang"), "is not one of 'Canary'"),
    "unpaired accuracy": (
        changed("spec.gates.1", {"name": "acc", "metric": "Accuracy"}),
        "spec.gates[1] (acc).labels: missing; say at which age answers are counted",
    ),
    "an unknown metric": (
        changed("spec.gates.0", {"name": "x", "metric": "Eror"}),
        "spec.gates[0].metric: 'Eror' is not one of 'ErrorRate'",
    ),
    "long name": (changed("metadata.name", "x" * 46), "metadata.name: String should have at most"),
    "another version": (changed("apiVersion", "sluice.dev/v9"), "apiVersion: Input should be"),
    "gates that only observe": (
        changed("spec.gates", [{**GOOD["spec"]["gates"][1], "role": "Observe"}]),
        "no gate is enforced; add a Guardrail or an Objective",
    ),
}


@pytest.mark.parametrize(("document", "message"), BAD.values(), ids=BAD.keys())
def test_a_mistake_is_told_with_its_field_and_the_way_out(document, message) -> None:
    with pytest.raises(SpecError) as told:
        parse(document)
    assert message in str(told.value)


def test_guardrails_share_one_budget_of_false_rollbacks() -> None:
    gate = {"metric": "ErrorRate", "margin": "2", "alpha": "0.02"}
    document = changed("spec.gates", [{**gate, "name": name} for name in ("a", "b", "c")])
    document["spec"]["strategy"]["steps"] = [{"setWeight": 10}]
    with pytest.raises(SpecError, match=r"sum to 0.06; at most 0.05"):
        parse(document)


def test_all_mistakes_are_told_at_once() -> None:
    document = changed(f"{STEPS}.4.setWeight", 5)
    document["spec"]["gates"][0]["margin"] = "1"
    with pytest.raises(SpecError) as told:
        parse(document)
    assert len(str(told.value).splitlines()) == 2


def test_a_file_is_named_in_each_message(tmp_path: Path) -> None:
    path = tmp_path / "churn.yaml"
    path.write_text(yaml.safe_dump(changed("spec.model-", None)))
    with pytest.raises(SpecError, match=r"churn.yaml: spec.model: missing"):
        load(path)


def test_a_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "churn.yaml"
    path.write_text("spec: [1, 2\nkind: x")
    with pytest.raises(SpecError, match="line 2"):
        load(path)


def test_a_file_that_is_absent_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read: No such file"):
        load(tmp_path / "absent.yaml")
