"""The worlds in which every engine must keep the contract; add a maker to add an engine."""

from collections.abc import Iterator

import pytest
from engine_world import EngineWorld, mlserver_world, standin_world

MAKERS = {"stand-in": standin_world, "mlserver": mlserver_world}


@pytest.fixture(scope="session", params=MAKERS, ids=MAKERS.keys())
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EngineWorld]:
    """One engine for the whole suite: model servers take seconds to start."""
    folder = tmp_path_factory.mktemp(request.param)
    with MAKERS[request.param](folder) as world:
        yield world


@pytest.fixture
def world(running: EngineWorld) -> EngineWorld:
    """Both revisions ready, and all traffic with revision one."""
    running.settle(running.both())
    return running
