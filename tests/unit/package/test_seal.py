import json
from hashlib import sha256

import pytest
from packages import (
    LOAN_COLUMNS,
    LOAN_CONTRACT,
    loan_model,
    loan_package,
    loan_profile,
    loans,
    seal_loans,
    write_model,
)
from sluice_package.error import SealError
from sluice_package.profile import profile_frame
from sluice_package.seal import seal
from sluice_package.verify import verify


def test_the_manifest_names_every_file_with_its_sha256(tmp_path):
    loan_package(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["format"] == 1
    assert set(manifest["files"]) == {
        "MLmodel",
        "model.pkl",
        "sluice/card.md",
        "sluice/lineage.json",
        "sluice/metrics.json",
        "sluice/profile.json",
        "sluice/schema.json",
    }
    for path, digest in manifest["files"].items():
        assert sha256((tmp_path / path).read_bytes()).hexdigest() == digest


def test_the_digest_is_the_sha256_of_the_canonical_json_of_the_files(tmp_path):
    digest = loan_package(tmp_path)
    files = json.loads((tmp_path / "manifest.json").read_text())["files"]
    canonical = json.dumps(files, sort_keys=True, separators=(",", ":")).encode()
    assert digest == "sha256:" + sha256(canonical).hexdigest()


def test_a_package_tells_model_servers_how_to_serve_it_and_no_digest_covers_that(tmp_path):
    digest = loan_package(tmp_path)
    settings = tmp_path / "model-settings.json"
    assert json.loads(settings.read_text()) == {
        "implementation": "sluice_serving.runtime.SluiceModel",
        "parallel_workers": 0,
    }
    settings.unlink()
    manifest = (tmp_path / "manifest.json").read_text()
    assert digest in manifest
    assert "model-settings.json" not in manifest


def test_equal_content_gives_an_equal_digest(tmp_path):
    model = loan_model()
    assert loan_package(tmp_path / "a", model) == loan_package(tmp_path / "b", model)


def test_sealing_again_changes_nothing(tmp_path):
    assert loan_package(tmp_path) == seal_loans(tmp_path)
    assert verify(tmp_path).difference is None


def test_one_changed_metric_changes_the_digest(tmp_path):
    before = loan_package(tmp_path)
    after = seal(
        tmp_path,
        contract=LOAN_CONTRACT,
        profile=loan_profile(),
        lineage={},
        metrics={"roc_auc": 0.81},
        card="",
    )
    assert before != after


def test_a_folder_without_a_model_is_not_sealed(tmp_path):
    with pytest.raises(SealError, match="no MLmodel there"):
        seal_loans(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_profile_without_the_output_is_refused(tmp_path):
    write_model(tmp_path, loan_model())
    inputs_only = profile_frame(loans(), LOAN_COLUMNS)
    with pytest.raises(SealError, match="The profile lacks late"):
        seal(
            tmp_path,
            contract=LOAN_CONTRACT,
            profile=inputs_only,
            lineage={},
            metrics={},
            card="",
        )


def test_a_metric_that_is_not_a_number_is_refused_by_the_name_of_its_file(tmp_path):
    write_model(tmp_path, loan_model())
    with pytest.raises(SealError, match=r"sluice/metrics\.json: .*NaN is none"):
        seal(
            tmp_path,
            contract=LOAN_CONTRACT,
            profile=loan_profile(),
            lineage={},
            metrics={"roc_auc": float("nan")},
            card="",
        )


def test_a_link_among_the_files_is_refused(tmp_path):
    write_model(tmp_path / "package", loan_model())
    (tmp_path / "elsewhere").write_text("x")
    (tmp_path / "package" / "notes.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SealError, match=r"notes\.txt: a link"):
        seal_loans(tmp_path / "package")
