"""`make kind-up`: every version is said once, or the same wherever it is said; the script in order.

Neither Docker nor kind is here, so small programs of their names write down what they are asked.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from control_plane import kubernetes_version
from helm_charts import CHARTS, pods, profile, rendered
from house import ROOT

SCRIPT = CHARTS / "kind" / "up.sh"
OFFICIAL = CHARTS / "seldon" / "official"
PROGRAMS = ("docker", "kind", "kubectl", "helm")
OF_THE_SYSTEM = ("sh", "basename", "dirname", "grep", "head", "sed")
RECORDER = """\
#!/bin/sh
echo "$(basename "$0") $*" >>"$RECORD"
case "$(basename "$0") $*" in
{answers}
esac
"""


def said(name: str) -> str:
    """What the script takes for a version, or a list."""
    found = re.search(rf'^{name}="?([^"\n]*)"?$', SCRIPT.read_text(), re.MULTILINE)
    assert found is not None, name
    return found[1]


def house_version() -> str:
    found = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def test_seldon_has_one_version_wherever_it_is_told() -> None:
    seldon = said("seldon")
    values = yaml.safe_load((CHARTS / "seldon" / "values.yaml").read_text())["serverConfig"]
    assert {values[name]["tag"] for name in ("agentImage", "rcloneImage")} == {seldon}
    assert f"seldon-core-v2-setup {seldon}:" in (OFFICIAL / "setup.values.yaml").read_text()
    remarks = (CHARTS / "seldon" / "remarks.md").read_text()
    assert (
        re.findall(r"^\| `seldon-core-v2-\w+` \| (\S+) \|", remarks, re.MULTILINE) == [seldon] * 2
    )
    page = (ROOT / "docs" / "install.md").read_text()
    assert set(re.findall(r"--version (\S+)", page)) == {seldon}
    assert set(re.findall(r"Seldon Core (2\.\d+\.\d+)", page)) == {seldon}
    assert set(re.findall(r"`seldonio/[\w-]+:([^`]+)`", page)) == {seldon}


def test_programs_have_the_versions_that_tests_are_run_with() -> None:
    assert f"v{said('kubectl')}" == kubernetes_version()
    module = (ROOT / "tools" / "node" / "modules" / "helm" / "go.mod").read_text()
    assert f"require helm.sh/helm/v3 v{said('helm')}\n" in module
    page = (ROOT / "docs" / "install.md").read_text()
    assert (
        f"[kind](https://kind.sigs.k8s.io) {said('kind')}, kubectl {said('kubectl')} "
        f"and helm {said('helm')} " in page
    )


def test_the_node_of_kind_is_one_image_for_ever() -> None:
    text = (CHARTS / "kind" / "cluster.yaml").read_text()
    assert f"what kind {said('kind')} brings" in text
    (node,) = yaml.safe_load(text)["nodes"]
    found = re.fullmatch(r"kindest/node:v(\d+\.\d+)\.\d+@sha256:[0-9a-f]{64}", node["image"])
    assert found is not None
    assert kubernetes_version().startswith(f"v{found[1]}.")


def test_every_image_of_ours_is_loaded_into_it() -> None:
    version = house_version()
    wanted = {
        container["image"]
        for _, pod in pods(rendered(profile("kind")))
        for container in [*pod.get("initContainers", ()), *pod["containers"]]
        if container["image"].startswith("sluice-")
    }
    server = yaml.safe_load((OFFICIAL / "setup.values.yaml").read_text())["serverConfig"][
        "mlserver"
    ]
    image = server["image"]
    # as the kubelet calls what `kind load` brought
    assert image["registry"] == "docker.io/library"
    wanted |= {f"{image['repository']}:{image['tag']}", f"sluice-components:{version}"}
    assert {f"{name}:{version}" for name in said("images").split()} == wanted


def test_a_registry_of_ones_own_is_put_before_every_image_that_seldon_runs_for_us() -> None:
    values = yaml.safe_load((OFFICIAL / "registry.values.yaml").read_text())
    parts = {name: part for name, part in values.items() if name != "serverConfig"}
    parts |= values["serverConfig"]
    assert {str(part) for part in parts.values()} == {
        "{'image': {'registry': 'registry.example.com/mirror'}}"
    }
    told = re.findall(r"`seldonio/seldon(?:v2)?-([\w-]+):", (ROOT / "docs/install.md").read_text())
    assert set(parts) == {*told, "mlserver"}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Programs that know their version, have all images and no cluster."""
    versions = {name: said(name) for name in PROGRAMS[1:]}
    answers = (
        f"'kind version') echo 'kind v{versions['kind']} go1.24.6 linux/amd64' ;;",
        f"'kubectl version --client') echo 'Client Version: v{versions['kubectl']}' ;;",
        f"'helm version --short') echo 'v{versions['helm']}+g1234567' ;;",
    )
    for name in PROGRAMS:
        write(tmp_path / name, "\n".join(answers))
    for name in OF_THE_SYSTEM:
        program = shutil.which(name)
        assert program is not None
        (tmp_path / name).symlink_to(program)
    return tmp_path


def write(path: Path, answers: str) -> None:
    path.write_text(RECORDER.format(answers=answers))
    path.chmod(0o755)


def brought_up(shelf: Path) -> tuple["subprocess.CompletedProcess[str]", list[str]]:
    """How the script ended, and what it asked of whom."""
    record = shelf / "record"
    done = subprocess.run(
        [shelf / "sh", str(SCRIPT)],
        env=os.environ | {"PATH": str(shelf), "RECORD": str(record)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done, record.read_text().splitlines() if record.exists() else []


def test_seldon_comes_before_what_needs_it_and_the_cluster_before_both(shelf: Path) -> None:
    done, asked = brought_up(shelf)
    assert (done.returncode, done.stderr) == (0, "")
    acts = [one for one in asked if " version" not in one and not one.startswith("docker")]
    assert acts[0] == "kind get clusters"
    assert acts[1] == "kind create cluster --config helm/kind/cluster.yaml"
    releases = [one.split()[3] for one in acts if one.startswith("helm upgrade --install ")]
    assert releases == ["seldon-core-v2-crds", "seldon-core-v2-setup", "sluice"]
    loaded = [one.split()[-1].partition(":")[0] for one in acts if one.startswith("kind load")]
    assert loaded == said("images").split()
    files = re.findall(r"--(?:values|config) (\S+)", "\n".join(acts))
    assert files
    assert [one for one in files if not (ROOT / one).is_file()] == []


def test_another_version_is_told_of_and_tried(shelf: Path) -> None:
    write(shelf / "kind", "'kind version') echo 'kind v0.29.0 go1.24.6 linux/amd64' ;;")
    done, asked = brought_up(shelf)
    assert done.stderr == (f"helm/kind/up.sh: kind is 0.29.0; this is written for {said('kind')}\n")
    assert done.returncode == 0
    assert asked[-1].startswith("helm upgrade --install sluice ")


def test_an_image_that_was_not_built_is_named_before_anything_is_made(shelf: Path) -> None:
    (shelf / "docker").write_text('#!/bin/sh\ncase "$*" in *mlflow*) exit 1 ;; esac\n')
    done, asked = brought_up(shelf)
    assert done.returncode == 1
    assert (
        f"the image sluice-mlflow:{house_version()} is not there; run: make images" in done.stderr
    )
    assert [one for one in asked if "create" in one or "upgrade" in one] == []


def test_a_program_that_is_missing_is_named(shelf: Path) -> None:
    (shelf / "kind").unlink()
    done, asked = brought_up(shelf)
    assert "kind is missing; install it and put it on PATH" in done.stderr
    assert (done.returncode, asked) == (1, [])
