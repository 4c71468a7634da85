"""Every example in a page does what the page says, at the lowest level that can show it."""

import ast
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from house import ROOT, Snippet, snippets
from sluice_components.ingest.stage import ingest
from sluice_components.project.load import load_project
from sluice_components.project.model import Project
from sluice_components.project.template import commented_template
from sluice_components.validate.stage import validate
from sluice_operator.api.load import load, parse, parse_template
from sluice_package.schema import Schema

YAML = tuple(snippets("yaml"))
PYTHON = tuple(snippets("python"))
DEPLOYMENTS = tuple(s for s in YAML if "kind: ModelDeployment" in s.text)
TEMPLATES = tuple(s for s in YAML if "GateTemplate\n" in s.text)
GATES = tuple(s for s in YAML if s.text.startswith("gates:"))
PROJECTS = tuple(s for s in YAML if "\nsource:" in f"\n{s.text}")


def test_there_are_examples() -> None:
    assert len(DEPLOYMENTS) >= 3
    assert len(TEMPLATES) >= 1
    assert len(GATES) >= 1
    assert len(PYTHON) >= 10


@pytest.mark.parametrize("snippet", DEPLOYMENTS, ids=str)
def test_a_modeldeployment_in_a_page_is_accepted(snippet: Snippet) -> None:
    parse(yaml.safe_load(snippet.text))


@pytest.mark.parametrize("snippet", TEMPLATES, ids=str)
def test_a_template_in_a_page_is_accepted(snippet: Snippet) -> None:
    parse_template(yaml.safe_load(snippet.text))


@pytest.mark.parametrize("snippet", GATES, ids=str)
def test_gates_in_a_page_are_accepted(snippet: Snippet) -> None:
    head = {"apiVersion": "sluice.dev/v1alpha1", "kind": "GateTemplate", "metadata": {"name": "x"}}
    parse_template(head | {"spec": yaml.safe_load(snippet.text)})


@pytest.mark.parametrize("snippet", PROJECTS, ids=str)
def test_a_project_in_a_page_is_accepted(snippet: Snippet, tmp_path: Path) -> None:
    (tmp_path / "sluice.yaml").write_text(snippet.text)
    load_project(tmp_path / "sluice.yaml")


@pytest.mark.parametrize("snippet", YAML, ids=str)
def test_yaml_in_a_page_is_yaml(snippet: Snippet) -> None:
    yaml.safe_load(snippet.text)


@pytest.mark.parametrize("snippet", PYTHON, ids=str)
def test_python_in_a_page_is_python(snippet: Snippet) -> None:
    ast.parse(snippet.text)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/sluice*.yaml")), ids=str)
def test_a_project_of_an_example_is_accepted(path: Path) -> None:
    load_project(path)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/rollouts/*.yaml")), ids=str)
def test_a_rollout_of_an_example_is_accepted(path: Path) -> None:
    load(path)


def test_the_readme_of_the_operator_plays_a_rollout() -> None:
    code = only("operator/README.md").text
    done = run_code(code, ROOT)
    assert "Adopted" in done.stdout, done.stderr


def test_the_table_of_the_tutorial_fits_the_project_that_init_writes(tmp_path: Path) -> None:
    table = next(s for s in PYTHON if s.page.name == "tutorial.md" and "customers.csv" in s.text)
    run_code(table.text, tmp_path)
    (tmp_path / "sluice.yaml").write_text(commented_template("loyal"))
    project = load_project(tmp_path / "sluice.yaml")
    assert rows_of(project, tmp_path) == (5000, 0)


def test_the_project_of_the_tutorial_is_what_init_writes() -> None:
    (shown,) = (snippet for snippet in PROJECTS if snippet.page.name == "tutorial.md")
    assert yaml.safe_load(shown.text) == yaml.safe_load(commented_template("loyal"))


def only(page: str) -> Snippet:
    (found,) = (snippet for snippet in PYTHON if snippet.page == ROOT / page)
    return found


def run_code(code: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )


def rows_of(project: Project, folder: Path) -> tuple[int, int]:
    """Clean and quarantined rows of a project's data."""
    raw, clean, bad = (folder / f"{name}.parquet" for name in ("raw", "clean", "bad"))
    ingest(project.source, project.joins, project.columns, base=folder, raw=raw)
    validate(raw, Schema(columns=project.columns), clean=clean, quarantine=bad)
    return len(pd.read_parquet(clean)), len(pd.read_parquet(bad))
