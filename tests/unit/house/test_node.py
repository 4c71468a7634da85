"""The node's scripts, as far as they need no root: what they say, find, build and refuse."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from control_plane import KUBERNETES_MODULE, kubernetes_version
from house import ROOT, commands

NODE = ROOT / "tools" / "node"
SCRIPTS = (NODE / "node", *sorted((NODE / "parts").glob("*.sh")))
FUNCTION = re.compile(r"^(\w+)\(\) \{.*?^\}$", re.MULTILINE | re.DOTALL)
COMMANDS = frozenset({"up", "down", "status", "image", "base", "load", "build", "kubectl"})


def node(*arguments: str, home: Path, source: Path = NODE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(source / "node"), *arguments],
        env=os.environ | {"SLUICE_NODE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def shell(script: str, home: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    """A script that has sourced parts of the node, with all of its state below a folder."""
    lines = [f"NODE_SOURCE={NODE}", *(f". {NODE}/parts/{part}.sh" for part in parts), script]
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        env=os.environ | {"SLUICE_NODE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_keeps_the_budgets_of_the_house(script):
    text = script.read_text()
    assert text.count("\n") <= 400
    for found in FUNCTION.finditer(text):
        assert found[0].count("\n") < 40, found[1]


def test_every_part_is_read_by_the_node():
    read = re.findall(r'^\. "\$NODE_SOURCE/parts/(\w+)\.sh"$', SCRIPTS[0].read_text(), re.MULTILINE)
    assert sorted(read) == [path.stem for path in SCRIPTS[1:]]


def test_without_a_command_it_lists_all_of_them(tmp_path):
    said = node(home=tmp_path)
    assert said.returncode == 2
    assert set(re.findall(r"^node (\w+)", said.stderr, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("arguments", [["fly"], ["build"], ["image", "folder"], ["load"]])
def test_a_command_that_is_unknown_or_incomplete_changes_nothing(tmp_path, arguments):
    assert node(*arguments, home=tmp_path).returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("page", "line"), sorted(set(commands("tools/node/node"))))
def test_a_command_that_a_page_names_exists(page, line):
    assert line.split()[1] in COMMANDS, page


def test_status_of_a_node_that_is_down_says_so_and_fails(tmp_path):
    said = node("status", home=tmp_path)
    assert said.returncode == 1
    assert "kubelet does not run\n" in said.stdout


def test_status_names_the_log_of_a_process_that_died(tmp_path):
    (tmp_path / "state" / "run").mkdir(parents=True)
    (tmp_path / "state" / "run" / "etcd.pid").write_text("1 99999999999999\n")
    said = node("status", home=tmp_path)
    assert (
        f"etcd does not run, though it was started: see {tmp_path}/state/log/etcd.log"
        in said.stdout
    )


def test_it_says_that_it_needs_root(tmp_path):
    said = shell("id() { echo 1000; }; need_root", tmp_path, "message")
    assert said.returncode == 1
    assert "run it as root" in said.stderr


def test_a_home_too_deep_for_sockets_is_refused(tmp_path):
    said = shell("up", tmp_path / ("deep" * 25), "settings", "message", "life")
    assert said.returncode == 1
    assert "set SLUICE_NODE_HOME to a shorter folder" in said.stderr


def test_a_process_is_known_by_when_it_began_not_by_its_number_alone(tmp_path):
    said = shell(
        """
        mkdir -p "$RUN"
        sleep 60 & ours=$!
        echo "$ours $(began $ours)" >"$RUN/ours.pid"
        echo "$ours 1" >"$RUN/reused.pid"
        echo "99999999 " >"$RUN/stillborn.pid"
        runs ours && echo ours runs
        runs reused || echo reused does not run
        runs stillborn || echo stillborn does not run
        runs unknown || echo unknown does not run
        stop ours
        runs ours || echo ours does not run
        [ ! -e "$RUN/ours.pid" ] && ! kill -0 $ours 2>/dev/null && echo nothing is left
        stop ours && echo a second stop is harmless
        """,
        tmp_path,
        *("settings", "message", "process"),
    )
    assert said.stdout.splitlines() == [
        "ours runs",
        "reused does not run",
        "stillborn does not run",
        "unknown does not run",
        "ours does not run",
        "nothing is left",
        "a second stop is harmless",
    ], said.stderr


def test_waiting_for_a_process_that_has_ended_shows_the_end_of_its_log(tmp_path):
    said = shell(
        'mkdir -p "$RUN" "$LOG"; echo out of order >"$LOG/etcd.log"; wait_for etcd 60 false',
        tmp_path,
        *("settings", "message", "process"),
    )
    assert said.returncode == 1
    assert "etcd ended" in said.stderr
    assert "out of order" in said.stderr


def test_only_state_that_the_node_made_is_wiped(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "thesis.txt").touch()
    said = shell("wipe", tmp_path, "settings", "message", "life")
    assert said.returncode == 1
    assert (tmp_path / "state" / "thesis.txt").exists()


def test_manifests_are_filled_in_with_images_that_the_node_makes(tmp_path):
    script = 'for m in "$NODE_SOURCE"/manifests/*; do filled_in "$m"; echo ---; done'
    said = shell(script, tmp_path, "settings", "worker")
    objects = [one for one in yaml.safe_load_all(said.stdout) if one]
    assert {one["kind"] for one in objects} >= {"Deployment", "Service", "StorageClass"}
    assert re.findall(r"@\w+@", said.stdout) == []
    made = re.findall(
        r"^\w+_IMAGE=(\S+)", (NODE / "parts" / "settings.sh").read_text(), re.MULTILINE
    )
    named = set(re.findall(r"image: \"?([^\s\",]+)", said.stdout))
    assert named <= set(made)


def test_all_of_kubernetes_has_one_version(tmp_path):
    said = shell("echo $KUBERNETES_VERSION", tmp_path, "settings")
    version = said.stdout.strip()
    assert version == kubernetes_version()
    staged = re.findall(r"=> k8s\.io/\S+ (v\S+)", KUBERNETES_MODULE.read_text())
    assert set(staged) == {version.replace("v1.", "v0.", 1)}


@pytest.fixture
def copy(tmp_path):
    """A copy of the scripts that a test may break."""
    return Path(shutil.copytree(NODE, tmp_path / "node"))


def test_a_program_is_built_anew_only_when_its_source_changes(tmp_path, copy):
    home = tmp_path / "home"
    assert "building pause" in node("build", "pause", home=home, source=copy).stderr
    assert node("build", "pause", home=home, source=copy).stderr == ""
    with (copy / "modules" / "pause" / "main.go").open("a") as source:
        source.write("\n// changed\n")
    assert "building pause" in node("build", "pause", home=home, source=copy).stderr


def test_a_build_that_fails_leaves_the_program_that_was_there(tmp_path, copy):
    home = tmp_path / "home"
    node("build", "pause", home=home, source=copy)
    (program,) = home.glob("*/bin/pause")
    built = program.stat()
    (copy / "modules" / "pause" / "main.go").write_text("package main\n\nfunc main() {")
    said = node("build", "pause", home=home, source=copy)
    assert said.returncode == 1
    assert "pause could not be built" in said.stderr
    assert program.stat() == built


def test_a_program_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    said = node("build", "kubectll", home=tmp_path)
    assert said.returncode == 1
    assert "there is no program 'kubectll'" in said.stderr
    assert "kubectl " in said.stderr


def test_without_go_it_says_which_to_install(tmp_path):
    script = "command() { return 1; }; GO_FOLDER=/nowhere; find_go"
    said = shell(script, tmp_path, "settings", "message", "build")
    assert said.returncode == 1
    assert re.search(r"install Go 1\.\d+(\.\d+)? or later", said.stderr)
