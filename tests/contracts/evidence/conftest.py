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
NOT_COUNTED = {("simulated", "SampleRatio")}
"""Metrics that nobody counts in a world."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out questions that have no answer in their world."""
    items[:] = [item for item in items if not NOT_COUNTED & {_question_of(item)}]


def _question_of(item: pytest.Item) -> tuple[object, object]:
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return params.get("world"), params.get("reader")


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
    assert request.param in world.metrics
    reader = Ledgered(world, request.param)
    reader.begin()
    return reader
