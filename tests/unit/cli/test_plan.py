"""`sluice rollout plan` and `sluice apply` with templates, as a person types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from admission_objects import ERRORS, SLO, deployment, template

SLUICE = Path(sys.executable).with_name("sluice")
BORROWING = deployment(gates=[], gateTemplates=[{"name": "house"}])


def sluice(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SLUICE, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"COLUMNS": "160"},
    )


def written(folder: Path, *documents: dict) -> Path:
    path = folder / "churn.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return path


def planned(folder: Path, *documents: dict) -> dict:
    written(folder, *documents)
    done = sluice(folder, "rollout", "plan", "-f", "churn.yaml", "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_three_lines_of_strategy_show_what_they_mean(tmp_path):
    plan = planned(tmp_path, deployment(strategy={"type": "Canary"}, gates=[]))
    assert plan["filled"] is True
    assert [step["weight"] for step in plan["steps"]] == [1, 1, 5, 5, 25, 25, 50, 50, 100]
    assert plan["steps"][3]["ends"] == (
        "when slo proven safe, after 10m at least; undecided after 24h: Pause"
    )
    assert {gate["name"]: gate["from"] for gate in plan["gates"]} == {
        "slo": "strategy",
        "errors": "strategy",
        "latency": "strategy",
    }
    assert (plan["guardrailAlpha"], plan["objectiveAlpha"]) == (0.02, 0.01)


def test_gates_of_a_template_in_the_same_file_are_shown_as_such(tmp_path):
    plan = planned(tmp_path, template(ERRORS, SLO), BORROWING)
    assert [(gate["name"], gate["from"]) for gate in plan["gates"]] == [
        ("errors", "template"),
        ("slo", "template"),
    ]
    assert plan["filled"] is False


def test_people_see_when_each_step_ends_and_which_gate_only_watches(tmp_path):
    steps = [
        {"setWeight": 10},
        {"analysis": {"gates": ["errors"], "maxDuration": "2h"}},
        {"pause": {}},
        {"approval": {"timeout": "24h", "onTimeout": "Rollback"}},
    ]
    strategy = {"type": "Canary", "steps": steps}
    written(tmp_path, deployment(strategy=strategy, gates=[ERRORS, SLO]))
    shown = sluice(tmp_path, "rollout", "plan", "-f", "churn.yaml").stdout
    text = " ".join(shown.replace("│", " ").split())
    for words in (
        "the steps are those of the file",
        "when errors proven safe; undecided after 2h: Pause",
        "when somebody resumes",
        "when somebody promotes; after 24h: Rollback",
        "after a bake of 30m",
        "only watches",
    ):
        assert words in text


def test_a_template_is_applied_with_the_deployment_that_names_it(tmp_path):
    written(tmp_path, BORROWING, template(ERRORS))
    done = sluice(tmp_path, "apply", "-f", "churn.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "gatetemplate/house applied",
        "modeldeployment/churn applied",
    ]


def test_a_deployment_whose_template_nobody_knows_is_refused(tmp_path):
    written(tmp_path, BORROWING)
    refused = sluice(tmp_path, "apply", "-f", "churn.yaml")
    assert refused.returncode == 1
    assert "churn: spec.gateTemplates[0]: there is no GateTemplate 'house'" in refused.stderr
    assert not list((tmp_path / ".sluice").glob("deployments/*"))


def test_a_template_may_be_applied_before(tmp_path):
    for document in (template(ERRORS), BORROWING):
        written(tmp_path, document)
        assert sluice(tmp_path, "apply", "-f", "churn.yaml").returncode == 0


def test_an_edit_that_breaks_a_deployment_is_refused_whole(tmp_path):
    written(tmp_path, template(ERRORS), deployment(gates=[SLO], gateTemplates=[{"name": "house"}]))
    assert sluice(tmp_path, "apply", "-f", "churn.yaml").returncode == 0
    written(tmp_path, template(ERRORS | {"alpha": "0.045"}))
    refused = sluice(tmp_path, "apply", "-f", "churn.yaml")
    assert refused.returncode == 1
    assert "churn: with its gateTemplates: spec.gates: the alphas" in refused.stderr
    kept = (tmp_path / ".sluice" / "templates" / "GateTemplate" / "house.yaml").read_text()
    assert "0.045" not in kept


@pytest.mark.parametrize("kind", ["GateTemplate", "ClusterGateTemplate"])
def test_a_file_of_templates_alone_has_no_plan(tmp_path, kind):
    written(tmp_path, template(ERRORS, kind=kind))
    refused = sluice(tmp_path, "rollout", "plan", "-f", "churn.yaml")
    assert refused.returncode == 1
    assert "has no ModelDeployment" in refused.stderr
