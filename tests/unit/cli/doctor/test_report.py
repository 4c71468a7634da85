"""What is printed, and what the exit status is."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from canned_api import site_of
from rich.console import Console
from sluice_cli.doctor.finding import Finding, Group, Speaker, Verdict
from sluice_cli.doctor.report import as_json, failed, show

SLUICE = Path(sys.executable).with_name("sluice")
SAY = Speaker(Group.RELEASE)
STEP = "kubectl describe pod sluice-ledger-7c9f8d6b5-x2x4p --namespace sluice --context production"


def printed(*findings: Finding) -> str:
    text = StringIO()
    show(findings, Console(file=text, width=60))
    return text.getvalue()


def test_a_command_is_never_broken_over_lines():
    assert f"\n  {STEP}\n" in printed(SAY.failure("pod x", "ill", STEP))


def test_a_command_for_several_objects_is_printed_once():
    text = printed(SAY.failure("pod x", "ill", STEP), SAY.warning("pod y", "weak", STEP))
    assert text.count(STEP) == 1
    assert "failure pod x, warning pod y:" in text


def test_words_of_others_are_not_taken_for_markup():
    assert "[bold]" in printed(SAY.failure("pod x", "[bold] is unknown", STEP))


def test_words_over_several_lines_become_one():
    assert SAY.ok("pod x", "one\n  two").said == "one two"


def test_only_a_failure_fails():
    others = [SAY.ok("a", ""), SAY.warning("b", "", STEP), SAY.not_asked("c", "")]
    assert not failed(others)
    assert failed([*others, SAY.failure("d", "", STEP)])


def test_scripts_get_every_finding():
    found = as_json([SAY.ok("a", "well"), SAY.failure("b", "ill", STEP)])
    assert found["counts"] == {"ok": 1, "failure": 1}
    assert [one["next"] for one in found["findings"]] == [None, STEP]


def doctor(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(SLUICE), "doctor", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def kubeconfig(folder: Path, host: str) -> str:
    path = folder / "config"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": host}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize("words", [("--only", "everything"), ("--frob",), ("here",)])
def test_a_wrong_command_line_is_told_from_a_failure(words):
    assert doctor(*words).returncode == 2


def test_a_kubeconfig_that_is_not_there_is_a_failure_with_a_command(tmp_path):
    done = doctor("--kubeconfig", str(tmp_path / "none"), "-o", "json")
    (found,) = json.loads(done.stdout)["findings"]
    assert (done.returncode, found["verdict"]) == (1, "failure")
    assert found["next"].startswith("kubectl config get-contexts")


def test_commands_are_for_the_cluster_that_was_asked(tmp_path):
    with site_of({"/version": {"gitVersion": "v1.20.0"}}) as site:
        config = kubeconfig(tmp_path, site.reader.host)
        options = ("--kubeconfig", config, "--context", "x", "--only", "cluster")
        done = doctor(*options, "-o", "json")
    first = json.loads(done.stdout)["findings"][0]
    assert (done.returncode, first["verdict"]) == (1, str(Verdict.FAILURE))
    assert first["next"] == f"kubectl version --kubeconfig {config} --context x"


def test_without_a_failure_the_exit_status_is_zero(tmp_path):
    with site_of({"/version": {"gitVersion": "v1.34.0"}}) as site:
        config = kubeconfig(tmp_path, site.reader.host)
        done = doctor("--kubeconfig", config, "--only", "versions")
    assert done.returncode == 0, done.stdout
    assert "not installed" in done.stdout
