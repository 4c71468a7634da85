import re
import subprocess
import sys
import tomllib

import pytest
from house import OWN_LOCKS, ROOT, UNITS, files

MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|root|home)/\w|\bshared/")


def test_no_top_level_folder_is_a_package() -> None:
    assert list(ROOT.glob("*/__init__.py")) == []


def test_the_standard_library_wins_over_our_folders_in_the_root() -> None:
    asked = "import collections, operator; print(operator.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not done.stdout.startswith(str(ROOT))


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_can_be_read_alone(unit: str) -> None:
    described = tomllib.loads((ROOT / unit / "pyproject.toml").read_text())["project"]
    assert described["name"] == f"sluice-{unit}"
    imported = f"sluice_{unit.replace('-', '_')}"
    assert (ROOT / unit / "src" / imported / "__init__.py").exists()
    assert (ROOT / unit / "src" / imported / "py.typed").exists()
    assert (ROOT / unit / "README.md").read_text().count("\n") > 10


def test_every_top_level_folder_is_on_the_map() -> None:
    named = {path.relative_to(ROOT).parts[0] for path in files() if path.parent != ROOT}
    map_ = (ROOT / "README.md").read_text().partition("## The house")[2]
    assert {
        name for name in named if not name.startswith(".") and f"`{name}/`" not in map_
    } == set()


def test_all_units_have_the_version_of_the_house() -> None:
    paths = [ROOT / "pyproject.toml", *(ROOT / unit / "pyproject.toml" for unit in UNITS)]
    versions = {tomllib.loads(path.read_text())["project"]["version"] for path in paths}
    assert len(versions) == 1


def test_every_unit_is_under_the_licence_of_the_house() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    for unit in UNITS:
        described = tomllib.loads((ROOT / unit / "pyproject.toml").read_text())
        assert described["project"]["license"] == "Apache-2.0", unit


def test_every_unit_is_in_the_workspace_or_has_a_lock_of_its_own() -> None:
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    assert sorted([*workspace["members"], *OWN_LOCKS]) == sorted(UNITS)
    assert all((ROOT / unit / "uv.lock").exists() for unit in OWN_LOCKS)


def test_what_builds_the_units_is_pinned_alike_wherever_they_are_installed() -> None:
    pinned, locked = [], []
    for folder in (ROOT, *(ROOT / unit for unit in OWN_LOCKS)):
        settings = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["uv"]
        pinned.append(settings["build-constraint-dependencies"])
        lock = tomllib.loads((folder / "uv.lock").read_text())
        locked.append({one["name"] for one in lock["manifest"]["build-constraints"]})
    assert "hatchling" in locked[0]
    assert all(one == pinned[0] for one in pinned)
    assert all(names == {pin.partition("==")[0] for pin in pinned[0]} for names in locked)


def test_images_build_the_units_with_the_same() -> None:
    text = (ROOT / "tools" / "images" / "backend.txt").read_text()
    in_images = dict(
        line.split("==") for line in re.findall(r"^[\w-]+==[\w.]+", text, re.MULTILINE)
    )
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    pins = dict(pin.split("==") for pin in settings["build-constraint-dependencies"])
    both = pins.keys() & in_images.keys()
    assert "hatchling" in both
    assert {name: pins[name] for name in both} == {name: in_images[name] for name in both}


def test_seldon_core_stays_the_last_release_under_the_apache_licence() -> None:
    locked = tomllib.loads((ROOT / "serving-v1" / "uv.lock").read_text())["package"]
    assert {p["version"] for p in locked if p["name"] == "seldon-core"} == {"1.17.1"}


def test_both_environments_open_the_same_pickles() -> None:
    ours, theirs = (
        {
            package["name"]: package["version"]
            for package in tomllib.loads(path.read_text())["package"]
        }
        for path in (ROOT / "uv.lock", ROOT / "serving" / "uv.lock")
    )
    for name in ("scikit-learn", "pandas", "numpy", "cloudpickle"):
        assert ours[name] == theirs[name], name


def test_no_file_names_a_machine_of_ours() -> None:
    found = []
    for path in files():
        if path.suffix == ".lock" or path.name == "test_layout.py":
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in MACHINE_PATH.findall(text)]
    assert found == []
