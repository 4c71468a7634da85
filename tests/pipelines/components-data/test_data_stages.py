"""The three data stages as Kubeflow tasks, on a data set that is not the demo's."""

import pandas as pd
import pytest
from kfp import dsl, local
from sklearn.datasets import load_breast_cancer
from sluice_components.dataset import read_frame
from sluice_components.ingest.component import ingest
from sluice_components.project.load import load_project
from sluice_components.project.model import as_parameter
from sluice_components.split.component import split
from sluice_components.validate.component import validate

PROJECT = """\
name: tumours
source: {{path: raw/tumours.csv}}
schema:
{schema}
- {{name: outcome, type: string, categories: [benign, malignant]}}
target: {{column: outcome}}
features: {{numeric: [{features}]}}
split: {{method: stratified, holdout: 0.3}}
estimator: {{class: sklearn.linear_model.LogisticRegression}}
seed: 7
"""


@dsl.pipeline
def data_stages(base: str, source: dict, schema: list, plan: dict):
    read = ingest(base=base, source=source, joins=[], schema=schema)
    checked = validate(raw=read.outputs["raw"], schema=schema)
    split(clean=checked.outputs["clean"], plan=plan)


@pytest.fixture
def project_file(tmp_path):
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.rename(columns=lambda name: name.replace(" ", "_"))
    frame["outcome"] = bunch.target.map({0: "malignant", 1: "benign"})
    frame = frame.astype({"mean_radius": "object"})
    frame.loc[3, "mean_radius"] = "large"
    frame.loc[5, "mean_texture"] = -1.0
    (tmp_path / "raw").mkdir()
    frame.to_csv(tmp_path / "raw" / "tumours.csv", index=False)
    features = [name for name in frame if name != "outcome"]
    schema = "\n".join(f"- {{name: {name}, type: float, minimum: 0}}" for name in features)
    file = tmp_path / "sluice.yaml"
    file.write_text(PROJECT.format(schema=schema, features=", ".join(features)))
    return file


def outputs(root, task):
    return next(root.glob(f"data-stages-*/{task}"))


def test_the_data_stages_run_as_kubeflow_tasks(project_file, tmp_path):
    project = load_project(project_file)
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(tmp_path / "runs"))
    plan = {"split": as_parameter(project.split), "target": as_parameter(project.target)}

    data_stages(
        base=str(project_file.parent),
        source=as_parameter(project.source),
        schema=[as_parameter(column) for column in project.columns],
        plan={**plan, "seed": project.seed},
    )

    parts = outputs(tmp_path / "runs", "split")
    train, holdout = read_frame(parts / "train"), read_frame(parts / "holdout")
    quarantine = read_frame(outputs(tmp_path / "runs", "validate") / "quarantine")
    assert len(train) + len(holdout) + len(quarantine) == 569
    assert sorted(quarantine["reasons"]) == [
        "mean_radius: not of type float ('large')",
        "mean_texture: below 0 (-1.0)",
    ]
    shares = pd.concat([part["outcome"].value_counts(normalize=True) for part in (train, holdout)])
    assert shares["benign"].tolist() == pytest.approx([0.628, 0.628], abs=0.01)


def test_each_component_states_its_work_and_an_image_with_a_tag():
    for component in (ingest, validate, split):
        container = component.component_spec.implementation.container

        assert component.description
        assert container.image.rpartition(":")[2] not in {"", "latest"}
