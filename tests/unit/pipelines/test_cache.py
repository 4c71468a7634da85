"""The key of the cache goes by content, and by everything that content depends on."""

import json
import os

from sluice_components.project.model import Project
from sluice_pipelines.cache import content_key, give_metrics_a_file
from training_projects import tumour_project


def test_the_key_changes_with_one_cell_and_not_with_the_time_of_the_file(tmp_path):
    project = tumour_project(tmp_path)
    table = tmp_path / "tumours.csv"
    before = content_key(project, tmp_path)
    os.utime(table, (1, 1))
    assert content_key(project, tmp_path) == before
    table.write_text(table.read_text().replace("left", "right", 1))
    assert content_key(project, tmp_path) != before


def test_a_source_that_is_not_there_has_a_key_too(tmp_path):
    project: Project = tumour_project(tmp_path)
    before = content_key(project, tmp_path)
    (tmp_path / "tumours.csv").unlink()
    assert content_key(project, tmp_path) != before


def test_cached_metrics_get_the_file_that_kubeflow_looks_for(tmp_path):
    cache, outputs = tmp_path / "cache", tmp_path / "outputs"
    cache.mkdir()
    outputs.mkdir()
    artifact = {"schema_title": "system.Metrics", "uri": str(outputs / "metrics")}
    data = {"schema_title": "system.Dataset", "uri": str(outputs / "rows")}
    (cache / "entry.json").write_text(json.dumps({"m": artifact, "d": data, "Output": True}))
    give_metrics_a_file(cache)
    assert [path.name for path in outputs.iterdir()] == ["metrics"]
