"""One control plane for all charts, which knows the kinds of others that our charts write."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from control_plane import ControlPlane
from control_plane_namespace import make
from house import ROOT

FOREIGN_KINDS = (
    ROOT / "tests" / "support" / "crds_of_charts",
    ROOT / "tests" / "support" / "crds" / "servers.mlops.seldon.io.yaml",
)


@pytest.fixture(scope="package")
def control_plane() -> Iterator[ControlPlane]:
    """A real API server, as strict as production with what it is sent."""
    with tempfile.TemporaryDirectory(prefix="sluice-charts-") as folder:
        plane = ControlPlane.start(Path(folder))
        files = [option for place in FOREIGN_KINDS for option in ("-f", str(place))]
        applied = plane.kubectl("apply", "--server-side", *files)
        assert applied.returncode == 0, applied.stderr
        plane.kubectl("wait", "--for=condition=established", "crd", "--all")
        yield plane
        plane.stop()


@pytest.fixture(scope="module")
def namespace(control_plane: ControlPlane) -> str:
    """A namespace for one module."""
    name = f"charts-{uuid4().hex[:8]}"
    with control_plane.client() as client:
        make(client, name)
    return name
