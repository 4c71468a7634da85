"""A package that is not what was asked for is never unpickled, and never answers."""

import pickle
import shutil

import httpx
import pytest
from loan_requests import one_loan


class Bomb:
    """Unpickling it makes a folder: whoever finds the folder knows that it was unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return __import__("os").mkdir, (self.place,)


@pytest.fixture
def copy_of(tmp_path, package):
    """A copy of the shared package, to be changed."""
    folder, digest = package
    shutil.copytree(folder, tmp_path / "package")
    return tmp_path / "package", digest


def refused(server):
    """Why the server refuses; it is alive, answers health checks, and never becomes ready."""
    reason = server.start().wait_refused()
    assert server.status("/v2/health/live") == httpx.codes.OK
    assert server.status("/v2/health/ready") == httpx.codes.BAD_REQUEST
    assert server.status("/v2/models/loans/ready") == httpx.codes.BAD_REQUEST
    assert server.infer(one_loan()).status_code == httpx.codes.BAD_REQUEST
    assert reason in server.log
    return reason


def test_a_changed_pickle_is_refused_before_it_is_unpickled(tmp_path, copy_of, server_of):
    (copy_of[0] / "model.pkl").write_bytes(pickle.dumps(Bomb(str(tmp_path / "exploded"))))
    assert "model.pkl: content differs from the manifest" in refused(server_of(copy_of))
    assert not (tmp_path / "exploded").exists()


def test_worker_processes_are_refused(package, server_of):
    server = server_of(package, settings={"parallel_workers": 1})
    assert "parallel_workers is not 0" in server.start().wait_refused_by_log()
