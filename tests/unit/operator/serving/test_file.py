import json
import os
from pathlib import Path

import pytest
from sluice_operator.errors import ServingEngineError
from sluice_operator.serving.file import replace_json


def fill_disk(file: Path) -> None:
    """From now on the kernel says that there is no space for a new version."""
    file.with_name(f".{file.name}.new").symlink_to("/dev/full")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "routes" / "routes.json"
    replace_json(path, {"weight": 100})
    return path


def test_a_file_is_replaced_as_a_whole(file):
    before = os.open(file, os.O_RDONLY)
    replace_json(file, {"weight": 90})
    assert json.loads(file.read_text()) == {"weight": 90}
    assert json.loads(os.read(before, 100)) == {"weight": 100}
    os.close(before)


def test_equal_content_is_written_again_because_a_watcher_may_have_missed_it(file):
    before = os.open(file, os.O_RDONLY)
    replace_json(file, {"weight": 100})
    assert os.fstat(before).st_ino != file.stat().st_ino
    os.close(before)


def test_a_full_disk_does_not_prevent_a_change(file):
    fill_disk(file)
    replace_json(file, {"weight": 0, "long": "x" * 5000})
    assert json.loads(file.read_text()) == {"weight": 0, "long": "x" * 5000}


def test_the_reserve_is_made_again_for_the_next_full_disk(file):
    fill_disk(file)
    for weight in (50, 10, 0):
        replace_json(file, {"weight": weight})
    assert json.loads(file.read_text()) == {"weight": 0}


def test_without_reserve_a_full_disk_is_an_error_and_the_old_file_stands(file):
    fill_disk(file)
    file.with_name(".routes.json.reserve").unlink()
    with pytest.raises(ServingEngineError, match=r"routes\.json: cannot write: No space left"):
        replace_json(file, {"weight": 0})
    assert json.loads(file.read_text()) == {"weight": 100}


def test_a_folder_that_cannot_be_made_is_an_error_that_names_the_file(tmp_path):
    (tmp_path / "routes").write_text("a file where the folder should be")
    with pytest.raises(ServingEngineError, match=r"routes/routes\.json: cannot write"):
        replace_json(tmp_path / "routes" / "routes.json", {})
