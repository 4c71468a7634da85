"""Registration: what gets in, what does not, and what is written down about it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from package_making import trip_package, trip_project
from sluice_components.errors import AcceptanceError, RegistrationError
from sluice_components.register.stage import Shelf, champion_source, register, register_plain
from sluice_components.registry import connect, folder_of, set_champion, version_by_alias
from sluice_package.digest import content_paths, sha256_of_file
from sluice_package.manifest import manifest_of
from sluice_package.verify import verify


@pytest.fixture(scope="module")
def trips(tmp_path_factory) -> Path:
    """A folder with a sealed package; tests copy what they change."""
    folder = tmp_path_factory.mktemp("trips")
    trip_package(folder)
    return folder / "package"


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A new registry, made once: its tables take seconds."""
    folder = tmp_path_factory.mktemp("store")
    connect(f"sqlite:///{folder / 'mlflow.db'}")
    return folder


@pytest.fixture
def shelf(store, request) -> Shelf:
    """A place of its own for each test."""
    return Shelf(
        tracking_uri=f"sqlite:///{store / 'mlflow.db'}",
        name=request.node.name.replace("_", "-")[:60],
        alias="challenger",
        artifacts=str(store / "artifacts" / request.node.name),
    )


def resealed(folder: Path) -> Path:
    """A folder whose manifest says that it is as it should be."""
    paths = {path: sha256_of_file(folder / path) for path in content_paths(folder)}
    (folder / "manifest.json").write_text(json.dumps(manifest_of(paths).model_dump()))
    return folder


def without(trips: Path, place: Path, path: str) -> Path:
    """A copy of the package that never had the file."""
    shutil.copytree(trips, place)
    (place / path).unlink()
    return resealed(place)


def run_of(shelf: Shelf, run: str):
    """The MLflow run that was recorded."""
    return connect(shelf.tracking_uri).get_run(run)


def test_a_package_that_has_earned_it_is_registered_under_its_alias(trips, shelf):
    made = register(trips, shelf)
    found = version_by_alias(connect(shelf.tracking_uri), shelf.name, "challenger")
    assert found == made
    assert (found.version, found.digest) == ("1", verify(trips).digest)


def test_the_registered_package_is_what_was_sealed(trips, shelf):
    folder = folder_of(register(trips, shelf))
    assert folder != trips
    assert verify(folder).difference is None
    assert verify(folder).digest == verify(trips).digest


def test_registering_again_gives_the_same_version_and_no_new_run(trips, shelf):
    assert register(trips, shelf) == register(trips, shelf)
    client = connect(shelf.tracking_uri)
    experiment = client.get_experiment_by_name(shelf.name).experiment_id
    assert len(client.search_runs([experiment])) == 1


def test_another_package_is_the_next_version_and_takes_the_alias(trips, shelf, tmp_path):
    register(trips, shelf)
    trip_package(tmp_path, trip_project(seed=8))
    assert register(tmp_path / "package", shelf).version == "2"
    assert version_by_alias(connect(shelf.tracking_uri), shelf.name, "challenger").version == "2"


def test_the_run_records_code_data_parameters_and_metrics(trips, shelf):
    run = run_of(shelf, register(trips, shelf).run)
    assert run.info.status == "FINISHED"
    assert run.data.tags["sluice.code"].startswith("sha256:")
    assert run.data.tags["mlflow.source.git.commit"] == "c0ffee"
    assert {one.dataset.name for one in run.inputs.dataset_inputs} == {"training", "holdout"}
    assert run.data.params["estimator.class"] == "sklearn.linear_model.LogisticRegression"
    assert run.data.params["features.numeric"] == "distance, hour"
    assert run.data.params["acceptance.0.minimum"] == "0.6"
    assert run.data.metrics["roc_auc"] > 0.6
    assert all(run.data.params.values())
    assert all(run.data.tags.values())


def test_the_version_carries_the_digests_of_its_lineage(trips, shelf):
    version = register(trips, shelf).version
    tags = connect(shelf.tracking_uri).get_model_version(shelf.name, version).tags
    lineage = json.loads((trips / "sluice" / "lineage.json").read_text())
    assert tags["sluice.digest"] == verify(trips).digest
    assert tags["sluice.data.training"] == lineage["data"]["training"]
    assert tags["sluice.environment"] == lineage["environment"]["digest"]


def test_the_report_lies_with_the_run(trips, shelf, tmp_path):
    (tmp_path / "report").write_text("<p>very good</p>")
    plain = {
        "tracking_uri": shelf.tracking_uri,
        "name": shelf.name,
        "alias": shelf.alias,
        "artifacts": shelf.artifacts,
    }
    made = register_plain(str(trips), plain, str(tmp_path / "report"))
    files = connect(shelf.tracking_uri).list_artifacts(made["run"])
    assert {file.path for file in files} == {"evaluation.html", "package"}


def test_a_package_below_a_folder_with_odd_characters_is_found_again(trips, shelf, tmp_path):
    odd = replace(shelf, artifacts=str(tmp_path / "50% of #1 ü"))
    assert verify(folder_of(register(trips, odd))).difference is None


def test_without_a_signature_it_is_refused(trips, shelf, tmp_path):
    shutil.copytree(trips, tmp_path / "package")
    described = yaml.safe_load((trips / "MLmodel").read_text())
    del described["signature"]
    (tmp_path / "package" / "MLmodel").write_text(yaml.safe_dump(described))
    with pytest.raises(RegistrationError, match="MLmodel has no signature"):
        register(resealed(tmp_path / "package"), shelf)


def test_without_a_profile_it_is_refused(trips, shelf, tmp_path):
    bare = without(trips, tmp_path / "package", "sluice/profile.json")
    with pytest.raises(RegistrationError, match=r"sluice/profile\.json is missing"):
        register(bare, shelf)


def test_without_a_card_it_is_refused(trips, shelf, tmp_path):
    bare = without(trips, tmp_path / "package", "sluice/card.md")
    with pytest.raises(RegistrationError, match=r"sluice/card\.md is missing"):
        register(bare, shelf)


def test_without_findings_it_is_refused(trips, shelf, tmp_path):
    bare = without(trips, tmp_path / "package", "sluice/metrics.json")
    with pytest.raises(RegistrationError, match=r"sluice/metrics\.json is missing"):
        register(bare, shelf)


def test_a_failed_rule_is_refused_by_name_and_leaves_a_run_that_says_so(shelf, tmp_path):
    strict = trip_project(acceptance=[{"metric": "brier", "maximum": 0.01}])
    trip_package(tmp_path, strict)
    with pytest.raises(AcceptanceError, match=r"brier <= 0\.01: 0\.\d+ is above 0\.01"):
        register(tmp_path / "package", shelf)
    client = connect(shelf.tracking_uri)
    experiment = client.get_experiment_by_name(shelf.name).experiment_id
    (run,) = client.search_runs([experiment])
    assert (run.info.status, run.data.tags["sluice.accepted"]) == ("FAILED", "false")
    assert client.search_model_versions(f"name='{shelf.name}'") == []


def test_a_changed_package_is_refused_with_the_file(trips, shelf, tmp_path):
    shutil.copytree(trips, tmp_path / "package")
    with (tmp_path / "package" / "model.pkl").open("ab") as file:
        file.write(b"!")
    with pytest.raises(RegistrationError, match=r"model\.pkl: content differs"):
        register(tmp_path / "package", shelf)


def test_a_folder_that_is_no_package_is_refused(shelf, tmp_path):
    with pytest.raises(RegistrationError, match="not registered"):
        register(tmp_path, shelf)


def test_nobody_is_champion_before_somebody_was_crowned(trips, shelf):
    assert champion_source(shelf.tracking_uri, "never-heard-of") == ""
    register(trips, shelf)
    assert champion_source(shelf.tracking_uri, shelf.name) == ""


def test_the_crowned_version_is_the_champion(trips, shelf):
    made = register(trips, shelf)
    set_champion(shelf.tracking_uri, shelf.name, made.version)
    assert champion_source(shelf.tracking_uri, shelf.name) == made.source


def test_a_file_that_is_no_registry_is_told_at_once(tmp_path):
    (tmp_path / "mlflow.db").write_text("my notes, and more of them than a header is long")
    with pytest.raises(RegistrationError, match=r"mlflow\.db: .*file is not a database"):
        connect(f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_a_place_where_no_registry_can_be_made_is_told_at_once(tmp_path):
    (tmp_path / "occupied").write_text("a file, not a folder")
    with pytest.raises(RegistrationError, match="give another place"):
        connect(f"sqlite:///{tmp_path / 'occupied' / 'mlflow.db'}")


def test_a_new_registry_leaves_no_half_made_file_beside_it(store):
    assert [path.name for path in store.glob("*.db*")] == ["mlflow.db"]
    assert not list(store.glob(".making-*"))
