"""One control plane for the whole test run, and a fresh namespace for each test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from control_plane import ControlPlane
from control_plane_namespace import empty, make


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """A real etcd and API server; etcd's files are too large for pytest to keep."""
    with tempfile.TemporaryDirectory(prefix="sluice-control-plane-") as folder:
        plane = ControlPlane.start(Path(folder))
        yield plane
        plane.stop()


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """The name of an empty namespace; custom objects left in it are gone after the test."""
    name = f"test-{uuid4().hex[:8]}"
    with control_plane.client() as client:
        make(client, name)
        yield name
        empty(client, name)
