"""Commands as a person types them: what is printed, and the exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ledger_rows import answered
from packages import loan_package
from sluice_components.project.load import load_project
from sluice_ledger.records import Prediction
from sluice_ledger.store import SqliteLedger

SLUICE = Path(sys.executable).with_name("sluice")
SHADOW = Path(__file__).parents[3] / "manifests" / "samples" / "shadow.yaml"


def sluice(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SLUICE, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_init_writes_a_project_that_loads_and_a_schema_for_editors(tmp_path):
    assert sluice(tmp_path, "init", "churn").returncode == 0
    assert load_project(tmp_path / "sluice.yaml").name == "churn"
    assert json.loads((tmp_path / "sluice.schema.json").read_text())["type"] == "object"


@pytest.mark.parametrize(
    ("name", "near"), [("My Model", "my-model"), ("churn: 1", "churn-1"), ("Ω", "my-model")]
)
def test_init_refuses_a_name_that_no_project_may_have(tmp_path, name, near):
    refused = sluice(tmp_path, "init", name)
    assert refused.returncode == 1
    assert f"for example '{near}'" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert list(tmp_path.iterdir()) == []
    assert sluice(tmp_path, "init", near).returncode == 0


def test_init_never_overwrites_a_project(tmp_path):
    (tmp_path / "sluice.yaml").write_text("mine")
    again = sluice(tmp_path, "init", "churn")
    assert (again.returncode, (tmp_path / "sluice.yaml").read_text()) == (1, "mine")
    assert "exists; remove it, or give another with --file" in again.stderr


def test_train_tells_each_mistake_of_a_project_with_its_line(tmp_path):
    sluice(tmp_path, "init", "churn")
    text = (tmp_path / "sluice.yaml").read_text().replace("\ntarget:", "\ntagret:")
    (tmp_path / "sluice.yaml").write_text(text)
    failed = sluice(tmp_path, "train")
    assert failed.returncode == 1
    assert "did you mean 'target'" in failed.stderr.replace("\n", " ")
    assert "Traceback" not in failed.stderr


def test_an_intact_package_is_verified(tmp_path):
    digest = loan_package(tmp_path / "package")
    found = sluice(tmp_path, "package", "verify", "package", "-o", "json")
    assert found.returncode == 0
    assert json.loads(found.stdout) == {"digest": digest, "difference": None}


def test_the_first_file_that_differs_is_named(tmp_path):
    loan_package(tmp_path / "package")
    (tmp_path / "package" / "sluice" / "card.md").write_text("better than it is")
    (tmp_path / "package" / "zzz").write_text("stowaway")
    found = sluice(tmp_path, "package", "verify", "package")
    assert found.returncode == 1
    assert "sluice/card.md" in found.stdout
    assert "zzz" not in found.stdout


def test_labels_are_handed_in_once(tmp_path):
    ledger = SqliteLedger(tmp_path / ".sluice" / "ledger.db")
    prediction = Prediction(
        request_id="a",
        row=0,
        deployment="churn",
        revision="churn-1",
        prediction="1",
        confidence=0.9,
        mirrored=False,
        at=1.0,
    )
    ledger.append_predictions([prediction])
    (tmp_path / "labels.csv").write_text("request_id,label\na,1\n")
    assert "1 new labels" in sluice(tmp_path, "ledger", "label", "labels.csv").stdout
    assert "0 new labels" in sluice(tmp_path, "ledger", "label", "labels.csv").stdout
    assert ledger.arm_outcomes("churn", "churn-1", 0).wrong == 0


def test_events_are_handed_in_once(tmp_path):
    ledger = SqliteLedger(tmp_path / ".sluice" / "ledger.db")
    ledger.append_predictions([answered("a", "churn-1")])
    (tmp_path / "events.csv").write_text("event_id,request_id,name,value\ne,a,purchase,2.5\n")
    assert "1 new events" in sluice(tmp_path, "ledger", "event", "events.csv").stdout
    assert "0 new events" in sluice(tmp_path, "ledger", "event", "events.csv").stdout
    assert ledger.kpi_outcomes("churn", "churn-1", "purchase", 0).total == 2.5


def test_an_event_without_a_number_is_refused_and_none_of_its_file_is_kept(tmp_path):
    ledger = SqliteLedger(tmp_path / ".sluice" / "ledger.db")
    (tmp_path / "events.csv").write_text(
        "event_id,request_id,name,value\ne1,a,purchase,1\ne2,a,purchase,much\n"
    )
    refused = sluice(tmp_path, "ledger", "event", "events.csv")
    assert refused.returncode == 1
    assert "value 'much' is no number" in refused.stderr.replace("\n", " ")
    assert ledger.last_arrival() == 0


def test_a_label_file_without_its_columns_is_refused(tmp_path):
    (tmp_path / "labels.csv").write_text("id,truth\na,1\n")
    refused = sluice(tmp_path, "ledger", "label", "labels.csv")
    assert refused.returncode == 1
    assert "no column label, request_id in the first line" in refused.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"request_id,row,label\na,0,1\nb,x,1\n", "labels.csv:3: row is 'x'; write the position"),
        (b"request_id,row,label\na,-1,1\n", "labels.csv:2: row is '-1'; write the position"),
        (b"request_id,label\na,1\nb\n", "labels.csv:3: label is empty; fill it in"),
        (b"request_id,label\n,1\n", "labels.csv:2: request_id is empty; fill it in"),
        (b"request_id,label\na,\xff\xfe\n", "cannot be read"),
    ],
    ids=["no-number", "negative", "short", "no-id", "no-text"],
)
def test_a_wrong_line_of_labels_is_named_and_nothing_is_taken(tmp_path, content, words):
    (tmp_path / "labels.csv").write_bytes(content)
    refused = sluice(tmp_path, "ledger", "label", "labels.csv")
    assert refused.returncode == 1
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
    (tmp_path / "labels.csv").write_text("request_id,row,label\na,0,1\n")
    assert "1 new labels" in sluice(tmp_path, "ledger", "label", "labels.csv").stdout


def test_labels_of_a_spreadsheet_are_taken(tmp_path):
    """It writes a mark before the first column, and its own line ends."""
    (tmp_path / "labels.csv").write_bytes(b"\xef\xbb\xbfrequest_id,row,label\r\na,,1\r\n")
    assert "1 new labels" in sluice(tmp_path, "ledger", "label", "labels.csv").stdout


def test_apply_remembers_what_is_wanted_and_says_that_nothing_is_up(tmp_path):
    applied = sluice(tmp_path, "apply", "-f", str(SHADOW))
    name = yaml.safe_load(SHADOW.read_text())["metadata"]["name"]
    assert applied.returncode == 0
    assert "run `sluice up`" in applied.stdout
    assert (tmp_path / ".sluice" / "deployments" / f"{name}.yaml").exists()


@pytest.mark.parametrize("verb", ["get", "pause", "resume", "promote", "abort", "undo", "replay"])
def test_a_deployment_that_does_not_exist_is_told(tmp_path, verb):
    refused = sluice(tmp_path, "rollout", verb, "nobody")
    assert refused.returncode == 1
    assert "nobody: no such deployment" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_down_without_up_is_harmless(tmp_path):
    assert "nothing is up" in sluice(tmp_path, "down").stdout


TEMPLATES = Path(__file__).parents[3] / "manifests" / "samples" / "templates.yaml"


def test_a_template_is_deleted_once_no_deployment_names_it(tmp_path):
    applied = sluice(tmp_path, "apply", "-f", str(TEMPLATES))
    template, deployment = (line.split()[0] for line in applied.stdout.splitlines()[:2])
    used = sluice(tmp_path, "delete", template)
    assert (used.returncode, used.stdout) == (1, "")
    assert f"still used by {deployment.partition('/')[2]}" in used.stderr
    assert sluice(tmp_path, "delete", deployment).returncode == 0
    gone = sluice(tmp_path, "delete", template)
    assert (gone.returncode, gone.stdout) == (0, f"{template} deleted\n")
    again = sluice(tmp_path, "delete", template)
    assert (again.returncode, "no such GateTemplate; there is none" in again.stderr) == (1, True)


def test_a_kind_that_nobody_knows_is_not_deleted(tmp_path):
    refused = sluice(tmp_path, "delete", "gates/house")
    assert refused.returncode == 1
    assert "the kinds are modeldeployment, gatetemplate, clustergatetemplate" in refused.stderr
