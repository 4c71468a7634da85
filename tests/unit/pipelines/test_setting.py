"""`cluster.yaml`: what it may say, and how it is told what is wrong."""

from datetime import timedelta

import pytest
import yaml
from house import ROOT, snippets
from sluice_components.errors import ProjectError
from sluice_pipelines.outfit import addresses_of, secrets_of
from sluice_pipelines.setting import (
    STEPS,
    ClusterSettings,
    Notification,
    StepSettings,
    load_settings,
    read_manifest,
    settings_of,
)


def settings_in(folder, **values):
    path = folder / "cluster.yaml"
    path.write_text(yaml.safe_dump(values))
    return load_settings(path)


def test_an_empty_file_has_every_default(tmp_path) -> None:
    (tmp_path / "cluster.yaml").write_text("")
    assert load_settings(tmp_path / "cluster.yaml") == ClusterSettings()


def test_a_step_keeps_its_defaults_unless_it_is_named(tmp_path) -> None:
    found = settings_in(tmp_path, steps={"train": {"memory_limit": "16Gi", "timeout": "12h"}})
    assert found.step("train").memory_limit == "16Gi"
    assert found.step("train").timeout == timedelta(hours=12)
    assert found.step("register") == STEPS["register"]


def test_every_problem_is_told_with_its_key(tmp_path) -> None:
    with pytest.raises(ProjectError) as wrong:
        settings_in(
            tmp_path,
            image="sluice-components:latest",
            nmespace="ml",
            steps={"train": {"memory": "much"}},
        )
    lines = str(wrong.value).splitlines()
    assert len(lines) == 3
    assert any(line.startswith("cluster.yaml: image: ") for line in lines)
    assert any(line.startswith("cluster.yaml: steps.train.memory: ") for line in lines)
    assert any(line.startswith("cluster.yaml: nmespace: ") for line in lines)


@pytest.mark.parametrize("image", ["sluice", "sluice:latest", "r:5000/sluice", "a b:1", ""])
def test_an_image_that_may_change_is_refused(image) -> None:
    with pytest.raises(ValueError, match="image"):
        ClusterSettings(image=image)


@pytest.mark.parametrize(
    "image", ["sluice:0.1.0", "r:5000/ml/sluice:1", f"r.example/sluice@sha256:{'0' * 64}"]
)
def test_an_image_with_a_tag_or_a_digest_is_taken(image) -> None:
    assert ClusterSettings(image=image).image == image


def test_a_step_that_is_none_is_refused(tmp_path) -> None:
    with pytest.raises(ProjectError, match="'tran' is none of fingerprint, ingest"):
        settings_in(tmp_path, steps={"tran": {}})


def test_a_file_that_is_not_yaml_or_not_there_is_named(tmp_path) -> None:
    (tmp_path / "cluster.yaml").write_text("steps: [")
    with pytest.raises(ProjectError, match=r"cluster\.yaml: not YAML"):
        load_settings(tmp_path / "cluster.yaml")
    with pytest.raises(ProjectError, match="cannot be read"):
        load_settings(tmp_path / "absent.yaml")


def test_the_manifest_of_a_deployment_is_read_from_beside(tmp_path) -> None:
    settings = settings_in(tmp_path, deploy={"manifest": "tumours.yaml", "wait": "1h"})
    body = {"kind": "ModelDeployment", "metadata": {"name": "tumours"}, "spec": {"gates": []}}
    (tmp_path / "tumours.yaml").write_text(yaml.safe_dump({"apiVersion": "x/v1", **body}))
    assert read_manifest(settings, tmp_path) == {
        "metadata": {"name": "tumours"},
        "spec": {"gates": []},
    }


@pytest.mark.parametrize("text", ["kind: Service", "[]", "kind: ModelDeployment\nmetadata: {}"])
def test_a_manifest_of_something_else_is_refused(tmp_path, text) -> None:
    settings = settings_in(tmp_path, deploy={"manifest": "tumours.yaml"})
    (tmp_path / "tumours.yaml").write_text(text)
    with pytest.raises(ProjectError, match="holds no ModelDeployment with a name"):
        read_manifest(settings, tmp_path)


def test_steps_that_compute_are_shown_no_secret_and_no_address() -> None:
    for step in ("validate", "split", "train", "package", "deploy"):
        assert secrets_of(step) == ()
        assert addresses_of(step) == ()


def test_the_page_knows_every_key_and_its_example_is_accepted() -> None:
    page = ROOT / "docs" / "pipelines.md"
    (example,) = (one for one in snippets("yaml") if one.page == page)
    assert settings_of(yaml.safe_load(example.text), "example").step("train").memory == "4Gi"
    text = page.read_text()
    for model in (ClusterSettings, StepSettings, Notification):
        for name in model.model_fields:
            assert f"`{name}`" in text, name
