"""The steps of the Dockerfiles, each tried on a small environment."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from house import ROOT
from image_step import step


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """An environment with one real library in it, and one made up."""
    folder = tmp_path / "lib" / "python3.11" / "site-packages"
    shutil.copytree(Path(yaml.__file__).parent, folder / "yaml")
    for name in ("stripes/__init__.py", "stripes/tests/test_zebra.py", "stripes/fast.pyx"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("SPEED = 60\n")
    record = folder / "stripes-1.0.dist-info" / "RECORD"
    record.parent.mkdir()
    (record.parent / "LICENSE").write_text("as you like it\n")
    names = ("stripes/__init__.py", "stripes/tests/test_zebra.py", "stripes/fast.pyx")
    rows = [f"{name},sha256=x,11\n" for name in (*names, "stripes-1.0.dist-info/LICENSE")]
    record.write_text("".join(rows))
    return folder


def trimmed(packages: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, ROOT / "tools" / "images" / "trim.py", packages.parents[2]]
    return subprocess.run(command, check=True, capture_output=True, text=True)


def test_trimming_takes_tests_and_sources_and_leaves_licences(packages: Path) -> None:
    trimmed(packages)
    left = sorted(path.name for path in packages.glob("stripes*/**/*") if path.is_file())
    assert left == ["LICENSE", "RECORD", "__init__.py"]
    record = (packages / "stripes-1.0.dist-info" / "RECORD").read_text()
    assert [row.split(",")[0] for row in record.splitlines()] == [
        "stripes/__init__.py",
        "stripes-1.0.dist-info/LICENSE",
    ]


def test_a_binary_without_symbols_is_smaller_and_works(packages: Path) -> None:
    (binary,) = (packages / "yaml").glob("_yaml*.so")
    before = binary.stat().st_size
    trimmed(packages)
    assert binary.stat().st_size < before
    code = "import yaml; print(yaml.load('a: [1]', yaml.CSafeLoader), yaml.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(packages)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"{{'a': [1]}} {packages}/yaml/__init__.py\n"


def test_trimming_twice_changes_nothing_more(packages: Path) -> None:
    trimmed(packages)
    after = {path: path.stat().st_size for path in packages.rglob("*")}
    trimmed(packages)
    assert {path: path.stat().st_size for path in packages.rglob("*")} == after


def test_a_link_is_taken_with_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "libz.so.1.2").write_text("z")
    (tmp_path / "real" / "libz.so.1").symlink_to("libz.so.1.2")
    (tmp_path / "lib").symlink_to("real")
    root = step("system").Root(folder=tmp_path / "root")
    root.take(tmp_path / "lib" / "libz.so.1")
    there = root.inside(tmp_path / "real")
    assert (there / "libz.so.1").readlink() == Path("libz.so.1.2")
    assert (there / "libz.so.1").read_text() == "z"
    assert root.taken == {tmp_path / "real" / "libz.so.1.2"}


def test_a_library_that_no_lock_names_ends_the_build(tmp_path: Path) -> None:
    sbom = step("sbom")
    metadata = tmp_path / "lib" / "python3.11" / "site-packages" / "stray-2.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Name: Stray.Cat\nVersion: 2.0\nLicense: MIT\n")
    lock = tmp_path / "locks" / "sluice.json"
    lock.parent.mkdir()
    lock.write_text('{"metadata": {"component": {"name": "sluice"}}, "components": []}')
    sbom.LOCKS, sbom.INSTALLED, sbom.BILL = lock.parent, (tmp_path,), tmp_path / "bill.json"
    with pytest.raises(SystemExit, match=r"in no lock: stray-cat 2\.0"):
        sbom.make("sluice:0.1.0")


def test_a_bill_tells_licence_and_address(tmp_path: Path) -> None:
    sbom = step("sbom")
    metadata = tmp_path / "site-packages" / "tame-2.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Name: tame\nVersion: 2.0\nLicense-Expression: MIT\n")
    (one,) = sbom.installed(tmp_path)
    assert sbom.key(one) == ("tame", "2.0")
    assert sbom.licences(one) == {"licenses": [{"expression": "MIT"}]}
    bill = sbom.bill("sluice-x:0.1.0", [sbom.interpreter()])
    assert bill["metadata"]["component"]["version"] == "0.1.0"
    assert bill["components"][0]["purl"].startswith("pkg:generic/python@3.")
