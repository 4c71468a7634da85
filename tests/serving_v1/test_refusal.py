"""What must not be served is not unpickled, and nobody ever listens for it."""

import pytest
from wrapper_process import WORKER_PYTHON, Wrapper, made_by, running

BOMB = """
import json
from pathlib import Path
from bomb import Bomb
from packages import loan_package

folder = Path({folder!r})
print(json.dumps(loan_package(folder / "package", Bomb(folder / "exploded"))))
"""


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    """A folder and a digest: of its `package`, whose unpickling makes a folder `exploded` there."""
    folder = tmp_path_factory.mktemp("bomb")
    return folder, made_by(WORKER_PYTHON, BOMB.format(folder=str(folder)))


def refusal(wrapper):
    """Why the process ended."""
    with running(wrapper) as w:
        assert w.process.wait(240) == 1
        assert w.processes() == []
        assert not w.listens()
        reason = (w.folder / "termination").read_text()
        assert f"Cannot serve {w.package}: {reason}" in w.log
        return reason


def test_a_package_of_another_digest_is_not_unpickled(tmp_path, bomb):
    folder, digest = bomb
    parameters = {"digest": "sha256:" + "0" * 64}
    wrapper = Wrapper(folder=tmp_path, package=folder / "package", parameters=parameters)
    assert f"the package is {digest}, but sha256:0000" in refusal(wrapper)
    assert not (folder / "exploded").exists()


def test_the_bomb_of_these_tests_explodes_where_the_digest_is_right(tmp_path, bomb):
    folder, digest = bomb
    parameters = {"digest": digest}
    wrapper = Wrapper(folder=tmp_path, package=folder / "package", parameters=parameters)
    assert "cannot predict" in refusal(wrapper)
    assert (folder / "exploded").exists()
