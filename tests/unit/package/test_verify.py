import json
import os
import pickle

import pytest
from packages import loan_model, loan_package
from sluice_package.digest import digest_of_files
from sluice_package.error import (
    DamagedManifestError,
    NotAPackageError,
    UnsupportedFormatError,
)
from sluice_package.verify import verify


@pytest.fixture(scope="module")
def model():
    return loan_model()


@pytest.fixture
def package(tmp_path, model):
    loan_package(tmp_path / "package", model)
    return tmp_path / "package"


def rewrite(package, **changes):
    """Change fields of the manifest, with a digest that fits its files."""
    path = package / "manifest.json"
    manifest = json.loads(path.read_text()) | changes
    if "files" in changes:
        manifest["digest"] = digest_of_files(changes["files"])
    path.write_text(json.dumps(manifest))


def test_a_package_as_sealed_has_no_difference(tmp_path, model):
    digest = loan_package(tmp_path, model)
    assert verify(tmp_path).difference is None
    assert verify(str(tmp_path)).digest == digest


def test_one_flipped_bit_is_named(package):
    path = package / "model.pkl"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert verify(package).difference.startswith("model.pkl: content differs")


def test_a_missing_file_is_named(package):
    (package / "sluice" / "card.md").unlink()
    assert verify(package).difference == "sluice/card.md: missing"


def test_a_file_too_many_is_named(package):
    (package / "sluice" / "more.txt").write_text("x")
    assert verify(package).difference == "sluice/more.txt: not in the manifest"


def test_what_a_server_writes_into_its_settings_is_no_difference(package):
    (package / "model-settings.json").write_text('{"name": "loans_1"}')
    assert verify(package).difference is None
    (package / "model-settings.json").unlink()
    assert verify(package).difference is None


def test_settings_of_a_server_elsewhere_in_the_package_are_a_file_too_many(package):
    (package / "sluice" / "model-settings.json").write_text("{}")
    assert verify(package).difference == "sluice/model-settings.json: not in the manifest"


def test_a_folder_in_the_place_of_a_file_is_a_missing_file(package):
    (package / "sluice" / "card.md").unlink()
    (package / "sluice" / "card.md").mkdir()
    assert verify(package).difference == "sluice/card.md: missing"


def test_of_many_differences_the_first_by_path_is_named(package):
    (package / "sluice" / "card.md").write_text("changed")
    (package / "model.pkl").unlink()
    (package / "Extra").write_text("too many")
    assert verify(package).difference.startswith("Extra:")


def test_a_link_to_equal_content_is_a_difference(package, tmp_path):
    (package / "model.pkl").rename(tmp_path / "model.pkl")
    (package / "model.pkl").symlink_to(tmp_path / "model.pkl")
    assert verify(package).difference == "model.pkl: a link, where a file was sealed"


def test_a_linked_folder_of_equal_content_is_a_difference(package, tmp_path):
    (package / "sluice").rename(tmp_path / "sluice")
    (package / "sluice").symlink_to(tmp_path / "sluice")
    assert verify(package).difference == "sluice: not in the manifest"


def test_verifying_unpickles_nothing(package, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    (package / "model.pkl").write_bytes(pickle.dumps(Bomb()))
    assert verify(package).difference.startswith("model.pkl: content differs")
    assert not (tmp_path / "exploded").exists()


def test_a_folder_without_a_manifest_is_no_package(tmp_path):
    with pytest.raises(NotAPackageError, match=r"no manifest\.json there"):
        verify(tmp_path)


def test_a_place_that_does_not_exist_is_no_package(tmp_path):
    with pytest.raises(NotAPackageError, match=str(tmp_path / "nowhere")):
        verify(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 1}', b"[" * 100_000],
    ids=["empty", "cut", "a list", "null", "not text", "no files", "deep"],
)
def test_a_damaged_manifest_is_an_error_of_its_own(package, content):
    (package / "manifest.json").write_bytes(content)
    with pytest.raises(DamagedManifestError, match=r"manifest\.json: the manifest is damaged"):
        verify(package)


def test_a_digest_that_does_not_fit_the_files_is_damage(package):
    rewrite(package, digest="sha256:" + "0" * 64)
    with pytest.raises(DamagedManifestError, match="is not the digest of files"):
        verify(package)


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "/etc/passwd",
        "sluice/../../secret",
        "./MLmodel",
        "a//b",
        "manifest.json",
        ".",
        "",
        "a\\..\\b",
        "nul\0byte",
    ],
)
def test_a_manifest_that_names_a_path_outside_of_the_package_is_refused(package, path):
    files = json.loads((package / "manifest.json").read_text())["files"]
    rewrite(package, files=files | {path: "0" * 64})
    with pytest.raises(DamagedManifestError, match="not a plain path inside of the package"):
        verify(package)


def test_a_sha256_that_is_none_is_damage(package):
    files = json.loads((package / "manifest.json").read_text())["files"]
    rewrite(package, files=files | {"MLmodel": "ABC"})
    with pytest.raises(DamagedManifestError, match="not a hexadecimal sha256"):
        verify(package)


def test_another_format_is_refused_with_the_way_out(package):
    rewrite(package, format=2)
    with pytest.raises(UnsupportedFormatError, match=r"has format 2.*package the model again"):
        verify(package)
