"""The clusters that must keep the contract; add a maker to add one."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_fault import FaultPlan, FaultyCluster
from cluster_world import ClusterWorld, memory_world, real_world
from control_plane import ControlPlane


@pytest.fixture(scope="package")
def plane() -> Iterator[ControlPlane]:
    """A real API server for the suite."""
    with tempfile.TemporaryDirectory(prefix="sluice-contract-") as folder:
        plane = ControlPlane.start(Path(folder))
        yield plane
        plane.stop()


@pytest.fixture(params=["memory", "through-no-faults", "real"])
def world(request: pytest.FixtureRequest) -> ClusterWorld:
    """An empty namespace of each cluster in turn."""
    if request.param == "real":
        return real_world(request.getfixturevalue("plane"))
    world = memory_world()
    if request.param == "memory":
        return world
    plan = FaultPlan()
    return replace(
        world,
        cluster=FaultyCluster(world.cluster, plan),
        stranger=FaultyCluster(world.stranger, plan),
    )
