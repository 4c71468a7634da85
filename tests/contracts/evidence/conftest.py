"""The sources that must keep the contract; add a maker to add a source."""

from collections.abc import Iterator

import pytest
from evidence_world import (
    EvidenceWorld,
    Ledgered,
    envoy_world,
    prometheus_world,
    simulated_world,
)

MAKERS = {"envoy": envoy_world, "prometheus": prometheus_world, "simulated": simulated_world}


@pytest.fixture(scope="session", params=MAKERS, ids=MAKERS.keys())
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EvidenceWorld]:
    """One for the whole suite: Envoy and Prometheus take seconds to start."""
    with MAKERS[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture(params=["ErrorRate", "LatencyExceedance", "SampleRatio"])
def reader(world: EvidenceWorld, request: pytest.FixtureRequest) -> Ledgered:
    """A gate that has begun to count."""
    if request.param not in world.metrics:
        pytest.skip(f"nobody counts {request.param} in this world")
    reader = Ledgered(world, request.param)
    reader.begin()
    return reader
