import json

import pytest
from packages import LOAN_CONTRACT, loan_model, loan_package, loan_profile
from sluice_package.digest import canonical_json, sha256_of_file
from sluice_package.error import DifferentContentError, NotAPackageError
from sluice_package.manifest import manifest_of, read_manifest
from sluice_package.package import ModelPackage


@pytest.fixture(scope="module")
def model():
    return loan_model()


def test_what_was_sealed_can_be_read_back(tmp_path, model):
    digest = loan_package(tmp_path, model)
    package = ModelPackage.open(tmp_path, expect_digest=digest)
    assert package.digest == digest
    assert package.contract == LOAN_CONTRACT
    assert package.profile == loan_profile()
    assert package.lineage["data"] == "sha256:00"
    assert package.metrics["accepted"] is True
    assert package.card == "# Loans\n"


def test_a_package_of_another_digest_is_refused_with_both_digests(tmp_path, model):
    digest = loan_package(tmp_path, model)
    with pytest.raises(DifferentContentError, match=f"is {digest}, but sha256:11 was asked for"):
        ModelPackage.open(tmp_path, expect_digest="sha256:11")


def test_a_changed_package_is_refused_by_the_name_of_the_file(tmp_path, model):
    loan_package(tmp_path, model)
    (tmp_path / "MLmodel").write_text("changed")
    with pytest.raises(DifferentContentError, match="MLmodel: content differs"):
        ModelPackage.open(tmp_path)


def test_no_package_is_no_package(tmp_path):
    with pytest.raises(NotAPackageError):
        ModelPackage.open(tmp_path)


def test_a_file_that_changes_after_opening_is_not_handed_out(tmp_path, model):
    loan_package(tmp_path, model)
    package = ModelPackage.open(tmp_path)
    (tmp_path / "model.pkl").write_bytes(b"other")
    with pytest.raises(DifferentContentError, match=r"model\.pkl changed while"):
        package.read("model.pkl")


def test_a_file_that_was_not_sealed_is_not_handed_out(tmp_path, model):
    loan_package(tmp_path, model)
    with pytest.raises(DifferentContentError, match=r"no \.\./secret in the package"):
        ModelPackage.open(tmp_path).read("../secret")


def test_a_sealed_document_that_is_not_one_is_refused(tmp_path, model):
    loan_package(tmp_path, model)
    (tmp_path / "sluice" / "schema.json").write_text(json.dumps({"input": 3}))
    files = read_manifest(tmp_path).files
    files["sluice/schema.json"] = sha256_of_file(tmp_path / "sluice" / "schema.json")
    manifest = manifest_of(files).model_dump()
    (tmp_path / "manifest.json").write_bytes(canonical_json(manifest))
    with pytest.raises(DifferentContentError, match=r"sluice/schema\.json was sealed but is no"):
        _ = ModelPackage.open(tmp_path).contract
